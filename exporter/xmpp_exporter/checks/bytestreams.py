"""The proxy for direct transfers between two clients (XEP-0065)."""

import ipaddress
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from xmpp_exporter.checks.combine import all_supported, each
from xmpp_exporter.checks.numbers import port
from xmpp_exporter.checks.registry import check
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.services import Role, judge_each, services
from xmpp_exporter.checks.shared import asked
from xmpp_exporter.checks.verdicts import broken, of_endpoint_error, supported, unsupported, without_place
from xmpp_exporter.model import Outcome, Reason
from xmpp_exporter.wire.disco import Info
from xmpp_exporter.wire.errors import WireError
from xmpp_exporter.wire.guard import is_public
from xmpp_exporter.wire.network import Target
from xmpp_exporter.wire.socks5 import greet

BYTESTREAMS = "http://jabber.org/protocol/bytestreams"

_NO_PROXY = unsupported("no item of the domain is a SOCKS5 bytestreams proxy")


@dataclass(frozen=True, slots=True)
class StreamHost:
    """Where a proxy says that it listens, and the addresses of that host."""

    host: str
    port: int
    addresses: tuple[str, ...]


@check("xep0065")
async def bytestreams_proxy(server: Server) -> Outcome:
    """XEP-0065 §4: the proxy says where it listens, and its name has an address that clients can get to."""

    async def judge(found: StreamHost) -> Outcome:
        if not server.config.allow_private_addresses and not any(is_public(address) for address in found.addresses):
            return broken(Reason.UNREACHABLE, f"the proxy's host {found.host} has no public address")
        return supported(f"a proxy at {found.host} port {found.port}")

    return await _judge_hosts(server, judge)


@check("xep0065_connect")
async def proxy_answers(server: Server) -> Outcome:
    """XEP-0065 §5: who connects there, at any of its addresses, is greeted in SOCKS5."""

    async def judge(found: StreamHost) -> Outcome:
        targets = [
            Target(server.domain, found.host, address, found.port, False, server.config.allow_private_addresses)
            for address in found.addresses
        ]
        outcomes = await each({str(target): _greeted(server, target) for target in targets})
        return all_supported({name: without_place(outcome, name) for name, outcome in outcomes.items()})

    return await _judge_hosts(server, judge)


async def _greeted(server: Server, target: Target) -> Outcome:
    try:
        await greet(server.network, target, server.timeouts)
    except WireError as error:
        return of_endpoint_error(error)
    return supported("speaks SOCKS5, and lets clients in")


async def _judge_hosts(server: Server, judge: Callable[[StreamHost], Awaitable[Outcome]]) -> Outcome:
    async def judge_proxy(jid: str, info: Info) -> Outcome:
        found = await server.share(f"streamhost {jid}", lambda: _ask(server, jid))
        return found if isinstance(found, Outcome) else await judge(found)

    role = Role("proxy", lambda info: info.has_identity("proxy", "bytestreams") and BYTESTREAMS in info.features)
    return await judge_each(await services(server, role), judge_proxy, _NO_PROXY, "proxy")


async def _ask(server: Server, jid: str) -> StreamHost | Outcome:
    """Where the proxy listens, or what is wrong with its answer. Raises WireError for an error reply."""
    reply = await asked("for its address", server.session.iq("get", f"<query xmlns='{BYTESTREAMS}'/>", jid))
    found = reply.find(f"{{{BYTESTREAMS}}}streamhost")
    host, at = (found.get("host", ""), port(found.get("port"))) if found is not None else ("", None)
    if not host or at is None:
        return broken(Reason.MISMATCH, "the proxy does not name its host and port")
    try:
        return StreamHost(host, at, (str(ipaddress.ip_address(host)),))
    except ValueError:
        pass
    try:
        addresses = await server.lookups.addresses(host)
    except WireError as error:
        return of_endpoint_error(error)
    if not addresses:
        return broken(Reason.DNS, f"the proxy's host {host} has no address")
    return StreamHost(host, at, tuple(addresses))
