"""A logged-in stream: slixmpp negotiates and logs in, from then on stanzas come to us.

slixmpp is made for clients that stay; a probe comes once and must leave nothing. So here it never reconnects, follows
no redirect, answers no subscription, sends the password by one mechanism only, and is torn down in every outcome.
"""

import asyncio
import contextlib
import ssl
import time
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import slixmpp
from slixmpp.util.sasl.client import SASLCancelled, SASLFailed, SASLMutualAuthFailed
from slixmpp.xmlstream.handler import Callback, CoroutineCallback
from slixmpp.xmlstream.matcher import MatchXPath
from slixmpp.xmlstream.stanzabase import StanzaBase

from xmpp_exporter.model import Failure
from xmpp_exporter.wire.errors import Disconnected, LoginFailed, ProtocolViolation, TimedOut, TlsFailed, WireError
from xmpp_exporter.wire.guard import admit
from xmpp_exporter.wire.network import Network, Target, Timeouts, connection_error
from xmpp_exporter.wire.scram import TooManyIterations
from xmpp_exporter.wire.stanza import iq, reply_of
from xmpp_exporter.wire.stream import STREAMS, TLS, stream_error_text
from xmpp_exporter.wire.tls import TlsConnection, describe, tls_error
from xmpp_exporter.wire.trace import Trace
from xmpp_exporter.wire.xml import StanzaParser

SASL = "{urn:ietf:params:xml:ns:xmpp-sasl}"
CLIENT = "{jabber:client}"
VERSION = "{jabber:iq:version}"

MECHANISMS = tuple(
    f"SCRAM-{hash_name}{plus}" for plus in ("-PLUS", "") for hash_name in ("SHA-512", "SHA-256", "SHA-1")
)
"""What we log in with, strongest first. PLAIN only where the configuration allows it."""

_DISABLED = frozenset({"account-disabled", "credentials-expired"})


@dataclass(frozen=True, slots=True)
class Credentials:
    """An account: its bare JID, its password, and whether the password may be sent in PLAIN (over verified TLS)."""

    jid: str
    password: str
    allow_plain: bool = False

    def __repr__(self) -> str:
        return f"Credentials({self.jid!r})"


