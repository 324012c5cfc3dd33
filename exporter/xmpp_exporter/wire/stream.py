"""A raw XMPP stream without login: connect, TLS, features, and what may be asked before authentication.

For servers as they meet a stranger. It never sends a password.
"""

import asyncio
import contextlib
import ssl
import time
import uuid
import xml.etree.ElementTree as ET
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass

from cryptography import x509

from xmpp_exporter.wire.errors import Disconnected, ProtocolViolation, StreamRefused, TimedOut, TlsFailed
from xmpp_exporter.wire.identity import Identity
from xmpp_exporter.wire.network import Network, Party, Target, Timeouts, acknowledge_at_once, connect_tcp, words_of
from xmpp_exporter.wire.stanza import iq, quoteattr, reply_of
from xmpp_exporter.wire.tls import TlsConnection, describe, presented, tls_error
from xmpp_exporter.wire.trace import Trace
from xmpp_exporter.wire.xml import StanzaParser, local

STREAMS = "{http://etherx.jabber.org/streams}"
TLS = "{urn:ietf:params:xml:ns:xmpp-tls}"
STREAM_ERROR = f"{STREAMS}error"


@dataclass
class StreamTimes:
    """How long each step took, in seconds; None for a step that was not reached."""

    connect: float | None = None
    tls: float | None = None
    features: float | None = None


