"""A small client of STUN (RFC 8489) and TURN (RFC 8656) servers: asks for our address, and for a relay that it returns.

The messages are aioice's; the connections are our own, because the address that is connected to must be admitted, and
because who refuses, closes and says nothing must be told apart.
"""

import asyncio
import contextlib
import hashlib
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from aioice.stun import COOKIE, Class, Message, Method, parse_message

from xmpp_exporter.wire.errors import (
    ConnectionRefused,
    Disconnected,
    NoRoute,
    ProtocolViolation,
    StunRefused,
    TimedOut,
    Unreachable,
    WireError,
)
from xmpp_exporter.wire.guard import admit
from xmpp_exporter.wire.network import Network, Timeouts, connection_error, routed, words_of
from xmpp_exporter.wire.tls import tls_error

FIRST_WAIT = 0.5
"""Seconds until a datagram is sent again, twice as many each time (RFC 8489 §6.2.1)."""

GOODBYE = 2.0
"""Seconds to wait until a relay is given back; it would end by itself in ten minutes."""

_UDP = 17 << 24
"""What a relay shall speak with the other side (RFC 8656 §18.8)."""
_UNAUTHORIZED, _STALE_NONCE = 401, 438
_HEADER = 20
_COOKIE = COOKIE.to_bytes(4)


@dataclass(frozen=True, slots=True)
class StunServer:
    """One address of a server, and how it is spoken to: `udp` or `tcp`, the latter perhaps in TLS."""

    host: str
    address: str
    port: int
    transport: str
    tls: bool = False
    allow_private: bool = False

    def __str__(self) -> str:
        where = f"[{self.address}]" if ":" in self.address else self.address
        return f"{self.host} ({where}:{self.port} over {'TLS' if self.tls else self.transport.upper()})"


class _Channel(Protocol):
    repeats: bool
    """Whether what is sent may get lost, and is to be sent again."""

    def send(self, data: bytes) -> None: ...

    async def receive(self) -> bytes: ...


async def reflexive_address(network: Network, server: StunServer, timeouts: Timeouts) -> str:
    """The address that the server sees us at. Raises WireError."""
    async with _connected(network, server, timeouts) as channel:
        answer = await _ask(channel, server, timeouts, Message(Method.BINDING, Class.REQUEST))
    return _address(answer, "XOR-MAPPED-ADDRESS", server)


async def relayed_address(
    network: Network, server: StunServer, username: str, password: str, timeouts: Timeouts
) -> str:
    """The address of a relay, which is given back at once. Raises WireError; StunRefused for wrong credentials."""
    async with _connected(network, server, timeouts) as channel:
        try:
            answer = await _ask(channel, server, timeouts, _request(Method.ALLOCATE, {"REQUESTED-TRANSPORT": _UDP}))
            signed: dict[str, object] = {}
            key = None
        except StunRefused as refused:
            answer, signed, key = await _allocate(channel, server, timeouts, refused, (username, password))
        try:
            return _address(answer, "XOR-RELAYED-ADDRESS", server)
        finally:
            farewell = Timeouts(timeouts.connect, min(timeouts.reply, GOODBYE))
            with contextlib.suppress(WireError):
                await _ask(channel, server, farewell, _request(Method.REFRESH, {"LIFETIME": 0} | signed), key)


async def _allocate(
    channel: _Channel, server: StunServer, timeouts: Timeouts, refused: StunRefused, credentials: tuple[str, str]
) -> tuple[Message, dict[str, object], bytes]:
    """The answer to the second try, with realm and nonce from the first; or the third, if that nonce is too old."""
    for wanted in (_UNAUTHORIZED, _STALE_NONCE):
        if refused.code != wanted:
            break
        username, password = credentials
        realm, nonce = refused.attributes.get("REALM", ""), refused.attributes.get("NONCE", b"")
        key = hashlib.md5(f"{username}:{realm}:{password}".encode(), usedforsecurity=False).digest()
        signed: dict[str, object] = {"USERNAME": username, "REALM": realm, "NONCE": nonce}
        request = _request(Method.ALLOCATE, {"REQUESTED-TRANSPORT": _UDP} | signed)
        try:
            return await _ask(channel, server, timeouts, request, key), signed, key
        except StunRefused as again:
            refused = again
    raise refused


def _request(method: Method, attributes: Mapping[str, object]) -> Message:
    return Message(method, Class.REQUEST, attributes=dict(attributes))


def _address(answer: Message, attribute: str, server: StunServer) -> str:
    found = answer.attributes.get(attribute)
    if found is None:
        raise ProtocolViolation(f"{server} answers without {attribute}")
    return str(found[0])


