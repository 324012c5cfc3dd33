"""How clients connect."""

from dataclasses import replace

from xmpp_exporter.checks.combine import all_supported
from xmpp_exporter.checks.looks import Look, client_looks
from xmpp_exporter.checks.registry import check
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.verdicts import broken, of_endpoint_error, supported, unknown, unsupported
from xmpp_exporter.model import Failure, Outcome, Reason
from xmpp_exporter.wire.dns import MAX_ENDPOINTS
from xmpp_exporter.wire.endpoints import Endpoint, direct_tls_service
from xmpp_exporter.wire.errors import ResolutionFailed
from xmpp_exporter.wire.network import Party


@check("xep0368")
async def direct_tls(server: Server) -> Outcome:
    """XEP-0368 §3: every address of every record serves TLS with a good certificate, and a stream in it."""
    service = direct_tls_service(Party.CLIENT)
    try:
        records = await server.lookups.srv(service, server.domain)
    except ResolutionFailed as error:
        return unknown(Reason.DEPENDS_ON, error.detail)
    if not any(record.host for record in records):
        told = "its target is '.': not offered" if records else "there is none"
        return unsupported(f"the SRV record _{service}._tcp.{server.domain}: {told}")
    looks = await client_looks(server)
    endpoints = [endpoint for endpoint in looks.endpoints if endpoint.direct_tls]
    outcomes = {endpoint.host: _unresolved(endpoint) for endpoint in endpoints if endpoint.failure}
    outcomes |= {str(look.target): _reached(look) for look in looks.all if look.target.direct_tls}
    if len(endpoints) < len([record for record in records if record.host]):
        outcomes["more records"] = unknown(Reason.PROBER_LIMIT, f"only the first {MAX_ENDPOINTS} are tried")
    return all_supported(outcomes)


def _reached(look: Look) -> Outcome:
    error = look.certificate or look.failure
    if error is None:
        protocol = look.stream.tls.alpn if look.stream.tls else None
        return supported("works" + (f", chooses ALPN {protocol}" if protocol else ""))
    outcome = of_endpoint_error(error)
    return replace(outcome, detail=outcome.detail.removeprefix(f"{look.target} "))


def _unresolved(endpoint: Endpoint) -> Outcome:
    if endpoint.failure is Failure.DNS:
        return broken(Reason.DNS, endpoint.detail)
    return unknown(Reason.TIMEOUT, endpoint.detail)
