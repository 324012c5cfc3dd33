"""Answers that are remembered: asked for once at a time, good for a while, and shown with their age in an outage.

Whoever asks waits no longer than `patience` allows; a question that takes longer goes on, for whoever asks next.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import structlog

from xmpp_badges.api import ApiError

PATIENCE = 1.5
"""Seconds that somebody waits who said nothing else."""
PAGE_PATIENCE = 4.0
"""Seconds for all of a page: a month of history may take a while."""
PAUSE = 5.0
"""Seconds before a question is asked again that was not answered."""
CAPACITY = 20_000
"""Questions whose answers are kept: a few for each of a thousand servers."""
AT_ONCE = 20
"""Questions that are asked at the same time; the others wait for their turn."""

_log = structlog.get_logger(__name__)

_deadline: ContextVar[float | None] = ContextVar("deadline", default=None)

Value = TypeVar("Value")
Found = TypeVar("Found", covariant=True)
Other = TypeVar("Other")


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """All questions in the block together are waited for that long."""
    token = _deadline.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)


class Unanswered(Exception):
    """Nobody answers, and nothing is remembered."""


@dataclass(frozen=True, slots=True)
class Known(Generic[Found]):
    """An answer; `asked` says when, in seconds since the epoch. It is stale if it could not be had anew."""

    value: Found
    asked: float
    stale: bool = False

    def replaced(self, value: Other) -> "Known[Other]":
        """Something that was made of it."""
        return Known(value, self.asked, self.stale)


@dataclass(slots=True)
class _Entry:
    value: Any = None
    asked: float = 0.0
    age_from: float | None = None
    """On the monotonic clock; None as long as there was no answer."""
    task: asyncio.Task[None] | None = None
    failed: bool = False
    """Whether the last question was not answered, or not in time."""
    retry: float = 0.0


async def if_answered(asked: Awaitable[Known[Value]], otherwise: Other) -> Value | Other:
    """The answer, or something else: for what is worth a page without it."""
    try:
        return (await asked).value
    except Unanswered:
        return otherwise


class Memory:
    """`count` is told what became of each request: fresh, stale or none."""

    def __init__(
        self,
        fresh: float,
        stale: float,
        count: Callable[[str], None] = lambda became: None,
        capacity: int = CAPACITY,
        at_once: int = AT_ONCE,
    ) -> None:
        self._fresh, self._stale = fresh, max(fresh, stale)
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()
        self._count = count
        self._capacity = capacity
        self._turns = asyncio.Semaphore(at_once)
        self._away = False

    async def get(self, key: Hashable, ask: Callable[[], Awaitable[Value]], fresh: float | None = None) -> Known[Value]:
        """The answer to `key`, which `ask` gets; good for `fresh` seconds. Raises Unanswered."""
        entry = self._entry(key)
        good_for = self._fresh if fresh is None else fresh
        if self._age(entry) >= good_for and entry.task is None and time.monotonic() >= entry.retry:
            entry.task = asyncio.create_task(self._ask(key, entry, ask))
        if entry.task is not None and self._must_wait(entry, good_for):
            deadline = _deadline.get()
            left = PATIENCE if deadline is None else max(0.0, deadline - time.monotonic())
            await asyncio.wait({entry.task}, timeout=left)
            if entry.task is not None:  # it goes on
                entry.failed = True
        return self._found(entry, good_for)

    def _must_wait(self, entry: _Entry, good_for: float) -> bool:
        """Nobody waits for what is only a little too old, nor again for what did not come in time."""
        age = self._age(entry)
        return age >= self._stale or (age >= 2 * good_for and not entry.failed)

    def _found(self, entry: _Entry, good_for: float) -> Known[Any]:
        age = self._age(entry)
        if age >= self._stale and age >= good_for:
            self._count("none")
            raise Unanswered
        stale = entry.failed and age >= good_for
        self._count("stale" if stale else "fresh")
        return Known(entry.value, entry.asked, stale)

    async def _ask(self, key: Hashable, entry: _Entry, ask: Callable[[], Awaitable[Any]]) -> None:
        try:
            async with self._turns:
                entry.value = await ask()
        except ApiError as error:
            self._failed(entry)
            if not self._away:  # once: a thousand servers' questions fail at the same time
                _log.warning("no answers any more, what is known is shown with its age", error=str(error))
            self._away = True
        except Exception:  # a fault of ours in one answer must not end in questions without end
            self._failed(entry)
            _log.exception("not understood", question=str(key))
        else:
            entry.asked, entry.age_from, entry.failed = time.time(), time.monotonic(), False
            if self._away:
                _log.info("answers again")
            self._away = False
        finally:
            entry.task = None

    @staticmethod
    def _failed(entry: _Entry) -> None:
        entry.failed = True
        entry.retry = time.monotonic() + PAUSE

    def _entry(self, key: Hashable) -> _Entry:
        entry = self._entries.setdefault(key, _Entry())
        self._entries.move_to_end(key)
        if len(self._entries) > self._capacity:
            oldest = next(iter(self._entries))
            if self._entries[oldest].task is None:
                del self._entries[oldest]
        return entry

    @staticmethod
    def _age(entry: _Entry) -> float:
        return float("inf") if entry.age_from is None else time.monotonic() - entry.age_from

    async def close(self) -> None:
        """Ends what is still being asked."""
        tasks = [entry.task for entry in self._entries.values() if entry.task is not None]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
