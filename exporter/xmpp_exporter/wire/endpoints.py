"""Where a domain is reached, by clients and by other servers (RFC 6120 §3.2, XEP-0368)."""

import asyncio
from dataclasses import dataclass

from xmpp_exporter.model import Failure
from xmpp_exporter.wire.dns import MAX_ENDPOINTS, Lookups, SrvRecord
from xmpp_exporter.wire.errors import NoAddress, WireError
from xmpp_exporter.wire.network import Party, Target

FALLBACK_PORTS = {Party.CLIENT: 5222, Party.SERVER: 5269}
"""Where the domain itself is meant, without SRV records (RFC 6120 §14.7)."""


def starttls_service(party: Party) -> str:
    """The SRV service for STARTTLS, as `xmpp-client`."""
    return f"xmpp-{party}"


def direct_tls_service(party: Party) -> str:
    """The SRV service for direct TLS, as `xmpps-client`."""
    return f"xmpps-{party}"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One SRV record, or the fallback without one, with the addresses of its host, or why there are none."""

    service: str
    host: str
    port: int
    addresses: tuple[str, ...] = ()
    error: WireError | None = None

    @property
    def failure(self) -> Failure | None:
        return self.error.failure if self.error else None

    @property
    def detail(self) -> str:
        return self.error.detail if self.error else ""

    @property
    def direct_tls(self) -> bool:
        return self.service.startswith("xmpps-")

    def targets(self, domain: str, allow_private: bool) -> list[Target]:
        """What to connect to, an address each."""
        party = Party(self.service.partition("-")[2])
        return [
            Target(domain, self.host, address, self.port, self.direct_tls, allow_private, party)
            for address in self.addresses
        ]


async def endpoints_of(lookups: Lookups, domain: str, party: Party) -> list[Endpoint]:
    """The endpoints for `party` in order of preference, at most MAX_ENDPOINTS.

    Direct TLS and STARTTLS are mixed by priority (XEP-0368 §2), direct TLS first among equals. A target "." says that
    the service is not offered; without a record for either the domain itself is meant. Raises WireError when neither
    kind could be looked up, or one of them and the other names no host: the domain itself was never named then.
    """
    direct, plain = direct_tls_service(party), starttls_service(party)
    answers = await asyncio.gather(lookups.srv(direct, domain), lookups.srv(plain, domain), return_exceptions=True)
    records: list[tuple[SrvRecord, str]] = []
    for service, answer in zip((direct, plain), answers, strict=True):
        if isinstance(answer, list):
            records += [(record, service) for record in answer]
        elif not isinstance(answer, WireError):
            raise answer
    failures = [answer for answer in answers if isinstance(answer, WireError)]
    offered = [(record, service) for record, service in records if record.host]
    if failures and not offered:
        raise failures[0]
    if not offered:
        if any(service == plain for _record, service in records):
            return []
        return [await _resolved(lookups, plain, domain, FALLBACK_PORTS[party])]
    offered.sort(key=lambda item: (item[0].priority, item[1] != direct, item[0]))
    return list(
        await asyncio.gather(
            *(_resolved(lookups, service, record.host, record.port) for record, service in offered[:MAX_ENDPOINTS])
        )
    )


async def _resolved(lookups: Lookups, service: str, host: str, port: int) -> Endpoint:
    try:
        addresses = await lookups.addresses(host)
        if not addresses:
            raise NoAddress(f"{host} has no address")
    except WireError as error:
        return Endpoint(service, host, port, error=error)
    return Endpoint(service, host, port, tuple(addresses))
