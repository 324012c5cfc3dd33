"""Calls: whether the STUN and TURN servers that a domain names do what they are for."""

import ipaddress
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

from xmpp_exporter.checks.calls import ExternalService, services_of_type, with_credentials
from xmpp_exporter.checks.combine import Judgement, each, worst_decided
from xmpp_exporter.checks.registry import check
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.verdicts import (
    Undecided,
    broken,
    is_good,
    of_endpoint_error,
    supported,
    unknown,
    without_place,
)
from xmpp_exporter.model import Outcome, Reason, Verdict
from xmpp_exporter.wire.errors import StunRefused, WireError
from xmpp_exporter.wire.guard import is_public
from xmpp_exporter.wire.stun import StunServer, reflexive_address, relayed_address

PORTS = {"stun": 3478, "turn": 3478, "stuns": 5349, "turns": 5349}
"""RFC 8489 §8.1 and RFC 8656 §3.1; who names none means these."""
MAX_ADDRESSES = 4
"""Addresses of one service that are tried."""

_NOT_NOW = frozenset({403, 486, 508})
"""Errors by which a server says that we may not, or not now: forbidden, quota reached, no capacity."""
_TRY_ALTERNATE, _WRONG_CREDENTIALS = 300, 401


@check("stun_works")
async def stun_works(server: Server) -> Outcome:
    """RFC 8489 §2: every STUN server says at which address it sees us."""

    async def judge(service: ExternalService, address: StunServer) -> Outcome:
        await reflexive_address(server.network, address, server.timeouts)
        return supported("answers")

    found = await services_of_type(server, "stun")
    return found if isinstance(found, Outcome) else worst_decided(await _judge_all(server, found, judge))


@check("turn_works")
async def turn_works(server: Server) -> Outcome:
    """RFC 8656 §7: every TURN server gives a relay, which the other side can reach, for the credentials handed out."""

    async def judge(service: ExternalService, address: StunServer) -> Outcome:
        granted = await with_credentials(server, service)
        if isinstance(granted, Outcome):
            return granted
        relay = await relayed_address(server.network, address, granted.username, granted.password, server.timeouts)
        if not is_public(relay) and not server.config.allow_private_addresses:
            return broken(Reason.MISMATCH, f"relays at {relay}, a private address that nobody outside can reach")
        return supported("relays")

    found = await services_of_type(server, "turn")
    if isinstance(found, Outcome):
        return found
    outcomes = await _judge_all(server, found, judge)
    return replace(worst_decided(outcomes), facts=_by_transport(outcomes))


def _by_transport(outcomes: Mapping[str, Outcome]) -> dict[str, float]:
    """Whether any server relays over each transport that was tried."""
    facts: dict[str, float] = {}
    for transport in ("udp", "tcp", "tls"):
        tried = [
            is_good(outcome)
            for name, outcome in outcomes.items()
            if name.endswith(f" over {transport.upper()})") and outcome.verdict is not Verdict.UNKNOWN
        ]
        if tried:
            facts[f"xmpp_turn_{transport}_works"] = float(any(tried))
    return facts


Judge = Callable[[ExternalService, StunServer], Awaitable[Outcome]]


async def _judge_all(server: Server, found: Sequence[ExternalService], judge: Judge) -> dict[str, Outcome]:
    """The outcome of `judge` by server address; what cannot be tried is there, too, by the service's name."""
    outcomes: dict[str, Outcome] = {}
    tries: dict[str, Judgement] = {}
    for service in found:
        try:
            addresses = await _addresses(server, service)
        except Undecided as undecided:
            outcomes[str(service)] = unknown(undecided.reason, undecided.detail)
        except WireError as error:
            outcomes[str(service)] = of_endpoint_error(error)
        else:
            tries |= {str(address): _tried(judge, service, address) for address in addresses}
            if not addresses:
                outcomes[str(service)] = broken(Reason.DNS, service.problem or f"{service.host} has no address")
    return outcomes | await each(tries)


async def _tried(judge: Judge, service: ExternalService, address: StunServer) -> Outcome:
    try:
        return await judge(service, address)
    except StunRefused as refused:
        outcome = _refused(refused)
    except WireError as error:
        outcome = of_endpoint_error(error)
    return without_place(outcome, address)


def _refused(error: StunRefused) -> Outcome:
    if error.code in _NOT_NOW:
        return unknown(Reason.FORBIDDEN, error.detail)
    if error.code == _TRY_ALTERNATE:
        return unknown(Reason.PROBER_LIMIT, f"{error.detail}: it sends clients to another server, which is not tried")
    if error.code == _WRONG_CREDENTIALS:
        return broken(
            Reason.MISMATCH,
            f"{error.detail}: it refuses the credentials that the XMPP server hands out; do both have the same secret?",
        )
    return broken(Reason.MISMATCH, error.detail)


async def _addresses(server: Server, service: ExternalService) -> list[StunServer]:
    """Where to try it. Raises Undecided for what we do not speak, and WireError for a name without an address."""
    if service.problem is not None:
        return []
    tls = service.type.endswith("s")
    transport = service.transport.lower() or ("tcp" if tls else "udp")
    if transport not in ("udp", "tcp") or (tls and transport == "udp"):
        spoken = "DTLS" if tls and transport == "udp" else f"the transport {transport[:20]!r}"
        raise Undecided(Reason.PROBER_LIMIT, f"the exporter does not speak {spoken}")
    port = int(service.port) if service.port else PORTS[service.type]
    try:
        addresses = [str(ipaddress.ip_address(service.host))]
    except ValueError:
        addresses = await server.lookups.addresses(service.host)
    allow_private = server.config.allow_private_addresses
    return [
        StunServer(service.host, address, port, transport, tls, allow_private) for address in addresses[:MAX_ADDRESSES]
    ]
