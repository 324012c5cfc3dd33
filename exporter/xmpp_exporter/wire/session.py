"""A logged-in stream, and the stanzas that checks exchange over it.

A probe comes once and must leave nothing: no reconnects, no redirects, no presence, no answers to subscriptions; and
however the stream ends, everybody who waits for it learns so at once and nothing of it remains.
"""

import asyncio
import contextlib
import time
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from xmpp_exporter.memo import copy_of
from xmpp_exporter.wire.client import Client
from xmpp_exporter.wire.errors import Disconnected, ProtocolViolation, TimedOut, WireError
from xmpp_exporter.wire.guard import admit
from xmpp_exporter.wire.negotiation import negotiate
from xmpp_exporter.wire.network import Network, Target, Timeouts, words_of
from xmpp_exporter.wire.stanza import escape, iq, reply_of
from xmpp_exporter.wire.stream import STREAM_ERROR, STREAMS, stream_error_text
from xmpp_exporter.wire.tls import TlsConnection
from xmpp_exporter.wire.trace import HIDDEN, Trace

CLIENT = "{jabber:client}"
VERSION = "{jabber:iq:version}"


@dataclass(frozen=True, slots=True)
class Credentials:
    """An account: its bare JID, its password, and whether the password may be sent in PLAIN (over verified TLS)."""

    jid: str
    password: str
    allow_plain: bool = False

    def __repr__(self) -> str:
        return f"Credentials({self.jid!r})"


@dataclass(frozen=True, slots=True)
class Resumption:
    """A stream that was cut (XEP-0198 §5): its id, its full JID, and how many of its stanzas we have."""

    id: str
    jid: str
    received: int


