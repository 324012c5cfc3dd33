"""A login that stays, and knows what of the things it sent the server has taken (XEP-0198)."""

import asyncio
import contextlib
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import NoReturn

from xmpp_alerts.bridge.acknowledgements import Acknowledgements
from xmpp_exporter.wire.errors import ProtocolViolation, StanzaError, TimedOut, WireError
from xmpp_exporter.wire.negotiation import SM
from xmpp_exporter.wire.network import Network, Target, Timeouts
from xmpp_exporter.wire.session import CLIENT, Credentials, Resumption, Session
from xmpp_exporter.wire.trace import Trace

MESSAGE, PRESENCE = f"{CLIENT}message", f"{CLIENT}presence"
PING = "<ping xmlns='urn:xmpp:ping'/>"
QUIET = 60.0
"""Seconds after which a connection that says nothing is asked whether it is still there."""
UNACKNOWLEDGED = 60.0
"""Seconds after which a connection on which a stanza stays unacknowledged is given up: servers may read slowly."""

_STANZAS = frozenset({f"{CLIENT}iq", MESSAGE, PRESENCE})
"""What is counted (XEP-0198 §4)."""
_OPENINGS = ("<iq ", "<message ", "<presence ", "<presence/")


class Lost(Exception):
    """Nobody knows whether the server has taken a stanza: the stream ended before it said so."""


class Stream(Session):
    """One connection. Whatever stanza comes is handed to `on_stanza`; `acknowledgements` may be of an older stream."""

    RESOURCE = "xmpp-alerts"
    LASTING = True

    def __init__(
        self,
        network: Network,
        target: Target,
        credentials: Credentials,
        timeouts: Timeouts,
        trace: Trace,
        acknowledgements: Acknowledgements,
        on_stanza: Callable[[ET.Element], None],
    ) -> None:
        super().__init__(network, target, credentials, timeouts, trace)
        self.over = asyncio.Event()
        self.resumed = False
        """Whether this is an older stream that goes on."""
        self._acknowledgements = acknowledgements
        self._on_stanza = on_stanza
        self._heard = time.monotonic()
        if acknowledgements.resumable:
            self.resuming = Resumption(acknowledgements.id, acknowledgements.jid, acknowledgements.received)

    async def begin(self) -> None:
        """After the login: have the server count, and let people reach us. Raises WireError."""
        if self.resumed:
            return
        if self.features.find(f"{{{SM}}}sm") is not None:
            with self.listen(lambda element: element.tag in (f"{{{SM}}}enabled", f"{{{SM}}}failed")) as answers:
                self.send(f"<enable xmlns='{SM}' resume='true'/>")
                self._acknowledgements.asked_for()
                await answers.next("the answer to enabling stream management")
        self.send("<presence/>")

    async def confirmed(self, stanza: str) -> None:
        """Send a stanza, and return when the server has taken it. Raises Lost.

        A server without stream management is sent a ping behind it: stanzas are processed in the order in which they
        were sent (RFC 6120 §10.1), so that its answer, even an error, says that the server is past the stanza.
        """
        try:
            self.send(stanza)
            if not self._acknowledgements.managed:
                with contextlib.suppress(StanzaError):
                    await self.iq("get", PING, self.target.domain)
                return
        except WireError as error:
            raise Lost(error.detail) from error
        taken = self._acknowledgements.last_one()
        with contextlib.suppress(WireError):
            self.send(f"<r xmlns='{SM}'/>")
        # it is not cancelled: this stream, or the one that goes on with it, will tell
        await asyncio.wait({taken}, timeout=UNACKNOWLEDGED)
        if not taken.done():
            self.fail(TimedOut(f"{self.target} did not acknowledge a stanza within {UNACKNOWLEDGED:g} s"))
        if not await taken:
            raise Lost("the stream ended before the server had acknowledged the stanza")

    async def watch(self) -> NoReturn:
        """Raises what ended the stream, a WireError, once it has; a connection that died without a word is ended."""
        while not self.over.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, self._heard + QUIET - time.monotonic())):
                    await self.over.wait()
            if not self.over.is_set() and time.monotonic() - self._heard >= QUIET:
                await self._ask()
        raise self._end()

    async def _ask(self) -> None:
        try:
            await self.iq("get", PING, self.target.domain)
        except StanzaError:
            pass  # an answer is an answer
        except WireError as error:
            self.fail(error)

    # what the client tells us

    def on_bytes(self) -> None:
        super().on_bytes()
        self._heard = time.monotonic()

    def on_sending(self, data: str) -> None:
        super().on_sending(data)
        if data.startswith(_OPENINGS):
            self._acknowledgements.on_sent()

    def on_element(self, element: ET.Element) -> None:
        if self.over.is_set():
            return
        if element.tag in _STANZAS:
            self._acknowledgements.on_received()
        elif element.tag.startswith(f"{{{SM}}}"):
            self._on_management(element)
        super().on_element(element)
        if element.tag in (MESSAGE, PRESENCE):
            self._on_stanza(element)

    def fail(self, error: WireError) -> None:
        super().fail(error)
        self.over.set()

    def _on_management(self, element: ET.Element) -> None:
        kept, name = self._acknowledgements, element.tag.rpartition("}")[2]
        if name == "r":
            self.send(f"<a xmlns='{SM}' h='{kept.received}'/>")
        elif name == "enabled":
            may_resume = element.get("resume") in ("true", "1")
            kept.enabled(element.get("id", "") if may_resume else "", self.jid)
        elif name == "failed":
            kept.lose()
        elif name in ("a", "resumed"):
            self.resumed = self.resumed or name == "resumed"
            count = element.get("h", "")
            known = kept.resumed if name == "resumed" else kept.acknowledge
            if not (count.isascii() and count.isdigit() and len(count) <= 10 and known(int(count))):
                self.fail(ProtocolViolation(f"{self.target} acknowledges more stanzas than were sent: {count[:20]!r}"))
