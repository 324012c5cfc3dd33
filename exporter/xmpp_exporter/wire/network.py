"""What all probes of a process share on the wire: the resolver, the TLS contexts, the limits per address."""

import asyncio
import contextlib
import os
import socket
import ssl
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from xmpp_exporter.model import PROBER_FAULTS
from xmpp_exporter.wire.dns import Resolver
from xmpp_exporter.wire.errors import (
    EXHAUSTED,
    ConnectionRefused,
    NoRoute,
    ProberLimit,
    TimedOut,
    Unreachable,
    WireError,
)
from xmpp_exporter.wire.guard import admit
from xmpp_exporter.wire.identity import Identity
from xmpp_exporter.wire.tls import TlsContexts


class Connections:
    """At most so many connections to one address at a time, over all probes: servers limit them, and so do we.

    `per_address` may change at any time: those that are open stay, and those that wait follow the new number.
    """

    def __init__(self, per_address: int = 6) -> None:
        self._per_address = per_address
        self._gates: dict[str, _Gate] = {}

    @property
    def per_address(self) -> int:
        return self._per_address

    @per_address.setter
    def per_address(self, number: int) -> None:
        self._per_address = number
        for gate in self._gates.values():
            gate.let_in(number)

    @contextlib.asynccontextmanager
    async def slot(self, address: str) -> AsyncIterator[None]:
        """Holds one of the connections to `address`; waits until one is free."""
        gate = self._gates.setdefault(address, _Gate())
        admitted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        gate.waiting.append(admitted)
        gate.let_in(self._per_address)
        try:
            await admitted
            yield
        finally:
            if admitted.done() and not admitted.cancelled():
                gate.inside -= 1
            gate.let_in(self._per_address)
            if not gate.inside and not gate.waiting and self._gates.get(address) is gate:
                del self._gates[address]


@dataclass(slots=True)
class _Gate:
    """One address, for as long as somebody uses it or waits for it."""

    inside: int = 0
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)

    def let_in(self, limit: int) -> None:
        """Who came first goes first; who has given up is dropped."""
        while self.waiting and self.inside < limit:
            admitted = self.waiting.popleft()
            if not admitted.cancelled():
                self.inside += 1
                admitted.set_result(None)


@dataclass(frozen=True, slots=True)
class Timeouts:
    """In seconds: to connect (TCP and TLS), and to wait for an answer, counted from the last byte received."""

    connect: float = 10.0
    reply: float = 15.0


@dataclass(frozen=True, slots=True)
class Network:
    """Shared by all probes of one configuration."""

    resolver: Resolver
    tls: TlsContexts
    connections: Connections = field(default_factory=Connections)
    user_agent: str = "xmpp-exporter"
    identity: Identity | None = None
    """Who we are to other servers; None for a stranger."""


class Party(StrEnum):
    """As whom we connect: a client, or another server. The value is the second half of its SRV services' names."""

    CLIENT = "client"
    SERVER = "server"

    @property
    def namespace(self) -> str:
        """Of the stream's content (RFC 6120 §4.8.2)."""
        return f"jabber:{self}"

    @property
    def alpn(self) -> str:
        """The protocol name for direct TLS (XEP-0368 §2)."""
        return f"xmpp-{self}"


@dataclass(frozen=True, slots=True)
class Target:
    """One address to connect to: an endpoint's service, host and port, and which of the host's addresses."""

    domain: str
    """The XMPP domain, which the stream is for and the certificate must name."""
    host: str
    address: str
    port: int
    direct_tls: bool
    allow_private: bool = False
    party: Party = Party.CLIENT

    def __str__(self) -> str:
        where = f"[{self.address}]" if ":" in self.address else self.address
        return f"{self.host} ({where}:{self.port})"


async def connect_tcp(target: Target, timeouts: Timeouts) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A TCP connection to an address that the guard admits.

    Raises AddressRefused, ConnectionRefused, Unreachable, NoRoute, ProberLimit or TimedOut.
    """
    admit(target.address, target.allow_private)
    try:
        async with asyncio.timeout(timeouts.connect):
            return await asyncio.open_connection(target.address, target.port)
    except TimeoutError:
        raise TimedOut(f"{target} did not answer the connection within {timeouts.connect:g} s") from None
    except OSError as error:
        raise connection_error(target, error, target.address) from error


def connection_error(
    place: object, error: OSError, address: str | None = None
) -> ConnectionRefused | Unreachable | NoRoute | ProberLimit:
    """An error of the operating system while connecting to `place`, as ours; `address` is the one that was tried."""
    if error.errno in EXHAUSTED:
        return ProberLimit(f"{place} was not tried: {words_of(error)}")
    if isinstance(error, ConnectionRefusedError):
        return ConnectionRefused(f"{place} refused the connection")
    if address is not None and not routed(address):
        return NoRoute(f"{place}: this machine has no route to the address")
    return Unreachable(f"{place} cannot be reached: {words_of(error)}")


def words_of(error: BaseException) -> str:
    """What the operating system has against it, without the numbers and addresses that come with it."""
    if isinstance(error, OSError) and error.errno is not None and not isinstance(error, ssl.SSLError):
        return os.strerror(error.errno)
    return str(error) or "the connection was closed"


def acknowledge_at_once(transport: asyncio.BaseTransport) -> None:
    """Have the next packets acknowledged as they come, not up to 40 ms later with an answer of ours.

    Servers that leave Nagle's algorithm on (RFC 896), as Prosody 0.12 does, send the second of two small answers only
    when the first is acknowledged. Linux forgets the wish whenever it likes (tcp(7)), so it is said again after each
    exchange; elsewhere nothing is done.
    """
    option = getattr(socket, "TCP_QUICKACK", None)
    connection = transport.get_extra_info("socket")
    if option is not None and connection is not None:
        with contextlib.suppress(OSError):  # it is closed already
            connection.setsockopt(socket.IPPROTO_TCP, option, 1)


def routed(address: str) -> bool:
    """Whether this machine knows any way to `address`: asks its own routing table, and sends nothing.

    Where it cannot even ask, the connection itself will tell.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as unsent:
            unsent.connect((address, 9))
    except OSError as error:
        return error.errno in EXHAUSTED
    return True


def most_telling(failures: Sequence[WireError]) -> WireError:
    """Why none of several addresses can be used, given why each one cannot, in order of preference.

    The first failure that is not the prober's own: where an address that we cannot go to stands before one that is
    dead, the server is down all the same.
    """
    of_server = (failure for failure in failures if failure.failure not in PROBER_FAULTS)
    return next(of_server, failures[0] if failures else Unreachable("there is no address to connect to"))