class Session:
    """One login at one address, to be used as an asynchronous context manager.

    Raises WireError when entered: what connecting and TLS raise, or LoginFailed.
    """

    RESOURCE = "xmpp-exporter"
    """What our resource begins with."""
    LASTING = False
    """Whether it stays, however much the server sends over time."""

    def __init__(
        self,
        network: Network,
        target: Target,
        credentials: Credentials,
        timeouts: Timeouts,
        trace: Trace | None = None,
        *,
        end_point: bool = False,
    ) -> None:
        self.network = network
        self.target = target
        self.timeouts = timeouts
        self.trace = trace or Trace()
        self.trace.hide(credentials.password)
        self.jid = credentials.jid
        """The full JID, once bound."""
        self.mechanism = ""
        """The SASL mechanism that was used."""
        self.end_point = end_point
        """Whether to log in with channel binding of the type tls-server-end-point, or not at all."""
        self.server_first = ""
        """SCRAM's server-first-message of the login."""
        self.mechanisms: tuple[str, ...] = ()
        """Those that the server offers after TLS."""
        self.plain_features: ET.Element | None = None
        self.login_features: ET.Element | None = None
        self.features = ET.Element(f"{STREAMS}features")
        """The stream features after login."""
        self.tls: TlsConnection | None = None
        self.times: dict[str, float] = {}
        """Seconds since the start at which connect, tls, auth and bind were reached."""
        self.credentials = credentials
        self.hold: asyncio.Event | None = None
        """What the login waits for before it uses the password, if for anything."""
        self.resuming: Resumption | None = None
        """A stream to go on with, in the place of binding a resource."""
        self.answers = {"{urn:xmpp:ping}ping": ""}
        """What requests for information are answered with: payloads by the request's element, `{namespace}name`.

        Pings are our own, through a room (XEP-0410).
        """
        self._client: Client | None = None
        self._bound = False
        self._ended: WireError | None = None
        self._started = self._last_byte = time.monotonic()
        self._replies: dict[str, asyncio.Future[ET.Element]] = {}
        self._listeners: list[tuple[Callable[[ET.Element], bool], bool, asyncio.Queue[ET.Element | None]]] = []
        self._stack = contextlib.AsyncExitStack()

    @property
    def bare_jid(self) -> str:
        return self.credentials.jid

    @property
    def alive(self) -> bool:
        """Whether stanzas can still be exchanged."""
        return self._ended is None and self._bound

    async def __aenter__(self) -> "Session":
        try:
            await self._stack.enter_async_context(self.network.connections.slot(self.target.address))
            admit(self.target.address, self.target.allow_private)
            await self._login()
        except BaseException as error:
            if isinstance(error, WireError):
                self._censor(error)
                self.fail(error)
            await self.close()
            raise
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self.close()

    async def _login(self) -> None:
        contexts = self.network.tls
        context = contexts.direct(self.target.party.alpn) if self.target.direct_tls else contexts.verified
        self._started = self._last_byte = time.monotonic()
        self.trace.note(f"logging in at {self.target}")
        self._client = Client(self, self.credentials.jid, self.credentials.password, context, lasting=self.LASTING)
        await negotiate(self, self._client)
        self._bound = True

    async def close(self) -> None:
        """End the stream and remove every trace of the client; safe in every state and to call twice."""
        client, self._client = self._client, None
        goodbye = self.alive
        self.fail(Disconnected("the stream was closed by us"))
        try:
            if client is not None:
                await client.close(goodbye=goodbye)
        finally:
            await self._stack.aclose()

    def cut(self) -> None:
        """Lose the connection, as a phone does in a tunnel: without a word to the server."""
        self.fail(Disconnected("the connection was cut by us"))

    # what the client tells us

    def on_bytes(self) -> None:
        self._last_byte = time.monotonic()

    def on_sending(self, data: str) -> None:
        self.trace.sent(data)

    def on_element(self, element: ET.Element) -> None:
        if self._ended is not None:
            return
        self.trace.received(element)
        if element.tag == STREAM_ERROR:
            self.fail(ProtocolViolation(f"{self.target}: {stream_error_text(element)}"))
        else:
            self._deliver(element)

    def on_lost(self, exception: BaseException | None) -> None:
        self.fail(Disconnected(f"{self.target} ended the stream" + (f": {words_of(exception)}" if exception else "")))

    def reached(self, phase: str) -> None:
        """Note how long it took to get there."""
        self.times.setdefault(phase, time.monotonic() - self._started)

    def fail(self, error: WireError) -> None:
        """The stream is over: everybody who waits for it learns why, at once."""
        if self._ended is not None:
            return
        self._censor(error)
        self._ended = error
        self.trace.note(f"the end: {error.detail}")
        for reply in self._replies.values():
            if not reply.done():
                reply.set_exception(self._end())
        for _wanted, _takes, queue in self._listeners:
            queue.put_nowait(None)
        if self._client is not None and self._client.transport is not None:
            self._client.transport.abort()

    def _censor(self, error: WireError) -> None:
        """Servers have been seen to quote what they refuse."""
        if self.credentials.password:
            error.detail = error.detail.replace(self.credentials.password, HIDDEN)
            error.args = (error.detail,)

    def _end(self) -> WireError:
        """Why the stream is over, as an object of its own for each who asks."""
        return copy_of(self._ended) if self._ended is not None else Disconnected(f"{self.target}: no stream")

    # what checks use

    def send(self, stanza: str) -> None:
        """Send XML text as it is. Raises the error that ended the stream, if it has ended."""
        if self._ended is not None or self._client is None or self._client.transport is None:
            raise self._end()
        self._client.send_raw(stanza)

    async def iq(self, kind: str, payload: str, to: str | None = None) -> ET.Element:
        """A request and the payload of its reply: the reply's first child, or the empty reply itself.

        Raises StanzaError for an error reply, TimedOut when nothing at all arrives for the reply timeout, and at once
        what ended the stream.
        """
        stanza_id = uuid.uuid4().hex
        reply = self._replies[stanza_id] = asyncio.get_running_loop().create_future()
        try:
            self.send(iq(kind, stanza_id, payload, to))
            element = reply_of(await self._await(reply, f"the reply of {to or 'the server'}"))
        finally:
            del self._replies[stanza_id]
            if reply.done() and not reply.cancelled():
                reply.exception()
        return next(iter(element), element)

    @contextlib.contextmanager
    def listen(self, wanted: Callable[[ET.Element], bool], *, takes: bool = True) -> Iterator["Listener"]:
        """Collects the stanzas and other elements for which `wanted` is true, from now on.

        Requests among them are answered as usual only unless the listener `takes` them.
        """
        queue: asyncio.Queue[ET.Element | None] = asyncio.Queue()
        entry = (wanted, takes, queue)
        self._listeners.append(entry)
        try:
            yield Listener(self, queue)
        finally:
            self._listeners.remove(entry)

    def pushes(self, payload: str) -> AbstractContextManager["Listener"]:
        """The requests with `payload` (`{namespace}name`) by which the server tells of changes, from now on."""

        def ours(element: ET.Element) -> bool:
            return (
                element.tag == f"{CLIENT}iq"
                and element.get("type") == "set"
                and element.get("from") in (None, self.bare_jid)
                and element.find(payload) is not None
            )

        return self.listen(ours, takes=False)

    async def _await(self, future: asyncio.Future[Any], what: str) -> Any:
        """Wait for `future` for as long as bytes keep arriving within the reply timeout."""
        waiting_since = time.monotonic()
        while True:
            quiet_since = max(self._last_byte, waiting_since)
            remaining = quiet_since + self.timeouts.reply - time.monotonic()
            if remaining <= 0:
                raise TimedOut(f"{what} did not come: nothing arrived for {self.timeouts.reply:g} s")
            done, _ = await asyncio.wait([future], timeout=remaining)
            if done:
                return future.result()

    def _deliver(self, element: ET.Element) -> None:
        if element.tag == f"{CLIENT}iq":
            if element.get("type") in ("result", "error"):
                reply = self._replies.get(element.get("id", ""))
                if reply is not None and not reply.done():
                    reply.set_result(element)
                    return
            elif not any(takes and wanted(element) for wanted, takes, _queue in self._listeners):
                self._answer(element)
        for wanted, _takes, queue in self._listeners:
            if wanted(element):
                queue.put_nowait(element)

    def _answer(self, request: ET.Element) -> None:
        """Say who we are (XEP-0092), take the account's own pushes (RFC 6121 §2.1.6), refuse the rest."""
        sender, stanza_id = request.get("from"), request.get("id", "")
        known = next((self.answers[child.tag] for child in request if child.tag in self.answers), None)
        if request.get("type") == "get" and request.find(f"{VERSION}query") is not None:
            about = f"<query xmlns='jabber:iq:version'><name>{escape(self.network.user_agent)}</name></query>"
            self.send(iq("result", stanza_id, about, sender))
        elif request.get("type") == "get" and known is not None:
            self.send(iq("result", stanza_id, known, sender))
        elif request.get("type") == "set" and sender in (None, self.bare_jid):
            self.send(iq("result", stanza_id, "", sender))
        else:
            refusal = "<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
            self.send(iq("error", stanza_id, refusal, sender))


class Listener:
    """Stanzas as they come; raises what ended the stream, or TimedOut."""

    def __init__(self, session: Session, queue: asyncio.Queue[ET.Element | None]) -> None:
        self._session = session
        self._queue = queue
        """None wakes whoever waits when the stream has ended."""

    async def next(self, what: str) -> ET.Element:
        """The next stanza. `what` names it in the error. What came before the stream's end is still handed out."""
        if self._queue.empty() and self._session._ended is not None:
            raise self._session._end()
        getter = asyncio.ensure_future(self._queue.get())
        try:
            element: ET.Element | None = await self._session._await(getter, what)
        finally:
            getter.cancel()
        if element is None:
            raise self._session._end()
        return element

    def collected(self) -> list[ET.Element]:
        """What has come so far, without waiting."""
        items = []
        while not self._queue.empty():
            element = self._queue.get_nowait()
            if element is not None:
                items.append(element)
        return items
