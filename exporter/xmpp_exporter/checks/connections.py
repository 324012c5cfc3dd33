"""How clients connect."""

from dataclasses import replace

from xmpp_exporter.checks.combine import all_supported, each
from xmpp_exporter.checks.registry import check
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.verdicts import broken, of_endpoint_error, supported, unknown, unsupported
from xmpp_exporter.model import Failure, Outcome, Reason
from xmpp_exporter.wire.dns import MAX_ENDPOINTS
from xmpp_exporter.wire.endpoints import DIRECT_TLS, Endpoint
from xmpp_exporter.wire.errors import ResolutionFailed, WireError
from xmpp_exporter.wire.network import Target
from xmpp_exporter.wire.stream import Stream


@check("xep0368")
async def direct_tls(server: Server) -> Outcome:
    """XEP-0368 §3: every address of every record serves TLS with a good certificate, and a stream in it."""
    try:
        records = await server.lookups.srv(DIRECT_TLS, server.domain)
    except ResolutionFailed as error:
        return unknown(Reason.DEPENDS_ON, error.detail)
    if not any(record.host for record in records):
        told = "its target is '.': not offered" if records else "there is none"
        return unsupported(f"the SRV record _{DIRECT_TLS}._tcp.{server.domain}: {told}")
    endpoints = [endpoint for endpoint in server.endpoints if endpoint.service == DIRECT_TLS]
    outcomes = {endpoint.host: _unresolved(endpoint) for endpoint in endpoints if endpoint.failure}
    allow_private = server.config.allow_private_addresses
    targets = {
        str(target): target for endpoint in endpoints for target in endpoint.targets(server.domain, allow_private)
    }
    outcomes |= await each({name: _reach(server, target) for name, target in targets.items()})
    if len(endpoints) < len([record for record in records if record.host]):
        outcomes["more records"] = unknown(Reason.PROBER_LIMIT, f"only the first {MAX_ENDPOINTS} are tried")
    return all_supported(outcomes)


async def _reach(server: Server, target: Target) -> Outcome:
    stream = Stream(server.network, target, server.timeouts)
    try:
        async with stream.open():
            protocol = stream.tls.alpn if stream.tls else None
            return supported("works" + (f", chooses ALPN {protocol}" if protocol else ""))
    except WireError as error:
        outcome = of_endpoint_error(error)
        return replace(outcome, detail=outcome.detail.removeprefix(f"{target} "))


def _unresolved(endpoint: Endpoint) -> Outcome:
    if endpoint.failure is Failure.DNS:
        return broken(Reason.DNS, endpoint.detail)
    return unknown(Reason.TIMEOUT, endpoint.detail)
