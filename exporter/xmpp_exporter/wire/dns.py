"""Names to records, asked afresh for each probe and shared by all that a probe does."""

import asyncio
import contextlib
import copy
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import dns.asyncresolver
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rdata
import dns.rdatatype
import dns.resolver
from dns.rdtypes.IN.SRV import SRV

from xmpp_exporter.memo import Memo
from xmpp_exporter.wire.errors import EXHAUSTED, NameServersFailed, ProberLimit, ResolutionFailed, TimedOut, WireError

MAX_ENDPOINTS = 16
"""SRV records used of one domain, over all services."""
MAX_ADDRESSES = 8
"""Addresses used of one host."""
ADDRESS_KINDS = ("AAAA", "A")
"""IPv6 first (RFC 6724's order for global addresses)."""
UDP_BYTES = 1232
"""Of an answer that no path cuts into pieces (the DNS flag day of 2020)."""


@dataclass(frozen=True, slots=True, order=True)
class SrvRecord:
    """One SRV record (RFC 2782). `host` is without the final dot; the empty host is the target "." (not offered)."""

    priority: int
    negative_weight: int
    host: str
    port: int


MAX_QUERIES = 100
"""Questions asked at once, over all probes: each one takes a socket."""
PATIENCE = 1.0
"""Seconds after which a question does not count among those any more: name servers that never answer keep nobody
waiting for long, and the sockets still stay few."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the name servers say of one name and kind of record; an answer without records says that there are none."""

    records: tuple[dns.rdata.Rdata, ...] = ()
    authentic: bool = False
    """Whether they have validated it with DNSSEC: the AD bit (RFC 4035 §3.2.3). Without records it is the absence."""
    alias: bool = False
    """Whether the name is an alias of another (CNAME), whose records these are."""


class Resolver:
    """The name servers to ask: the system's, or those given. `lifetime` is the limit of one lookup in seconds.

    `signed_name` is one that is known to be signed (the root, as the empty name, unless told): by it the name servers
    show whether they validate.
    """

    def __init__(
        self, nameservers: Sequence[str] = (), port: int = 53, lifetime: float = 5.0, signed_name: str = ""
    ) -> None:
        self.signed_name = signed_name
        self._resolver = _resolver(nameservers, port, lifetime)
        self._unchecked = _resolver(nameservers, port, lifetime, dns.flags.CD)
        self._asking = asyncio.Semaphore(MAX_QUERIES)

    async def query(self, name: str, kind: str) -> Answer:
        """The records of `kind` (`SRV`, `A`, …) at `name`.

        Raises NameServersFailed, ResolutionFailed (malformed name), TimedOut, and ProberLimit where we could not ask.
        """
        return await self._ask(self._resolver, name, kind)

    def apart(self) -> "Resolver":
        """The same name servers for questions that wait in no line, such as whether our own network works."""
        resolver = copy.copy(self)
        resolver._asking = asyncio.Semaphore(MAX_QUERIES)
        return resolver

    async def is_bogus(self, name: str, kind: str) -> bool:
        """Whether a name that could not be resolved can be when signatures are not checked (RFC 4035 §3.2.2)."""
        try:
            await self._ask(self._unchecked, name, kind)
        except WireError:
            return False
        return True

    async def _ask(self, resolver: dns.asyncresolver.Resolver, name: str, kind: str) -> Answer:
        try:
            async with self._place():
                answer = await resolver.resolve(name + ".", kind, raise_on_no_answer=False)
        except dns.resolver.NXDOMAIN as error:
            responses: Iterable[dns.message.Message] = error.kwargs["responses"].values()
            return Answer(authentic=any(response.flags & dns.flags.AD for response in responses))
        except dns.exception.Timeout as error:
            raise TimedOut(f"no name server answered for {kind} {name}") from error
        except dns.resolver.NoNameservers as error:
            if used_up := next((each for each in _errors_of(error) if each.errno in EXHAUSTED), None):
                raise ProberLimit(f"{kind} {name} was not asked for: {used_up.strerror}") from error
            raise NameServersFailed(f"name servers failed for {kind} {name}") from error
        except (dns.exception.DNSException, OSError, ValueError) as error:
            if isinstance(error, OSError) and error.errno in EXHAUSTED:
                raise ProberLimit(f"{kind} {name} was not asked for: {error.strerror}") from error
            text = str(error).rstrip(".")
            raise ResolutionFailed(f"{kind} {name} cannot be asked for: {text}") from error
        authentic = bool(answer.response.flags & dns.flags.AD)
        return Answer(tuple(answer.rrset or ()), authentic, answer.canonical_name != answer.qname)

    @contextlib.asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        """One of the places among those who ask, for PATIENCE at most."""
        await self._asking.acquire()
        held = True

        def give_back() -> None:
            nonlocal held
            if held:
                held = False
                self._asking.release()

        timer = asyncio.get_running_loop().call_later(PATIENCE, give_back)
        try:
            yield
        finally:
            timer.cancel()
            give_back()


