"""slixmpp's client with its habits of staying alive removed.

slixmpp is made for clients that stay; a probe comes once and must leave nothing. What is used of it: the stream (its
header, the sorting of what arrives, the sending) and its SASL mechanisms. Connecting, TLS and the order of the steps
are ours: so there are no reconnects, no redirects, no tasks or timers that nobody owns, no second guess at the password
by another mechanism, no answers to strangers' subscriptions.
"""

import asyncio
import contextlib
import ssl
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import slixmpp
from slixmpp.util.sasl.client import Mech, choose

from xmpp_exporter.wire import scram
from xmpp_exporter.wire.errors import Disconnected, ProtocolViolation, WireError
from xmpp_exporter.wire.network import acknowledge_at_once
from xmpp_exporter.wire.stream import STREAMS
from xmpp_exporter.wire.xml import StanzaParser, local


class Owner(Protocol):
    """Who hears of what happens on the stream."""

    def on_bytes(self) -> None:
        """Something has arrived."""

    def on_element(self, element: ET.Element) -> None:
        """A whole child of the stream has arrived."""

    def on_sending(self, data: str) -> None:
        """This is about to be sent."""

    def on_lost(self, exception: BaseException | None) -> None:
        """The connection is gone, in order if there is no exception."""

    def fail(self, error: WireError) -> None:
        """What arrives is not what we read: the stream is over."""


class Client(slixmpp.ClientXMPP):
    """One connection for one login; what arrives goes to its owner and nowhere else."""

    transport: asyncio.Transport | None

    def __init__(
        self, owner: Owner, jid: str, password: str, context: ssl.SSLContext, *, lasting: bool = False
    ) -> None:
        super().__init__(jid, password, ssl_context=context)
        self._owner = owner
        self._lasting = lasting
        self._closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def open(self, address: str, port: int) -> None:
        """Connect, without TLS. Raises OSError."""
        await asyncio.get_running_loop().create_connection(lambda: self, address, port)

    async def encrypt(self, server_hostname: str) -> None:
        """Start TLS on the connection. Raises OSError and ssl.SSLError. What came before it is forgotten."""
        self.parser = None
        if self.transport is None:
            raise ConnectionResetError("the connection was lost")
        try:
            transport = await asyncio.get_running_loop().start_tls(
                self.transport, self, self.ssl_context, server_hostname=server_hostname
            )
        except BaseException:
            self._drop()  # asyncio does not say connection_lost in the middle of a handshake
            raise
        assert transport is not None  # noqa: S101 - it raises instead
        self.transport = transport
        self.socket = transport.get_extra_info("ssl_object")

    def begin(self) -> None:
        """Begin the stream, or begin it anew after TLS and after authentication (RFC 6120 §4.3.3)."""
        self.init_parser()
        self.send_raw(self.stream_header)

    def mechanism(self, name: str, offered: Sequence[str], end_point: bytes | None = None) -> Mech:
        """The SASL mechanism `name`, with our credentials, and knowing what else the server offers.

        With `end_point`, the hash of the server's certificate, the login is tied to that. Raises
        SASLNoAppropriateMechanism and StringPrepError for a password that can't be used with it.
        """
        plugin: Any = self.plugin["feature_mechanisms"]
        plugin.mech_list = set(offered)

        def credentials(required: Iterable[str], optional: Iterable[str]) -> dict[str, Any]:
            found: dict[str, Any] = plugin.sasl_callback(required, optional)
            return found if end_point is None else found | {"channel_binding": end_point}

        mechanism = choose([name], credentials, plugin.security_callback)
        if isinstance(mechanism, scram.OpensslScram):
            mechanism.end_point = end_point
        return mechanism

    async def close(self, *, goodbye: bool) -> None:
        """End the connection, after the stream if `goodbye`; returns when the socket is closed."""
        if goodbye and self.transport is not None:
            with contextlib.suppress(Exception):  # the stream may break at any point of its own end
                self.send_raw(self.stream_footer)
        if self.transport is not None:
            self.transport.abort()  # what was written is with the kernel; nobody waits for a silent peer
            await asyncio.wait([self._closed], timeout=1)
        await asyncio.sleep(0)  # the socket is closed in the loop's next turn

    def _drop(self) -> None:
        if self.transport is not None:
            self.transport.abort()
        self.transport = self.parser = self.socket = None
        if not self._closed.done():
            self._closed.set_result(None)

    # what asyncio and slixmpp call

    def init_parser(self) -> None:
        super().init_parser()
        self.parser = StanzaParser(lasting=self._lasting)  # type: ignore[assignment]

    def connection_made(self, transport: asyncio.BaseTransport, send_event: bool = True) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - TCP
        self.transport = transport

    def data_received(self, data: bytes | str) -> None:
        self._owner.on_bytes()
        if self.transport is not None:
            acknowledge_at_once(self.transport)
        if self.parser is None:
            return
        try:
            super().data_received(data)
        except WireError as error:
            self._owner.fail(error)

    def start_stream_handler(self, xml: ET.Element) -> None:
        if xml.tag != f"{STREAMS}stream":
            raise ProtocolViolation(f"the server answered with <{local(xml)}/>, not an XMPP stream")

    def _spawn_event(self, xml: ET.Element) -> None:
        self._owner.on_element(xml)

    def send_raw(self, data: str | bytes) -> None:
        if self.transport is None:
            raise Disconnected("the connection is lost")
        text = data if isinstance(data, str) else data.decode()
        self._owner.on_sending(text)
        self.transport.write(text.encode())  # slixmpp would show it to its log, too
        acknowledge_at_once(self.transport)

    def abort(self) -> None:
        # slixmpp would close() first, which cuts a TLS transport that is closing already off from its TLS: abort() then
        # raises in Python 3.11.2, Debian 12's own, and the socket stays.
        if self.transport is not None:
            self.transport.abort()

    def connection_lost(self, exception: BaseException | None) -> None:
        self._drop()
        self._owner.on_lost(exception)
