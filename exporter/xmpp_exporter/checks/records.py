"""The records by which clients and other servers find a domain."""

import ipaddress

from xmpp_exporter.checks.combine import all_supported, any_supported, each
from xmpp_exporter.checks.looks import Look, Looks, client_looks, server_looks
from xmpp_exporter.checks.registry import check
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.signed import failure_of
from xmpp_exporter.checks.verdicts import (
    Undecided,
    broken,
    of_endpoint_error,
    supported,
    unknown,
    unsupported,
    without_place,
)
from xmpp_exporter.model import Failure, Outcome, Reason, Verdict
from xmpp_exporter.wire.dns import SrvRecord
from xmpp_exporter.wire.endpoints import direct_tls_service, starttls_service
from xmpp_exporter.wire.errors import WireError
from xmpp_exporter.wire.network import Party


@check("srv_c2s")
async def client_records(server: Server) -> Outcome:
    """RFC 6120 §3.2, for clients."""
    return await _judge_records(server, Party.CLIENT)


@check("srv_s2s")
async def server_records(server: Server) -> Outcome:
    """The same for other servers."""
    return await _judge_records(server, Party.SERVER)


async def _judge_records(server: Server, party: Party) -> Outcome:
    service = starttls_service(party)
    records = await server.lookups.srv(service, server.domain)
    if not records:
        return await _without(server, party)
    if any(not record.host for record in records):
        name = f"_{service}._tcp.{server.domain}"
        return unknown(Reason.NOT_APPLICABLE, f"the SRV record {name} has the target '.': not offered here")
    return all_supported(await each({f"{record.host}:{record.port}": _leads_on(server, record) for record in records}))


async def _leads_on(server: Server, record: SrvRecord) -> Outcome:
    """RFC 2782: the target is a name that has addresses; that it must not be an alias is told, but clients cope."""
    if _is_address(record.host):
        return broken(Reason.DNS, "the target is an address; an SRV record must have the name of a host")
    try:
        addresses = await server.lookups.addresses(record.host)
    except WireError as error:
        proven = await failure_of(server, {(record.host, "A"): error})
        return proven if proven and proven.verdict is Verdict.BROKEN else of_endpoint_error(error)
    if not addresses:
        return broken(Reason.DNS, "the target has no address")
    if (await server.lookups.answer(record.host, "A")).alias:
        return supported("has an address, though as an alias (CNAME), which SRV records must not name")
    return supported("has an address")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


async def _without(server: Server, party: Party) -> Outcome:
    """RFC 6120 §3.2.2: the domain itself is meant; that is good enough where it works."""
    service = starttls_service(party)
    if await server.lookups.srv(direct_tls_service(party), server.domain):
        return unsupported(
            f"there are SRV records for _{direct_tls_service(party)} alone, which not everybody looks for (XEP-0368)"
        )
    looks = await (client_looks(server) if party is Party.CLIENT else server_looks(server))
    if looks.encrypted:
        return supported(f"no SRV record _{service}._tcp, but {looks.encrypted[0].target}, the domain itself, answers")
    failures = [look.failure for look in looks.all if look.failure is not None]
    for undecided in (of_endpoint_error(failure) for failure in failures):
        if undecided.verdict is Verdict.UNKNOWN:
            return undecided
    details = "; ".join([failure.detail for failure in failures] or [endpoint.detail for endpoint in looks.endpoints])
    return unsupported(f"no SRV record _{service}._tcp.{server.domain}, and the domain itself serves nobody: {details}")


@check("ipv6")
async def ipv6(server: Server) -> Outcome:
    """Some host for clients and some host for other servers has an IPv6 address that answers."""
    parties = {"for clients": _over_ipv6(await client_looks(server))}
    try:
        parties["for servers"] = _over_ipv6(await server_looks(server))
    except Undecided as undecided:
        if undecided.reason is not Reason.NOT_APPLICABLE:
            raise
    return all_supported(parties)


def _over_ipv6(looks: Looks) -> Outcome:
    outcomes = {
        str(look.target): without_place(_answers(look), look.target) for look in looks.all if ":" in look.target.address
    }
    if outcomes:
        return any_supported(outcomes)
    unresolved = [endpoint.detail for endpoint in looks.endpoints if endpoint.failure not in (None, Failure.DNS)]
    if unresolved:
        return unknown(Reason.TIMEOUT, "; ".join(unresolved))
    return unsupported("no host has an IPv6 address (AAAA)")


def _answers(look: Look) -> Outcome:
    """Whether TLS was negotiated; what is wrong with the certificate or the stream is other checks' business."""
    if look.encrypted or look.failure is None:
        return supported("answers")
    return of_endpoint_error(look.failure)


@check("xmppconnect_txt")
async def no_text_records(server: Server) -> Outcome:
    """XEP-0156 §3 had such records until 2022: nothing vouches for what is in them."""
    name = f"_xmppconnect.{server.domain}"
    found = (await server.lookups.answer(name, "TXT")).records
    if found:
        return unsupported(
            f"{name} has {len(found)} TXT record(s), which clients should no longer trust; host-meta is in their place",
            Reason.OUTDATED,
        )
    return supported(f"{name} has no TXT record")
