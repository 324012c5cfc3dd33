"""What the server says that it has taken (XEP-0198), over all the connections that one stream lives through."""

import asyncio
from collections import deque

_COUNTERS = 2**32
"""Where the counters begin anew (XEP-0198 §4)."""


class Acknowledgements:
    """One stream's counters. A stream that is lost for good is followed by a new one, with counters of its own."""

    def __init__(self) -> None:
        self.managed = False
        """Whether the server counts what we send."""
        self.id = ""
        """Under which name the stream can be resumed, if it can."""
        self.jid = ""
        """The full JID that goes with it."""
        self.received = 0
        """Stanzas that we have taken."""
        self._server_counts = False
        self._sent = 0
        self._acknowledged = 0
        self._waiting: deque[tuple[int, asyncio.Future[bool]]] = deque()

    @property
    def resumable(self) -> bool:
        return bool(self.id)

    def asked_for(self) -> None:
        """We have asked the server to count; what we send from now on counts."""
        self.managed, self._sent, self._acknowledged = True, 0, 0

    def enabled(self, stream_id: str, jid: str) -> None:
        """The server counts; what it sends from now on counts, too. An empty `stream_id`: it will not be resumed."""
        self.id, self.jid, self.received = stream_id, jid, 0
        self._server_counts = True

    def on_received(self) -> None:
        """A stanza has come."""
        if self._server_counts:
            self.received = (self.received + 1) % _COUNTERS

    def on_sent(self) -> None:
        """A stanza has been sent."""
        if self.managed:
            self._sent = (self._sent + 1) % _COUNTERS

    def last_one(self) -> "asyncio.Future[bool]":
        """Becomes true when the server has taken the stanza that was sent last, false when that will never be known."""
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((self._sent, future))
        return future

    def acknowledge(self, count: int) -> bool:
        """The server has taken `count` stanzas. Returns whether that can be: not, if it is more than we have sent."""
        if self._distance(count) > self._distance(self._sent):
            return False
        taken = self._distance(count)
        while self._waiting and self._distance(self._waiting[0][0]) <= taken:
            _settle(self._waiting.popleft()[1], True)
        self._acknowledged = count
        return True

    def resumed(self, count: int) -> bool:
        """The stream goes on; what the server has not taken of it until now, it never will (XEP-0198 §5)."""
        if not self.acknowledge(count):
            return False
        self._sent = count
        self._give_up()
        return True

    def lose(self) -> None:
        """The stream is over, or was never counted: nothing more will be known of what was sent."""
        self.managed = self._server_counts = False
        self.id = ""
        self._give_up()

    def _give_up(self) -> None:
        while self._waiting:
            _settle(self._waiting.popleft()[1], False)

    def _distance(self, number: int) -> int:
        """How far it is from the last acknowledged stanza to this one."""
        return (number - self._acknowledged) % _COUNTERS


def _settle(future: "asyncio.Future[bool]", taken: bool) -> None:
    if not future.done():
        future.set_result(taken)