class _Client(slixmpp.ClientXMPP):
    """slixmpp's client with its habits of staying alive removed; everything it learns goes to its Session."""

    def __init__(self, session: "Session", credentials: Credentials, context: ssl.SSLContext) -> None:
        resource = f"xmpp-exporter-{uuid.uuid4().hex[:8]}"
        super().__init__(f"{credentials.jid}/{resource}", credentials.password, ssl_context=context)
        self.session = session
        self.whitespace_keepalive = False
        self.auto_authorize = None  # otherwise strangers' subscriptions would be accepted
        self.auto_subscribe = False
        self.max_redirects = -1  # see-other-host would lead past the guard
        self.enable_direct_tls = session.target.direct_tls
        self.enable_starttls = not session.target.direct_tls
        self.remove_handler("SASL Challenge")
        self.register_handler(
            CoroutineCallback("SASL Challenge", MatchXPath(f"{SASL}challenge"), self._answer_challenge)
        )
        self.remove_handler("SASL Success")
        self.register_handler(Callback("SASL Success", MatchXPath(f"{SASL}success"), self._succeed, instream=True))
        for event, handler in {
            "connected": session.on_connected,
            "tls_success": session.on_connected,
            "auth_success": session.on_authenticated,
            "session_start": session.on_bound,
            "connection_failed": session.on_connection_failed,
            "failed_auth": session.on_refused,
            "ssl_invalid_chain": session.on_connection_failed,
            "disconnected": session.on_disconnected,
        }.items():
            self.add_event_handler(event, handler)

    def init_parser(self) -> None:
        super().init_parser()
        self.parser = StanzaParser()  # type: ignore[assignment]

    def data_received(self, data: bytes | str) -> None:
        self.session.on_data(data)
        try:
            super().data_received(data)
        except WireError as error:
            self.session.fail(error)

    def send_raw(self, data: str | bytes) -> None:
        self.session.trace.sent(data)
        super().send_raw(data)

    def recv_stanza(self, stanza: StanzaBase) -> None:
        if not self.session.on_element(stanza.xml):
            super().recv_stanza(stanza)

    def exception(self, exception: Exception) -> None:
        self.session.fail(ProtocolViolation(f"the server confused our XMPP library: {exception!r}"))

    @property
    def _mechanism(self) -> Any:
        return self.plugin["feature_mechanisms"].mech

    async def _answer_challenge(self, challenge: StanzaBase) -> None:
        """As slixmpp does, with the key derivation in a thread and every failure told to the session."""
        try:
            answer = await asyncio.to_thread(self._mechanism.process, challenge["value"])
        except TooManyIterations as error:
            self.session.fail(LoginFailed(Failure.PROBER_LIMIT, error.message))
        except SASLMutualAuthFailed:
            self.session.fail(_impostor())
        except (SASLCancelled, SASLFailed) as error:
            self.session.fail(LoginFailed(Failure.AUTH_FAILED, f"SASL failed: {error.message!r}"))
        except (KeyError, ValueError, IndexError, TypeError) as error:
            self.session.fail(LoginFailed(Failure.AUTH_FAILED, f"a malformed SASL challenge: {error!r}"))
        else:
            if self.transport is not None:
                response = self.plugin["feature_mechanisms"].stanza.Response(self)
                if answer:
                    response["value"] = answer
                response.send()

    def _succeed(self, success: StanzaBase) -> None:
        if self._mechanism.name.startswith("SCRAM"):
            try:
                self._mechanism.process(success["value"])
            except Exception:  # whatever it was, the server has not shown that it knows the password
                self.session.fail(_impostor())
                return
        self.plugin["feature_mechanisms"]._handle_success(success)  # type: ignore[no-untyped-call]


def _impostor() -> LoginFailed:
    return LoginFailed(Failure.AUTH_FAILED, "the server could not show that it knows the password (SCRAM signature)")


