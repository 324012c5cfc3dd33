"""Where a domain's clients connect: SRV records of both kinds, and their addresses (RFC 6120 §3.2, XEP-0368)."""

import asyncio
from dataclasses import dataclass

from xmpp_exporter.model import Failure
from xmpp_exporter.wire.dns import MAX_ENDPOINTS, Lookups, SrvRecord
from xmpp_exporter.wire.errors import ResolutionFailed, WireError
from xmpp_exporter.wire.network import Target

STARTTLS = "xmpp-client"
DIRECT_TLS = "xmpps-client"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One SRV record, or the fallback without one, with the addresses of its host; `failure` when it has none."""

    service: str
    host: str
    port: int
    addresses: tuple[str, ...] = ()
    failure: Failure | None = None
    detail: str = ""

    def targets(self, domain: str, allow_private: bool) -> list[Target]:
        """What to connect to, an address each."""
        return [
            Target(domain, self.host, address, self.port, self.service == DIRECT_TLS, allow_private)
            for address in self.addresses
        ]


async def client_endpoints(lookups: Lookups, domain: str) -> list[Endpoint]:
    """The endpoints for clients in order of preference, at most MAX_ENDPOINTS.

    Direct TLS and STARTTLS are mixed by priority (XEP-0368 §2), direct TLS first among equals. A target "." says that
    the service is not offered; without a record for either the domain itself at port 5222 is meant. Raises WireError
    when neither kind could be looked up.
    """
    answers = await asyncio.gather(
        lookups.srv(DIRECT_TLS, domain), lookups.srv(STARTTLS, domain), return_exceptions=True
    )
    records: list[tuple[SrvRecord, str]] = []
    for service, answer in zip((DIRECT_TLS, STARTTLS), answers, strict=True):
        if isinstance(answer, list):
            records += [(record, service) for record in answer]
        elif not isinstance(answer, WireError):
            raise answer
    failures = [answer for answer in answers if isinstance(answer, WireError)]
    if len(failures) == len(answers):
        raise failures[0]
    offered = [(record, service) for record, service in records if record.host]
    if not offered:
        if any(service == STARTTLS for _record, service in records):
            return []
        return [await _resolved(lookups, STARTTLS, domain, 5222)]
    offered.sort(key=lambda item: (item[0].priority, item[1] != DIRECT_TLS, item[0]))
    return list(
        await asyncio.gather(
            *(_resolved(lookups, service, record.host, record.port) for record, service in offered[:MAX_ENDPOINTS])
        )
    )


async def _resolved(lookups: Lookups, service: str, host: str, port: int) -> Endpoint:
    try:
        addresses = await lookups.addresses(host)
        if not addresses:
            raise ResolutionFailed(f"{host} has no address")
    except WireError as error:
        return Endpoint(service, host, port, failure=error.failure, detail=error.detail)
    return Endpoint(service, host, port, tuple(addresses))
