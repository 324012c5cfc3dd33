"""A group chat that the bridge stays in (XEP-0045)."""

import asyncio
import contextlib
import time
import xml.etree.ElementTree as ET
from typing import NoReturn

import structlog

from xmpp_alerts.bridge.addresses import normal
from xmpp_alerts.bridge.backoff import BackOff
from xmpp_alerts.bridge.connection import Connection
from xmpp_alerts.bridge.stanzas import entrance, exit_from, ids_of, is_error, statuses_of
from xmpp_alerts.bridge.stream import MESSAGE, PING, PRESENCE, Lost, Stream
from xmpp_exporter.wire.errors import StanzaError, WireError
from xmpp_exporter.wire.stanza import reply_of, stanza_error

FIRST_WAIT, LONGEST_WAIT = 2.0, 300.0
"""Seconds before we try to enter again."""
STABLE = 60.0
"""Seconds after which having been in counts as being let in."""
SILENCE = 300.0
"""Seconds between two looks whether we are still in."""
NICKS = 3
"""Names that are tried when somebody else has ours."""

_STILL_IN = frozenset({"service-unavailable", "feature-not-implemented", "item-not-found"})
_CANNOT_TELL = frozenset({"remote-server-not-found", "remote-server-timeout"})
"""Conditions of a failed self-ping that do not say that we are out (XEP-0410 §3.1)."""
_CREATED = "201"

_log = structlog.get_logger(__name__)


Fate = StanzaError | Lost | None
"""Of a message: everybody has it (None), the room refuses it, or nobody knows."""


class NotIn(Exception):
    """Why we are not in the room."""


class Room:
    """One room. `run` enters it, stays, and enters again; `joined` is set while we are in."""

    def __init__(self, jid: str, nick: str, connection: Connection) -> None:
        self.jid = normal(jid)
        self.joined = asyncio.Event()
        self._wanted_nick = self._nick = nick
        self._connection = connection
        self._out = asyncio.Event()
        self._doubted = asyncio.Event()
        self._echoes: dict[str, asyncio.Future[Fate]] = {}
        self._told = ""
        """What the log says already of why we are not in."""

    @property
    def occupant(self) -> str:
        """Our own address in the room."""
        return normal(f"{self.jid}/{self._nick}")

    async def run(self) -> NoReturn:
        """Be in the room until cancelled, and leave it then."""
        waits = BackOff(FIRST_WAIT, LONGEST_WAIT)
        try:
            while True:
                stream = await self._connection.ready()
                try:
                    await self._enter(stream)
                    began = time.monotonic()
                    await self._stay()
                    if time.monotonic() - began >= STABLE:
                        waits.reset()
                except (NotIn, WireError) as error:
                    self._tell(str(error))
                finally:
                    self.joined.clear()
                if self._connection.stream is stream:
                    await asyncio.sleep(waits.next())
        finally:
            if self._connection.stream is not None:
                with contextlib.suppress(WireError):
                    self._connection.stream.send(exit_from(self.occupant))

    def expect(self, message_id: str) -> "asyncio.Future[Fate]":
        """Becomes the fate of a message that is about to be sent; `forget` it then."""
        self._echoes[message_id] = asyncio.get_running_loop().create_future()
        return self._echoes[message_id]

    def forget(self, message_id: str) -> None:
        """Nobody waits for it any more."""
        self._echoes.pop(message_id, None)

    def doubt(self) -> None:
        """A message did not come back: look now whether we are in."""
        self._doubted.set()

    def left(self) -> None:
        """We are out: what has not come back never will."""
        self.joined.clear()
        self._out.set()
        for message_id in self._echoes:
            self._settle(message_id, Lost("out of the room before the message came back"))

    def on_stanza(self, element: ET.Element) -> None:
        """Something from the room, or from somebody in it."""
        sender = element.get("from", "")
        if element.tag == MESSAGE and is_error(element):
            self._on_refusal(element)
        elif element.tag == MESSAGE and element.get("type") == "groupchat" and sender == self.occupant:
            for message_id in ids_of(element):
                self._settle(message_id, None)
        elif element.tag == PRESENCE and element.get("type") == "unavailable" and sender == self.occupant:
            codes = ", ".join(sorted(statuses_of(element))) or "none"
            _log.warning("out of the room", room=self.jid, status_codes=codes)
            self.left()

    def _on_refusal(self, element: ET.Element) -> None:
        error = stanza_error(element)
        if error.condition == "not-acceptable":  # XEP-0045 §7.4: we are not in
            self.left()
        for message_id in ids_of(element):
            self._settle(message_id, error)

    def _settle(self, message_id: str, fate: Fate) -> None:
        echo = self._echoes.get(message_id)
        if echo is not None and not echo.done():
            echo.set_result(fate)

    async def _enter(self, stream: Stream) -> None:
        """Raises NotIn and WireError."""
        self._out.clear()
        self._doubted.clear()
        for number in range(NICKS):
            self._nick = self._wanted_nick + "_" * number
            try:
                presence = await self._entered(stream)
                break
            except StanzaError as error:
                if error.condition != "conflict" or number == NICKS - 1:
                    raise NotIn(f"not let in: {error.detail}") from error
        if _CREATED in statuses_of(presence):
            # It was made for us, so nobody is in it; it vanishes when its maker leaves (XEP-0045 §10.1).
            stream.send(exit_from(self.occupant))
            raise NotIn("there is no such room: somebody has to make it first")
        self._told = ""
        self.joined.set()
        _log.info("in the room", room=self.jid, nick=self._nick)

    async def _entered(self, stream: Stream) -> ET.Element:
        """Our own presence in the room. Raises StanzaError when we may not enter."""

        def ours(element: ET.Element) -> bool:
            room, _, nick = element.get("from", "").partition("/")
            if element.tag != PRESENCE or room != self.jid:
                return False
            # the room may have given us another nick (XEP-0045 §7.2.6)
            return is_error(element) or f"{room}/{nick}" == self.occupant or bool({"110", "210"} & statuses_of(element))

        with stream.listen(ours) as presences:
            stream.send(entrance(self.occupant))
            presence = reply_of(await presences.next(f"the presence in {self.jid}"))
            if presence.get("type") == "unavailable":
                raise NotIn("put out of the room while entering it")
            self._nick = presence.get("from", "").partition("/")[2]
            return presence

    async def _stay(self) -> None:
        """Return when we are out. Raises WireError when the login is over."""
        while not self._out.is_set():
            out, doubted = (asyncio.ensure_future(event.wait()) for event in (self._out, self._doubted))
            await asyncio.wait({out, doubted}, timeout=SILENCE, return_when=asyncio.FIRST_COMPLETED)
            for task in (out, doubted):
                task.cancel()
            if self._out.is_set():
                return
            self._doubted.clear()
            stream = await self._connection.ready()
            if not self._out.is_set() and not await self._is_in(stream):
                raise NotIn("the room does not know us any more")

    async def _is_in(self, stream: Stream) -> bool:
        """XEP-0410: a ping to ourselves through the room. Raises WireError."""
        try:
            await stream.iq("get", PING, self.occupant)
        except StanzaError as error:
            return error.condition in _STILL_IN or error.condition in _CANNOT_TELL
        return True

    def _tell(self, why: str) -> None:
        if self._told != why:
            self._told = why
            _log.warning("not in the room", room=self.jid, reason=why)
