"""The certificates of the hosts beside the domain: its components, as other servers meet them, and its web servers."""

import asyncio
import ipaddress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from xmpp_exporter.certificate_names import names_of
from xmpp_exporter.checks.certificates import chain_verifies, names_cover
from xmpp_exporter.checks.combine import all_supported, each, worst_decided
from xmpp_exporter.checks.documents import Document, documents
from xmpp_exporter.checks.files import upload_services
from xmpp_exporter.checks.group_chat import group_chat_services
from xmpp_exporter.checks.looks import Look, judge_encrypted, looks_between_servers
from xmpp_exporter.checks.registry import check
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.slots import UPLOAD, slot_of
from xmpp_exporter.checks.verdicts import Undecided, broken, is_good, of_endpoint_error, supported, unknown
from xmpp_exporter.memo import together
from xmpp_exporter.model import Failure, Outcome, Reason
from xmpp_exporter.wire.errors import StanzaError, WireError
from xmpp_exporter.wire.handshake import Presented, look_at_certificates
from xmpp_exporter.wire.network import Target

MAX_HOSTS = 8
"""Web servers that are looked at."""


@check("cert_components")
async def components(server: Server) -> Outcome:
    """RFC 6120 §13.7.1.2: other servers ask for the component's own name, and its certificate must be for that."""
    configured = {server.config.muc_service, server.config.upload_service} - {None}
    found = set(configured)
    if server.login is not None or not configured:
        rooms, uploads = await together(group_chat_services(server), upload_services(server))
        found |= {*rooms.found, *uploads.found}
    hosts = sorted(jid for jid in found if jid is not None and jid != server.domain)
    if not hosts:
        return unknown(Reason.NOT_APPLICABLE, "there is no group chat or upload service on a host of its own")
    return worst_decided(await each({host: _component(server, host) for host in hosts}))


async def _component(server: Server, host: str) -> Outcome:
    looks = await looks_between_servers(server, host)
    if all(endpoint.failure is Failure.DNS for endpoint in looks.endpoints):
        return unknown(Reason.NOT_APPLICABLE, "has no address in the DNS: other servers cannot reach it")
    return judge_encrypted(looks, _presents)


def _presents(look: Look) -> Outcome:
    chain = chain_verifies(look.stream.certificates, look.chain)
    return names_cover(look) if is_good(chain) else chain


@dataclass(frozen=True, slots=True)
class _Site:
    """A web server; `for_domain` where a certificate for the XMPP domain is as good (XEP-0156 §5)."""

    host: str
    port: int
    for_domain: bool

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@check("cert_http")
async def web_servers(server: Server) -> Outcome:
    """RFC 9525 and XEP-0156 §5: every web server that clients are sent to presents a certificate for its own name."""
    linked, uploads = await together(_linked(server), _upload_addresses(server))
    sites = {str(site): site for url in linked if (site := _site(url, True)) is not None}
    sites |= {str(site): site for url in uploads if (site := _site(url, False)) is not None}
    if not sites:
        return unknown(
            Reason.NOT_DISCOVERABLE,
            "no address of a WebSocket, BOSH or an upload is known: host-meta and the configuration (websocket_url, "
            "bosh_url) name none, and no upload service gives one",
        )
    chosen = dict(list(sites.items())[:MAX_HOSTS])
    return all_supported(await each({name: _web_server(server, site) for name, site in chosen.items()}))


async def _linked(server: Server) -> list[str]:
    """Addresses of WebSockets and BOSH, from the configuration and host-meta."""
    configured = [url for url in (server.config.websocket_url, server.config.bosh_url) if url is not None]
    answers = (await documents(server)).values()
    return configured + [link.href for found in answers if isinstance(found, Document) for link in found.links]


async def _upload_addresses(server: Server) -> list[str]:
    """Addresses of one slot on each upload service; none where there is no session, or no slot to be had."""
    if server.login is None:
        return []
    try:
        found = (await upload_services(server)).found
        return await _slots(server, [jid for jid, info in found.items() if UPLOAD in info.features])
    except (StanzaError, Undecided):
        return []


async def _slots(server: Server, jids: list[str]) -> list[str]:
    """Both addresses of a slot on each of these services."""
    slots = await asyncio.gather(*(slot_of(server, jid) for jid in jids))
    return [url for slot in slots if slot is not None for url in (slot.put, slot.get)]


def _site(url: str, for_domain: bool) -> _Site | None:
    """Where `url` leads in TLS; None for what leads nowhere, which other checks tell, and for hosts without a name."""
    try:
        parts: SplitResult = urlsplit(url)
        host, port = parts.hostname or "", parts.port or 443
    except ValueError:
        return None
    return _Site(host, port, for_domain) if parts.scheme in ("https", "wss") and not _is_address(host) else None


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return not host
    return True


async def _web_server(server: Server, site: _Site) -> Outcome:
    try:
        shown = await _presented(server, site)
    except WireError as error:
        # whether it works at all is for those checks to say that use it
        return unknown(Reason.DEPENDS_ON, of_endpoint_error(error).detail)
    chain = chain_verifies(shown.certificates, shown.chain)
    if not is_good(chain):
        return chain
    names = names_of(shown.certificates[0]) if shown.certificates else None
    accepted = [site.host, server.domain] if site.for_domain else [site.host]
    for name in accepted:
        if names is not None and (found := names.covering(name, ())) is not None:
            return supported(f"names {found}")
    return broken(Reason.CERTIFICATE, f"the certificate is not for {site.host}: it is only for {names}"[:300])


async def _presented(server: Server, site: _Site) -> Presented:
    """At the first address of the host; several lead to the same web server, as a rule."""
    allow_private = server.config.allow_private_addresses
    addresses = await server.lookups.addresses(site.host)
    if not addresses:
        raise Undecided(Reason.DEPENDS_ON, f"{site.host} has no address")
    target = Target(site.host, site.host, addresses[0], site.port, True, allow_private)
    return await look_at_certificates(server.network, target, server.timeouts)