class Session:
    """One login at one address, to be used as an asynchronous context manager.

    Raises WireError when entered: what connecting and TLS raise, or LoginFailed.
    """

    def __init__(
        self, network: Network, target: Target, credentials: Credentials, timeouts: Timeouts, trace: Trace | None = None
    ) -> None:
        self.network = network
        self.target = target
        self.timeouts = timeouts
        self.trace = trace or Trace()
        self.jid = credentials.jid
        """The full JID, once bound."""
        self.mechanism = ""
        """The SASL mechanism that was used."""
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
        self._client: _Client | None = None
        self._bound: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._ended: WireError | None = None
        self._last_byte = time.monotonic()
        self._replies: dict[str, asyncio.Future[ET.Element]] = {}
        self._listeners: list[tuple[Callable[[ET.Element], bool], asyncio.Queue[ET.Element | WireError]]] = []
        self._stack = contextlib.AsyncExitStack()

    @property
    def bare_jid(self) -> str:
        return self.credentials.jid

    @property
    def alive(self) -> bool:
        """Whether stanzas can still be exchanged."""
        return self._ended is None and self._bound.done()

    async def __aenter__(self) -> "Session":
        await self._stack.enter_async_context(self.network.connections.slot(self.target.address))
        try:
            admit(self.target.address, self.target.allow_private)
            await self._login()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self.close()

    async def _login(self) -> None:
        context = self.network.tls.verified_alpn if self.target.direct_tls else self.network.tls.verified
        self._started = self._last_byte = time.monotonic()
        self._client = _Client(self, self.credentials, context)
        self._client.connect(self.target.address, self.target.port)
        await self._await(self._bound, "the login")

    async def close(self) -> None:
        """End the stream and remove every trace of the client; safe in every state and to call twice."""
        client, self._client = self._client, None
        try:
            if client is not None:
                await _tear_down(client, polite=self.alive)
        finally:
            self.fail(Disconnected("the stream was closed by us"))
            await self._stack.aclose()

    # what slixmpp tells us

    def on_data(self, data: bytes | str) -> None:
        self._last_byte = time.monotonic()
        self.trace.received(data)

    def on_connected(self, _event: object) -> None:
        self._reached("tls" if self.target.direct_tls else "connect")

    def on_authenticated(self, _event: object) -> None:
        self._reached("auth")

    def on_bound(self, _event: object) -> None:
        self._reached("bind")
        assert self._client is not None  # noqa: S101 - events come from it
        self.jid = str(self._client.boundjid)
        if not self._bound.done():
            self._bound.set_result(None)

    def on_connection_failed(self, error: object) -> None:
        if isinstance(error, ssl.SSLError):
            self.fail(tls_error(error, self.target.domain))
        elif isinstance(error, OSError):
            self.fail(connection_error(self.target, error))
        else:
            self.fail(ProtocolViolation(f"{self.target}: {error}"))

    def on_refused(self, failure: StanzaBase) -> None:
        condition, text = str(failure["condition"]), str(failure["text"] or "")[:200]
        if condition == "not-authorized":
            kind = Failure.BAD_PASSWORD
        elif condition in _DISABLED:
            kind = Failure.ACCOUNT_DISABLED
        else:
            kind = Failure.AUTH_FAILED
        self.fail(LoginFailed(kind, f"{self.mechanism}: {condition}" + (f": {text}" if text else "")))

    def on_disconnected(self, reason: object) -> None:
        if isinstance(reason, ssl.SSLError):
            self.fail(tls_error(reason, self.target.domain))
        else:
            self.fail(Disconnected(f"{self.target} ended the stream" + (f": {reason}" if reason else "")))

    def on_element(self, element: ET.Element) -> bool:
        """Look at one element of the stream; whether it is dealt with, so that slixmpp need not see it."""
        if element.tag == f"{STREAMS}error":
            self.fail(ProtocolViolation(f"{self.target}: {stream_error_text(element)}"))
            return True
        if self._ended is not None:
            return True
        if self.alive:
            self._deliver(element)
            return True
        if element.tag == f"{STREAMS}features":
            self._take_features(element)
        return self._ended is not None

    def _take_features(self, features: ET.Element) -> None:
        assert self._client is not None  # noqa: S101 - elements come from it
        tls = self._client.transport.get_extra_info("ssl_object") if self._client.transport else None
        if self._client.authenticated:
            self.features = features
        elif tls is None:
            self.plain_features = features
            if features.find(f"{TLS}starttls") is None:
                self.fail(TlsFailed(f"{self.target} does not offer STARTTLS"))
        else:
            if self.tls is None:
                self.tls = describe(tls)
                self._reached("tls")
            self.login_features = features
            self._choose_mechanism(features)

    def _choose_mechanism(self, features: ET.Element) -> None:
        """The one mechanism to log in with: a second one, after a refusal, would be a second guess at the password."""
        assert self._client is not None and self.tls is not None  # noqa: S101 - called with TLS up
        self.mechanisms = tuple(
            (element.text or "").strip().upper() for element in features.iterfind(f"{SASL}mechanisms/{SASL}mechanism")
        )
        usable = [name for name in MECHANISMS if not name.endswith("-PLUS") or self.tls.version != "TLSv1.3"]
        if self.credentials.allow_plain:
            usable.append("PLAIN")
        self.mechanism = next((name for name in usable if name in self.mechanisms), "")
        if not self.mechanism:
            offered = ", ".join(self.mechanisms)[:200] or "none"
            self.fail(LoginFailed(Failure.NO_MECHANISM, f"no common SASL mechanism; the server offers {offered}"))
            return
        self._client.plugin["feature_mechanisms"].use_mechs = {self.mechanism}

    def _reached(self, phase: str) -> None:
        self.times.setdefault(phase, time.monotonic() - self._started)

    def fail(self, error: WireError) -> None:
        """The stream is over: everybody who waits for it learns why, at once."""
        if self._ended is None:
            self._ended = error
        if not self._bound.done():
            self._bound.set_exception(self._ended)
            self._bound.exception()  # nobody may be waiting for it any more
        for reply in self._replies.values():
            if not reply.done():
                reply.set_exception(self._ended)
        for _wanted, queue in self._listeners:
            queue.put_nowait(self._ended)
        if self._client is not None and self._client.transport is not None:
            self._client.transport.abort()

    # what checks use

    def send(self, stanza: str) -> None:
        """Send XML text as it is. Raises the error that ended the stream, if it has ended."""
        if self._ended is not None or self._client is None or self._client.transport is None:
            raise self._ended or Disconnected(f"{self.target}: no stream")
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
    def listen(self, wanted: Callable[[ET.Element], bool]) -> Iterator["Listener"]:
        """Collects the stanzas and other elements for which `wanted` is true, from now on."""
        queue: asyncio.Queue[ET.Element | WireError] = asyncio.Queue()
        entry = (wanted, queue)
        self._listeners.append(entry)
        if self._ended is not None:
            queue.put_nowait(self._ended)
        try:
            yield Listener(self, queue)
        finally:
            self._listeners.remove(entry)

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
            elif not any(wanted(element) for wanted, _queue in self._listeners):
                self._answer(element)
        for wanted, queue in self._listeners:
            if wanted(element):
                queue.put_nowait(element)

    def _answer(self, request: ET.Element) -> None:
        """Say who we are (XEP-0092), take the account's own pushes (RFC 6121 §2.1.6), refuse the rest."""
        sender, stanza_id = request.get("from"), request.get("id", "")
        if request.get("type") == "get" and request.find(f"{VERSION}query") is not None:
            about = f"<query xmlns='jabber:iq:version'><name>{self.network.user_agent}</name></query>"
            self.send(iq("result", stanza_id, about, sender))
        elif request.get("type") == "set" and sender in (None, self.bare_jid):
            self.send(iq("result", stanza_id, "", sender))
        else:
            refusal = "<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
            self.send(iq("error", stanza_id, refusal, sender))