class Stream:
    """One stream to one address. What was reached stays readable when opening it failed half-way."""

    def __init__(
        self,
        network: Network,
        target: Target,
        timeouts: Timeouts,
        trace: Trace | None = None,
        identity: Identity | None = None,
    ) -> None:
        self.network = network
        self.target = target
        self.timeouts = timeouts
        self.trace = trace or Trace()
        self.identity = identity
        """As whom we speak to another server; None to speak for no domain."""
        self.sender: str | None = None
        """The account that will log in here; told only once there is TLS (RFC 6120 §4.7.1)."""
        self.times = StreamTimes()
        self.header: ET.Element | None = None
        """The server's stream header, the last one."""
        self.plain_features: ET.Element | None = None
        """The features before STARTTLS; None with direct TLS."""
        self.features = ET.Element(f"{STREAMS}features")
        """The features after TLS."""
        self.tls: TlsConnection | None = None
        self.certificates: tuple[x509.Certificate, ...] = ()
        """As presented, leaf first."""
        self._parser = StanzaParser()
        self._depth = 0
        self._ended = False
        self._inbox: deque[ET.Element] = deque()

    @contextlib.asynccontextmanager
    async def open(self, *, verify: bool = True, names: bool = True) -> AsyncIterator["Stream"]:
        """Negotiates up to the features after TLS, and closes at the end.

        With `verify=False` any certificate is accepted, to look at it; with `names=False` any that its issuer vouches
        for. Raises what connecting, TLS and reading raise, all of them WireError.
        """
        async with self._connected():
            try:
                await self._negotiate(verify, names)
                yield self
            finally:
                with contextlib.suppress(OSError, RuntimeError):
                    self._writer.write(b"</stream:stream>")

    @contextlib.asynccontextmanager
    async def open_before_handshake(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """The connection where the client's first TLS record belongs next. Raises as `open` does."""
        async with self._connected():
            await self._agree_on_tls()
            yield self._reader, self._writer

    @contextlib.asynccontextmanager
    async def _connected(self) -> AsyncIterator[None]:
        async with self.network.connections.slot(self.target.address):
            started = time.perf_counter()
            self.trace.note(f"connecting to {self.target}")
            self._reader, self._writer = await connect_tcp(self.target, self.timeouts)
            self.times.connect = time.perf_counter() - started
            try:
                yield
            finally:
                self._writer.transport.abort()  # what was written is with the kernel; nobody waits for a silent peer

    async def _open_stream(self) -> ET.Element:
        """Send our header, read theirs and the features (RFC 6120 §4.3)."""
        self._parser = StanzaParser()
        self._depth = 0
        self._inbox.clear()
        self._ended = False
        self.header = None
        # otherwise no `from`: we have no domain to speak for, and the server's own would be a lie
        name = self.identity.domain if self.identity else self.sender if self.tls else None
        sender = f" from={quoteattr(name)}" if name else ""
        dialback = " xmlns:db='jabber:server:dialback'" if self.target.party is Party.SERVER else ""
        self.send(
            f"<?xml version='1.0'?><stream:stream to='{self.target.domain}'{sender} version='1.0' xml:lang='en'"
            f" xmlns='{self.target.party.namespace}'{dialback} xmlns:stream='http://etherx.jabber.org/streams'>"
        )
        features = await self.read()
        if features.tag != f"{STREAMS}features":
            raise ProtocolViolation(f"{self.target} sent <{local(features)}/> where stream features belong")
        return features

    def send(self, text: str) -> None:
        """Send XML text as it is."""
        self.trace.sent(text)
        self._writer.write(text.encode())
        acknowledge_at_once(self._writer.transport)

    async def read(self) -> ET.Element:
        """The next element of the stream. Raises ProtocolViolation (stream errors too), Disconnected, TimedOut."""
        while not self._inbox:
            if self._ended:
                raise Disconnected(f"{self.target} ended the stream")
            try:
                async with asyncio.timeout(self.timeouts.reply):
                    data = await self._reader.read(65536)
            except TimeoutError:
                raise TimedOut(f"{self.target} sent nothing for {self.timeouts.reply:g} s") from None
            except OSError as error:
                raise Disconnected(f"{self.target} broke the connection: {words_of(error)}") from error
            if not data:
                raise Disconnected(f"{self.target} closed the connection")
            acknowledge_at_once(self._writer.transport)
            self._parser.feed(data)
            self._sort_events()
        element = self._inbox.popleft()
        self.trace.received(element)
        if element.tag == STREAM_ERROR:
            raise StreamRefused(stream_error_condition(element), f"{self.target}: {stream_error_text(element)}")
        return element

    def _sort_events(self) -> None:
        for event, element in self._parser.read_events():
            if event == "start":
                if self._depth == 0:
                    self.header = element
                    if element.tag != f"{STREAMS}stream":
                        raise ProtocolViolation(f"{self.target} answered with <{local(element)}/>, not an XMPP stream")
                self._depth += 1
            else:
                self._depth -= 1
                if self._depth == 1:
                    self._inbox.append(element)
                elif self._depth == 0:
                    self._ended = True

    async def _handshake(self, verify: bool, names: bool) -> None:
        contexts = self.identity.tls if self.identity else self.network.tls
        alpn = self.target.party.alpn if self.target.direct_tls else None
        trusted = contexts.direct(alpn) if alpn else contexts.verified
        context = contexts.inspecting(alpn) if not verify else trusted if names else contexts.nameless(alpn)
        try:
            async with asyncio.timeout(self.timeouts.connect):
                await self._encrypt(context)
        except TimeoutError:
            raise TimedOut(f"{self.target} did not finish the TLS handshake") from None
        except ssl.SSLError as error:
            raise tls_error(error, self.target.domain) from error
        except OSError as error:
            raise TlsFailed(f"{self.target} broke off the TLS handshake: {words_of(error)}") from error
        tls = self._writer.get_extra_info("ssl_object")
        self.tls, self.certificates = describe(tls), tuple(presented(tls))

    async def _encrypt(self, context: ssl.SSLContext) -> None:
        """TLS with a new reader: what the old one holds came in plain text, from whomever, and must not be read on."""
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(loop=loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        transport = await loop.start_tls(self._writer.transport, protocol, context, server_hostname=self.target.domain)
        assert transport is not None  # noqa: S101 - it raises instead
        protocol.connection_made(transport)
        self._plain_writer = self._writer  # it would close the connection as soon as nobody has it any more
        self._reader, self._writer = reader, asyncio.StreamWriter(transport, protocol, reader, loop)

    async def _negotiate(self, verify: bool, names: bool) -> None:
        started = time.perf_counter()
        await self._agree_on_tls()
        await self._handshake(verify, names)
        self.times.tls = time.perf_counter() - started
        self.features = await self._open_stream()
        self.times.features = time.perf_counter() - started - self.times.tls

    async def _agree_on_tls(self) -> None:
        """RFC 6120 §5.4; nothing to do with direct TLS."""
        if self.target.direct_tls:
            return
        self.plain_features = await self._open_stream()
        if self.plain_features.find(f"{TLS}starttls") is None:
            raise TlsFailed(f"{self.target} does not offer STARTTLS")
        self.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
        answer = await self.read()
        if answer.tag != f"{TLS}proceed":
            raise TlsFailed(f"{self.target} answered STARTTLS with <{local(answer)}/>")
        if self._inbox:
            raise ProtocolViolation(f"{self.target} sent more in plain text after it had agreed to TLS")

    async def ask(self, kind: str, payload: str) -> ET.Element:
        """One request before authentication (as in-band registration needs); the reply's element.

        Raises StanzaError for an error reply, and what `read` raises.
        """
        stanza_id = uuid.uuid4().hex
        self.send(iq(kind, stanza_id, payload, self.target.domain))
        while True:
            element = await self.read()
            if element.get("id") == stanza_id:
                return reply_of(element)


def stream_error_text(element: ET.Element) -> str:
    """A stream error (RFC 6120 §4.9) in words: its condition and text."""
    text = next((child.text for child in element if local(child) == "text" and child.text), "")
    return f"stream error {stream_error_condition(element)}" + (f": {text[:200]}" if text else "")


def stream_error_condition(element: ET.Element) -> str:
    """The defined condition of a stream error (RFC 6120 §4.9.3)."""
    return next((local(child) for child in element if local(child) != "text"), "undefined-condition")
