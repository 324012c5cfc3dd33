"""Names to records, asked afresh for each probe and shared by all that a probe does."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import dns.asyncresolver
import dns.exception
import dns.name
import dns.rdatatype
import dns.resolver
from dns.rdtypes.IN.SRV import SRV

from xmpp_exporter.memo import Memo
from xmpp_exporter.wire.errors import ResolutionFailed, TimedOut, WireError

MAX_ENDPOINTS = 16
"""SRV records used of one domain, over all services."""
MAX_ADDRESSES = 8
"""Addresses used of one host."""


@dataclass(frozen=True, slots=True, order=True)
class SrvRecord:
    """One SRV record (RFC 2782). `host` is without the final dot; the empty host is the target "." (not offered)."""

    priority: int
    negative_weight: int
    host: str
    port: int


class Resolver:
    """The name servers to ask: the system's, or those given. `lifetime` is the limit of one lookup in seconds."""

    def __init__(self, nameservers: Sequence[str] = (), port: int = 53, lifetime: float = 5.0) -> None:
        self._resolver = dns.asyncresolver.Resolver(configure=not nameservers)
        if nameservers:
            self._resolver.nameservers = list(nameservers)
            self._resolver.port = port
        self._resolver.lifetime = lifetime
        self._resolver.search = []

    async def query(self, name: str, kind: str) -> list[dns.rdata.Rdata]:
        """The records of `kind` (`SRV`, `A`, …) at `name`; none when there are none.

        Raises ResolutionFailed (server failure, malformed name) and TimedOut.
        """
        try:
            answer = await self._resolver.resolve(name + ".", kind)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except dns.exception.Timeout as error:
            raise TimedOut(f"no name server answered for {kind} {name}") from error
        except dns.resolver.NoNameservers as error:
            raise ResolutionFailed(f"name servers failed for {kind} {name}") from error
        except (dns.exception.DNSException, OSError, ValueError) as error:
            raise ResolutionFailed(f"{kind} {name}: {error}") from error
        return list(answer)


class Lookups:
    """The lookups of one probe: each name is asked once, whoever needs it."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._answers: Memo[tuple[str, str], list[dns.rdata.Rdata]] = Memo()

    async def _query(self, name: str, kind: str) -> list[dns.rdata.Rdata]:
        return await self._answers.get((name.lower(), kind), lambda: self._resolver.query(name, kind))

    async def srv(self, service: str, domain: str) -> list[SrvRecord]:
        """The SRV records of `_service._tcp.domain`, in a stable order of preference: priority, then weight."""
        records = await self._query(f"_{service}._tcp.{domain}", "SRV")
        return sorted(
            SrvRecord(
                record.priority, -record.weight, record.target.to_text(omit_final_dot=True).strip("."), record.port
            )
            for record in records
            if isinstance(record, SRV)
        )

    async def addresses(self, host: str) -> list[str]:
        """The addresses of `host`, IPv6 first (RFC 6724's order for global addresses), at most MAX_ADDRESSES.

        Raises what the lookups raise, if both of them failed.
        """
        results = await asyncio.gather(self._query(host, "AAAA"), self._query(host, "A"), return_exceptions=True)
        found = [record.to_text() for result in results if isinstance(result, list) for record in result]
        failures = [result for result in results if isinstance(result, BaseException)]
        for failure in failures:
            if not isinstance(failure, WireError) or not found:
                raise failure
        return found[:MAX_ADDRESSES]

    async def close(self) -> None:
        await self._answers.close()