def _errors_of(error: dns.resolver.NoNameservers) -> list[OSError]:
    """What the operating system had against asking the name servers."""
    return [each[3] for each in error.kwargs["errors"] if isinstance(each[3], OSError)]


def _resolver(
    nameservers: Sequence[str], port: int, lifetime: float, more_flags: int = 0
) -> dns.asyncresolver.Resolver:
    resolver = dns.asyncresolver.Resolver(configure=not nameservers)
    if nameservers:
        resolver.nameservers = list(nameservers)
        resolver.port = port
    resolver.lifetime = lifetime
    resolver.search = []
    resolver.flags = dns.flags.RD | dns.flags.AD | more_flags
    resolver.use_edns(0, dns.flags.DO, UDP_BYTES)
    return resolver


class Lookups:
    """The lookups of one probe: each name is asked once, whoever needs it."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._answers: Memo[tuple[str, str], Answer] = Memo()

    async def answer(self, name: str, kind: str) -> Answer:
        """All that the name servers say of `name` and `kind`. Raises ResolutionFailed and TimedOut."""
        return await self._answers.get((name.lower(), kind), lambda: self._resolver.query(name, kind))

    def foresee(self, hosts: Iterable[str]) -> None:
        """Begin to look up the addresses of hosts that the SRV records will name, if they still say what they said."""
        for host in hosts:
            for kind in ADDRESS_KINDS:
                self._answers.begin((host.lower(), kind), partial(self._resolver.query, host, kind))

    async def srv(self, service: str, domain: str) -> list[SrvRecord]:
        """The SRV records of `_service._tcp.domain`, in a stable order of preference: priority, then weight."""
        records = (await self.answer(f"_{service}._tcp.{domain}", "SRV")).records
        return sorted(
            SrvRecord(
                record.priority, -record.weight, record.target.to_text(omit_final_dot=True).strip("."), record.port
            )
            for record in records
            if isinstance(record, SRV)
        )

    async def addresses(self, host: str) -> list[str]:
        """The addresses of `host`, IPv6 first, at most MAX_ADDRESSES.

        Raises what the lookups raise, if both of them failed.
        """
        results = await asyncio.gather(*(self.answer(host, kind) for kind in ADDRESS_KINDS), return_exceptions=True)
        found = [record.to_text() for result in results if isinstance(result, Answer) for record in result.records]
        failures = [result for result in results if isinstance(result, BaseException)]
        for failure in failures:
            if not isinstance(failure, WireError) or not found:
                raise failure
        return found[:MAX_ADDRESSES]

    async def is_bogus(self, name: str, kind: str) -> bool:
        """Whether validation is what made this lookup fail."""
        return await self._resolver.is_bogus(name, kind)

    async def validated(self) -> bool:
        """Whether the name servers validate what they say of a name that is known to be signed."""
        return (await self.answer(self._resolver.signed_name, "SOA")).authentic

    async def close(self) -> None:
        await self._answers.close()
