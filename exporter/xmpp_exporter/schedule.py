"""Which server is probed when: one task for each server and kind of probe, none of which can hold up another."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from typing import Any

import structlog

from xmpp_exporter.config import ServerConfig
from xmpp_exporter.ending import end
from xmpp_exporter.model import Failure, ProbeKind, ProbeReport
from xmpp_exporter.slots import first_slot, interval_of, next_slot
from xmpp_exporter.store import Store
from xmpp_exporter.unhurried import unhurried

log = structlog.get_logger(__name__)

CLOCK_LOOK = 60.0
"""Seconds until the wall clock is looked at again, which may be set meanwhile."""

Key = tuple[str, ProbeKind]
"""A domain and what it is probed for."""


@dataclass
class Turn:
    """One server's turn at one kind of probe: what the metrics need to know of it."""

    config: ServerConfig
    kind: ProbeKind
    due: float
    """When the next or the running probe is or was due, seconds since the epoch."""
    running: asyncio.Task[ProbeReport] | None = None
    total: int = 0
    failures: Counter[Failure] = field(default_factory=Counter)

    @property
    def domain(self) -> str:
        return self.config.domain

    @property
    def interval(self) -> float:
        return interval_of(self.config, self.kind)


Probe = Callable[[ServerConfig, ProbeKind, int], Coroutine[Any, Any, ProbeReport]]
"""One probe, within its interval. The number counts the probes of this server and kind. Raises CancelledError only."""

Publish = Callable[[Turn, ProbeReport], None]


class Schedule:
    """Probes the configured servers until it is stopped. `publish` is called with each finished report."""

    def __init__(self, probe: Probe, store: Store, publish: Publish) -> None:
        self._probe = probe
        self._store = store
        self._publish = publish
        self._tasks: dict[Key, asyncio.Task[None]] = {}
        self._ending: defaultdict[Key, set[asyncio.Task[None]]] = defaultdict(set)
        """What was told to end and still cleans up."""
        self.turns: dict[Key, Turn] = {}

    async def configure(self, servers: Iterable[ServerConfig]) -> None:
        """Probe these servers from now on; those whose settings stay the same go on undisturbed.

        What runs with other settings is told to end. Only the same server's next probe waits until it has cleaned up.
        """
        wanted = {(server.domain, kind): server for server in servers for kind in ProbeKind}
        before = self.turns.copy()
        self._cancel([key async for key, turn in unhurried(before.items()) if turn.config != wanted.get(key)])
        new = {domain for domain, kind in wanted if (domain, kind) not in self._tasks}
        async for key, server in unhurried(wanted.items()):
            if key not in self._tasks:
                self._start(key, server, before.get(key), len(new))

    async def stop(self, deadline: float | None = None) -> None:
        """End all probes; what they made on servers is removed before this returns.

        From `deadline` on (time of the event loop) it is left to the journal.
        """
        self._cancel(list(self._tasks))
        await end([task for tasks in self._ending.values() for task in tasks], deadline)

    def running(self, domain: str, kind: ProbeKind) -> asyncio.Task[ProbeReport] | None:
        """The probe of this server that runs now."""
        turn = self.turns.get((domain, kind))
        return turn.running if turn is not None else None

    def lag(self, kind: ProbeKind, now: float) -> float:
        """By how many seconds the most overdue probe of this kind, of those that have not begun, is late."""
        overdue = (now - turn.due for turn in self.turns.values() if turn.kind is kind and turn.running is None)
        return max(0.0, max(overdue, default=0.0))

    def _start(self, key: Key, server: ServerConfig, before: Turn | None, together: int) -> None:
        domain, kind = key
        report = self._store.state(domain).reports.get(kind)
        turn = Turn(server, kind, 0.0)
        if before is not None:  # counters of a server whose settings changed go on
            turn.total, turn.failures = before.total, before.failures
        last_run = report.started if report else None
        turn.due = first_slot(domain, kind, turn.interval, last_run, time.time(), together)
        self.turns[key] = turn
        self._tasks[key] = asyncio.create_task(self._loop(turn), name=f"{kind} of {domain}")

    def _cancel(self, keys: Iterable[Key]) -> None:
        for key in keys:
            task = self._tasks.pop(key)
            self.turns.pop(key)
            self._ending[key].add(task)
            task.add_done_callback(lambda task, key=key: self._ended(key, task))  # type: ignore[misc]
            task.cancel()

    def _ended(self, key: Key, task: asyncio.Task[None]) -> None:
        self._ending[key].discard(task)
        if not self._ending[key]:
            del self._ending[key]

    async def _loop(self, turn: Turn) -> None:
        key = turn.domain, turn.kind
        while key in self._ending:
            await asyncio.wait(self._ending[key])
        while True:
            await _until_due(turn)
            turn.running = asyncio.create_task(self._probe(turn.config, turn.kind, turn.total))
            try:
                report = await turn.running
            finally:
                turn.running = None
            try:
                self._finish(turn, report)
            except Exception:  # a fault of ours: the server is still to be probed next time
                log.exception("a report could not be shown", domain=turn.domain, probe=turn.kind)
            turn.due = next_slot(turn.domain, turn.kind, turn.interval, max(turn.due, time.time()))

    def _finish(self, turn: Turn, report: ProbeReport) -> None:
        turn.total += 1
        if report.failure is not None:
            turn.failures[report.failure] += 1
        _log(self._store.state(report.domain).reports.get(report.probe), report)
        self._store.take(report)
        self._publish(turn, report)


async def _until_due(turn: Turn) -> None:
    while (wait := turn.due - time.time()) > 0:
        await asyncio.sleep(min(wait, CLOCK_LOOK))
        # set back, the clock would hold up the probe for as long
        turn.due = min(turn.due, next_slot(turn.domain, turn.kind, turn.interval, time.time()))


def _log(before: ProbeReport | None, report: ProbeReport) -> None:
    """A line for each change of state, and one for each probe at level debug."""
    words: dict[str, object] = {"domain": report.domain, "probe": report.probe, "duration": round(report.duration, 3)}
    if report.failure is not None:
        words |= {"failure": report.failure, "detail": report.detail}
    if report.login_failure is not None:
        words |= {"login_failure": report.login_failure, "login_detail": report.login_detail}
    was = (before.failure, before.login_failure) if before is not None else (None, None)
    if (report.failure, report.login_failure) == was:
        log.debug("probed", **words)
    elif report.failure is None and report.login_failure is None:
        log.info("a probe succeeds again", **words)
    else:
        log.warning("a probe fails", **words)
