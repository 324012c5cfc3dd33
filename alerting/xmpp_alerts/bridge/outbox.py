"""Delivers messages, and knows which of them have arrived: at least once, and mostly exactly once.

Alertmanager sends a webhook again until it is answered with 200. So a message that is on its way when it comes again is
waited for, one that has arrived is not sent again, and one of which nobody knows is sent again under the same id.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from xmpp_alerts.bridge.connection import Connection
from xmpp_alerts.bridge.room import Room
from xmpp_alerts.bridge.stanzas import message
from xmpp_alerts.bridge.stream import Lost, Stream
from xmpp_exporter.wire.errors import StanzaError

PATIENCE = 7.0
"""Seconds in which a message should arrive: less than the 10 that Alertmanager waits for us at the least."""
ECHO_LIMIT = 30.0
"""Seconds after which a message that did not come back from a room is sent again, if somebody still wants it."""
AT_ONCE = 50
"""Messages that are sent and not confirmed: servers read slowly from clients that send a lot."""
WAITING = 1000
"""Messages that wait; Alertmanager keeps the others."""
REMEMBERED = 10_000
"""Messages of which we know that they have arrived."""


class Reason(StrEnum):
    """Why a message was not confirmed: the label `reason`."""

    OFFLINE = "offline"
    NOT_IN_ROOM = "not_in_room"
    TIMEOUT = "timeout"
    REFUSED = "refused"
    BOUNCED = "bounced"
    OVERLOAD = "overload"


class Undelivered(Exception):
    """The message may not have arrived; it may be sent again."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Letter:
    """A text for somebody. The same `id` for the same person is the same message."""

    id: str
    to: str
    text: str
    room: Room | None = None
    """Where it is said, if not to one person."""

    @property
    def key(self) -> tuple[str, str]:
        return self.to, self.id


class _Underway:
    """A letter that was not confirmed yet, with the number of those who wait for it."""

    def __init__(self) -> None:
        self.waiting = 0
        self.sent = False
        """Whether it may be at the server."""
        self.bounce: StanzaError | None = None
        self.task: asyncio.Task[None]


class Outbox:
    """All messages of one account. `on_arrival` is called for each that has arrived."""

    def __init__(self, connection: Callable[[], Connection], on_arrival: Callable[[], None]) -> None:
        self.remember = 0.0
        """For how many seconds it counts that a message has arrived."""
        self._connection = connection
        self._on_arrival = on_arrival
        self._places = asyncio.Semaphore(AT_ONCE)
        self._underway: dict[tuple[str, str], _Underway] = {}
        self._arrived: OrderedDict[tuple[str, str], float] = OrderedDict()

    async def deliver(self, letter: Letter) -> None:
        """Return once it has arrived, now or before. Raises Undelivered, after PATIENCE seconds at the latest."""
        if self._has_arrived(letter):
            return
        underway = self._underway.get(letter.key)
        if underway is None:
            if len(self._underway) >= WAITING:
                raise Undelivered(Reason.OVERLOAD, f"{WAITING} messages are waiting already")
            underway = self._begin(letter)
        underway.waiting += 1
        try:
            await asyncio.wait([underway.task], timeout=PATIENCE)
        finally:
            underway.waiting -= 1
            if not underway.waiting and not underway.sent:
                underway.task.cancel()
        if not underway.task.done():
            raise self._still_waiting(letter)
        if underway.task.cancelled():
            raise Undelivered(Reason.OFFLINE, "the bridge is ending")
        underway.task.result()

    def on_bounce(self, sender: str, ids: Iterable[str], error: StanzaError) -> bool:
        """A message came back from `sender`, a bare JID. Returns whether we had taken it for one that has arrived."""
        keys = {(sender, message_id) for message_id in ids}
        for key in keys & self._underway.keys():
            self._underway[key].bounce = error
        return any(self._arrived.pop(key, None) is not None for key in keys)

    async def close(self) -> None:
        """Give up what is underway."""
        tasks = [underway.task for underway in self._underway.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, letter: Letter) -> _Underway:
        underway = self._underway[letter.key] = _Underway()
        underway.task = asyncio.create_task(self._send(letter, underway))
        underway.task.add_done_callback(lambda task: self._on_end(letter, task))
        return underway

    def _on_end(self, letter: Letter, task: "asyncio.Task[None]") -> None:
        del self._underway[letter.key]
        if not task.cancelled() and task.exception() is None:
            self._on_arrival()
            self._arrived[letter.key] = time.monotonic()
            while len(self._arrived) > REMEMBERED:
                self._arrived.popitem(last=False)

    async def _send(self, letter: Letter, underway: _Underway) -> None:
        """Until it has arrived, or nobody waits for it any more. Raises Undelivered."""
        while True:
            stream = await self._way_to(letter.room)
            try:
                async with self._places:
                    underway.sent = True
                    await (self._say if letter.room else self._write)(letter, stream)
                break
            except Lost as error:
                underway.sent = False
                if not underway.waiting:
                    raise Undelivered(Reason.TIMEOUT, str(error)) from error
        if underway.bounce is not None:
            raise Undelivered(Reason.BOUNCED, f"{letter.to} is not reached: {underway.bounce.detail}")

    async def _way_to(self, room: Room | None) -> Stream:
        stream = await self._connection().ready()
        while room is not None and not room.joined.is_set():
            await room.joined.wait()
            stream = await self._connection().ready()
        return stream

    async def _write(self, letter: Letter, stream: Stream) -> None:
        """To one person. Raises Lost."""
        await stream.confirmed(message("chat", letter.to, letter.id, letter.text))

    async def _say(self, letter: Letter, stream: Stream) -> None:
        """In a room, which sends it to everybody in it, us too (XEP-0045 §7.4). Raises Lost and Undelivered."""
        room = letter.room
        assert room is not None  # noqa: S101 - letters to rooms come here
        echo = room.expect(letter.id)
        try:
            async with asyncio.timeout(ECHO_LIMIT):
                await stream.confirmed(message("groupchat", letter.to, letter.id, letter.text))
                fate = await echo
        except TimeoutError:
            room.doubt()
            raise Lost(f"{letter.to} did not send the message back") from None
        finally:
            room.forget(letter.id)
        if isinstance(fate, Lost):
            raise fate
        if fate is not None:
            raise Undelivered(Reason.REFUSED, f"{letter.to} refuses the message: {fate.detail}")

    def _has_arrived(self, letter: Letter) -> bool:
        since = self._arrived.get(letter.key)
        if since is not None and time.monotonic() - since >= self.remember:
            del self._arrived[letter.key]
            since = None
        return since is not None

    def _still_waiting(self, letter: Letter) -> Undelivered:
        if self._connection().stream is None:
            return Undelivered(Reason.OFFLINE, "not logged in")
        if letter.room is not None and not letter.room.joined.is_set():
            return Undelivered(Reason.NOT_IN_ROOM, f"not in {letter.to}")
        return Undelivered(Reason.TIMEOUT, "the server did not confirm the message in time")