class Listener:
    """Stanzas as they come; raises what ended the stream, or TimedOut."""

    def __init__(self, session: Session, queue: asyncio.Queue[ET.Element | WireError]) -> None:
        self._session = session
        self._queue = queue

    async def next(self, what: str) -> ET.Element:
        """The next stanza. `what` names it in the error."""
        getter = asyncio.ensure_future(self._queue.get())
        try:
            item: ET.Element | WireError = await self._session._await(getter, what)
        finally:
            getter.cancel()
        if isinstance(item, WireError):
            raise item
        return item

    def collected(self) -> list[ET.Element]:
        """What has come so far, without waiting."""
        items = []
        while not self._queue.empty():
            item = self._queue.get_nowait()
            if not isinstance(item, WireError):
                items.append(item)
        return items


async def _tear_down(client: _Client, polite: bool) -> None:
    """slixmpp's own disconnect leaves tasks, timers and half-open connections behind; here they all end."""
    client.cancel_connection_attempt()
    transport = client.transport
    if transport is not None:
        if polite:
            with contextlib.suppress(Exception):  # the stream may break at any point of its own end
                client.send_raw("</stream:stream>")
        transport.abort()
    if client._run_out_filters is not None:
        client._run_out_filters.cancel()
        await asyncio.wait([client._run_out_filters], timeout=1)
    for handle in client.scheduled_events.values():
        handle.cancel()
    client.scheduled_events.clear()
