"""Answers that are remembered: asked for once at a time, good for a while, and shown with their age in an outage.

A page never waits longer for an answer than PATIENCE; a question that takes longer goes on, for whoever asks next.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import structlog

from xmpp_badges.api import ApiError

PATIENCE = 1.5
"""Seconds: a grey badge comes within 2."""
PAUSE = 5.0
"""Seconds before a question is asked again that was not answered."""
CAPACITY = 20_000
"""Questions whose answers are kept: a few for each of a thousand servers."""

_log = structlog.get_logger(__name__)

Value = TypeVar("Value")
Found = TypeVar("Found", covariant=True)
Other = TypeVar("Other")


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


class Memory:
    """`count` is told what became of each request: fresh, stale or none."""

    def __init__(self, fresh: float, stale: float, count: Callable[[str], None] = lambda became: None) -> None:
        self._fresh, self._stale = fresh, max(fresh, stale)
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()
        self._count = count

    async def get(self, key: Hashable, ask: Callable[[], Awaitable[Value]], fresh: float | None = None) -> Known[Value]:
        """The answer to `key`, which `ask` gets; good for `fresh` seconds. Raises Unanswered."""
        entry = self._entry(key)
        good_for = self._fresh if fresh is None else fresh
        if self._age(entry) >= good_for and entry.task is None and time.monotonic() >= entry.retry:
            entry.task = asyncio.create_task(self._ask(key, entry, ask))
        if entry.task is not None and self._must_wait(entry, good_for):
            await asyncio.wait({entry.task}, timeout=PATIENCE)
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
            entry.value = await ask()
        except ApiError as error:
            entry.failed = True
            entry.retry = time.monotonic() + PAUSE
            _log.warning("not answered", question=str(key), error=str(error))
        else:
            entry.asked, entry.age_from, entry.failed = time.time(), time.monotonic(), False
        finally:
            entry.task = None

    def _entry(self, key: Hashable) -> _Entry:
        entry = self._entries.setdefault(key, _Entry())
        self._entries.move_to_end(key)
        if len(self._entries) > CAPACITY:
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
