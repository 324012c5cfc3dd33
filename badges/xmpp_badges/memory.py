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
from typing import Any, Generic, TypeGuard, TypeVar

import structlog

from xmpp_badges.api import ApiError, Away, Refused

PATIENCE = 1.5
"""Seconds that somebody waits who said nothing else."""
PAGE_PATIENCE = 4.0
"""Seconds for all of a page: a month of history may take a while."""
PAUSE = 5.0
"""Seconds before a question is asked again that was not answered."""
CAPACITY = 20_000
"""Questions whose answers are kept: a few for each of a thousand servers."""
AT_ONCE, WAITING = 20, 1000
"""Questions that are asked at the same time, and those that wait for their turn; more are not asked at all."""

_log = structlog.get_logger(__name__)

_deadline: ContextVar[float | None] = ContextVar("deadline", default=None)

Value = TypeVar("Value")
Found = TypeVar("Found", covariant=True)
Other = TypeVar("Other")


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """All questions in the block together are waited for that long, and no longer than a block around it allows."""
    deadline, outer = time.monotonic() + seconds, _deadline.get()
    token = _deadline.set(deadline if outer is None else min(deadline, outer))
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
    told: bool = False
    """Whether the log says already that there is no answer to this question alone."""
    retry: float = 0.0


class Outage:
    """Tells the log once that a program is away, though a thousand questions fail at the same time; and its end."""

    def __init__(self, program: str) -> None:
        self._program = program
        self._lasts = False

    def goes_on(self, error: ApiError) -> None:
        if not self._lasts:
            _log.warning(f"{self._program} does not answer, what is known is shown with its age", error=str(error))
        self._lasts = True

    def ends(self) -> None:
        if self._lasts:
            _log.info(f"{self._program} answers again")
        self._lasts = False


async def if_answered(asked: Awaitable[Known[Value]], otherwise: Other) -> Value | Other:
    """The answer, or something else: for what is worth a page without it."""
    try:
        return (await asked).value
    except Unanswered:
        return otherwise


_ONE_QUERY_REFUSED = (400, 422)
"""What Prometheus answers to a query that makes no sense, or costs too much."""


def _concerns_all(error: Exception) -> TypeGuard[ApiError]:
    """Whether no other question would be answered either."""
    return isinstance(error, Away) or (isinstance(error, Refused) and error.status not in _ONE_QUERY_REFUSED)


class Memory:
    """Answers of one program, good for `fresh` seconds and shown for up to `stale` ones while it is away.

    `count` is told what became of each request: fresh, stale or none.
    """

    def __init__(
        self,
        fresh: float,
        stale: float,
        outage: Outage,
        count: Callable[[str], None] = lambda became: None,
        *,
        capacity: int = CAPACITY,
        at_once: int = AT_ONCE,
        waiting: int = WAITING,
    ) -> None:
        self._fresh, self._stale = fresh, max(fresh, stale)
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()
        self._outage = outage
        self._count = count
        self._capacity = capacity
        self._turns = asyncio.Semaphore(at_once)
        self._room = at_once + waiting
        """How many more questions may be open."""

    async def get(self, key: Hashable, ask: Callable[[], Awaitable[Value]]) -> Known[Value]:
        """The answer to `key`, which `ask` gets. Raises Unanswered."""
        entry = self._entry(key)
        if self._age(entry) >= self._fresh and entry.task is None and time.monotonic() >= entry.retry and self._room:
            self._room -= 1
            entry.task = asyncio.create_task(self._ask(key, entry, ask))
        if entry.task is not None and self._must_wait(entry):
            deadline = _deadline.get()
            left = PATIENCE if deadline is None else max(0.0, deadline - time.monotonic())
            await asyncio.wait({entry.task}, timeout=left)
            if entry.task is not None:  # it goes on
                entry.failed = True
        return self._found(entry)

    def _must_wait(self, entry: _Entry) -> bool:
        """Nobody waits for what is only a little too old, nor again for what did not come in time."""
        age = self._age(entry)
        return age >= self._stale or (age >= 2 * self._fresh and not entry.failed)

    def _found(self, entry: _Entry) -> Known[Any]:
        age = self._age(entry)
        if age >= self._stale:
            self._count("none")
            raise Unanswered
        stale = age >= self._fresh and (entry.failed or entry.task is None)
        self._count("stale" if stale else "fresh")
        return Known(entry.value, entry.asked, stale)

    async def _ask(self, key: Hashable, entry: _Entry, ask: Callable[[], Awaitable[Any]]) -> None:
        try:
            async with self._turns:
                entry.value = await ask()
        except Exception as error:  # whoever is to blame: one answer must not end in questions without end
            entry.failed, entry.retry = True, time.monotonic() + PAUSE
            if _concerns_all(error):
                self._outage.goes_on(error)
            elif not entry.told:
                entry.told = True
                fault_of_ours = None if isinstance(error, ApiError) else error
                _log.error("no answer to a question", question=str(key), error=str(error), exc_info=fault_of_ours)
        else:
            entry.asked, entry.age_from = time.time(), time.monotonic()
            entry.failed = entry.told = False
            self._outage.ends()
        finally:
            entry.task = None
            self._room += 1

    def _entry(self, key: Hashable) -> _Entry:
        entry = self._entries.get(key)
        if entry is None:
            entry = self._entries[key] = _Entry()
        self._entries.move_to_end(key)
        while len(self._entries) > self._capacity:
            settled = next(
                (key for key, each in self._entries.items() if each.task is None and each is not entry), None
            )
            if settled is None:
                break
            del self._entries[settled]
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