async def _ask(
    channel: _Channel, server: StunServer, timeouts: Timeouts, request: Message, key: bytes | None = None
) -> Message:
    """The answer to `request`, signed with `key` if given. Raises StunRefused for an error response."""
    if key is None:
        request.add_fingerprint()
    else:
        request.add_message_integrity(key)
    wait = FIRST_WAIT
    try:
        async with asyncio.timeout(timeouts.reply):
            while True:
                channel.send(bytes(request))
                try:
                    async with asyncio.timeout(wait if channel.repeats else None):
                        return await _answer(channel, server, request, key)
                except TimeoutError:
                    wait *= 2
    except TimeoutError:
        raise TimedOut(f"{server} sent nothing for {timeouts.reply:g} s") from None


async def _answer(channel: _Channel, server: StunServer, request: Message, key: bytes | None) -> Message:
    while True:
        data = await channel.receive()
        try:
            answer = parse_message(data)
        except Exception as error:  # whatever the parser says of what somebody else has made up
            raise ProtocolViolation(f"{server} did not answer with STUN: {error}"[:200]) from error
        if answer.transaction_id != request.transaction_id:
            continue
        if answer.message_class is Class.ERROR:
            code, text = answer.attributes.get("ERROR-CODE", (0, "without a code"))
            detail = f"{server} answers with the error {code} {text[:100]}"
            raise StunRefused(code, detail, answer.attributes)
        if key is not None and not answer.check_message_integrity(key):
            raise ProtocolViolation(f"{server} does not sign its answer with the password")
        return answer


@contextlib.asynccontextmanager
async def _connected(network: Network, server: StunServer, timeouts: Timeouts) -> AsyncIterator[_Channel]:
    admit(server.address, server.allow_private)
    if not routed(server.address):
        raise NoRoute(f"{server}: this machine has no route to the address")
    connect = _over_udp(server) if server.transport == "udp" else _over_tcp(network, server, timeouts)
    async with network.connections.slot(server.address), connect as channel:
        yield channel


class _Datagrams(asyncio.DatagramProtocol):
    """What comes from the one address that the socket is connected to."""

    repeats = True

    def __init__(self, server: StunServer) -> None:
        self._server = server
        self._received: asyncio.Queue[bytes | OSError] = asyncio.Queue()
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport

    def datagram_received(self, data: bytes, address: object) -> None:
        self._received.put_nowait(data)

    def error_received(self, error: Exception) -> None:
        if isinstance(error, OSError):
            self._received.put_nowait(error)

    def send(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.sendto(data)

    async def receive(self) -> bytes:
        received = await self._received.get()
        if isinstance(received, ConnectionRefusedError):
            raise ConnectionRefused(f"{self._server}: nobody listens there (port unreachable)")
        if isinstance(received, OSError):
            raise Unreachable(f"{self._server} cannot be reached: {received.strerror or received}")
        return received


@contextlib.asynccontextmanager
async def _over_udp(server: StunServer) -> AsyncIterator[_Channel]:
    loop = asyncio.get_running_loop()
    try:
        transport, protocol = await loop.create_datagram_endpoint(
            lambda: _Datagrams(server), remote_addr=(server.address, server.port)
        )
    except OSError as error:
        raise connection_error(server, error, server.address) from error
    try:
        yield protocol
    finally:
        transport.abort()


@dataclass(slots=True)
class _Connection:
    server: StunServer
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    repeats: bool = False

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def receive(self) -> bytes:
        """A message says its length in its header (RFC 8489 §5)."""
        try:
            head = await self.reader.readexactly(_HEADER)
            if head[4:8] != _COOKIE:
                raise ProtocolViolation(f"{self.server} did not answer with STUN: {head[:8].decode('latin-1')!r}")
            return head + await self.reader.readexactly(int.from_bytes(head[2:4]))
        except asyncio.IncompleteReadError as error:
            raise Disconnected(f"{self.server} closed the connection") from error
        except OSError as error:
            raise Disconnected(f"{self.server} broke the connection: {words_of(error)}") from error


@contextlib.asynccontextmanager
async def _over_tcp(network: Network, server: StunServer, timeouts: Timeouts) -> AsyncIterator[_Channel]:
    context, name = (network.tls.verified, server.host) if server.tls else (None, None)
    try:
        async with asyncio.timeout(timeouts.connect):
            reader, writer = await asyncio.open_connection(
                server.address, server.port, ssl=context, server_hostname=name
            )
    except TimeoutError:
        raise TimedOut(f"{server} did not answer the connection within {timeouts.connect:g} s") from None
    except ssl.SSLError as error:
        raise tls_error(error, server.host) from error
    except OSError as error:
        raise connection_error(server, error, server.address) from error
    try:
        yield _Connection(server, reader, writer)
    finally:
        writer.transport.abort()
