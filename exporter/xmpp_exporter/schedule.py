"""Which server is probed when: one task for each server and kind of probe, none of which can hold up another."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import structlog

from xmpp_exporter.availability import probe_availability
from xmpp_exporter.config import ServerConfig
from xmpp_exporter.model import Failure, ProbeKind, ProbeReport
from xmpp_exporter.probe import Prober, probe_compliance
from xmpp_exporter.slots import first_slot, next_slot
from xmpp_exporter.store import Store, changed_checks
from xmpp_exporter.wire.trace import Trace

log = structlog.get_logger(__name__)

CONFIRM_AFTER = 20.0
"""Seconds until a verdict that changed is tried again."""


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
    def interval(self) -> float:
        interval: float = getattr(self.config.intervals, self.kind)
        return interval


Publish = Callable[[Turn, ProbeReport], None]


class Schedule:
    """Probes the configured servers until it is stopped.

    `publish` is called with each finished report. `network_up` says whether the prober's own network works: while it
    does not, failures are the prober's.
    """

    def __init__(
        self, prober: Prober, store: Store, publish: Publish, network_up: Callable[[], bool] = lambda: True
    ) -> None:
        self.prober = prober
        self._store = store
        self._publish = publish
        self._network_up = network_up
        self._tasks: dict[tuple[str, ProbeKind], asyncio.Task[None]] = {}
        self.turns: dict[tuple[str, ProbeKind], Turn] = {}

    async def configure(self, servers: tuple[ServerConfig, ...]) -> None:
        """Probe these servers from now on; those whose settings stay the same go on undisturbed."""
        wanted = {(server.domain, kind): server for server in servers for kind in ProbeKind}
        await self._stop([key for key, turn in self.turns.items() if turn.config != wanted.get(key)])
        for key, server in wanted.items():
            if key not in self._tasks:
                self._start(key, server)

    async def stop(self) -> None:
        """End all probes; what they made on servers is removed before this returns."""
        await self._stop(list(self._tasks))

    async def run_now(self, config: ServerConfig, kind: ProbeKind, trace: Trace | None = None) -> ProbeReport:
        """A probe outside of the schedule, whose report is nowhere kept."""
        return await self._probe(config, kind, 0, trace)

    def lag(self, kind: ProbeKind, now: float) -> float:
        """By how many seconds the most overdue probe of this kind is late."""
        overdue = [now - turn.due for turn in self.turns.values() if turn.kind is kind and turn.running is None]
        return max(0.0, *overdue) if overdue else 0.0

    def _start(self, key: tuple[str, ProbeKind], server: ServerConfig) -> None:
        domain, kind = key
        report = self._store.state(domain).reports.get(kind)
        turn = Turn(server, kind, 0.0)
        turn.due = first_slot(domain, kind, turn.interval, report.started if report else None, time.time())
        self.turns[key] = turn
        self._tasks[key] = asyncio.create_task(self._loop(turn), name=f"{kind} of {domain}")

    async def _stop(self, keys: list[tuple[str, ProbeKind]]) -> None:
        tasks = [self._tasks.pop(key) for key in keys]
        for key in keys:
            self.turns.pop(key)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _loop(self, turn: Turn) -> None:
        while True:
            while (wait := turn.due - time.time()) > 0:
                await asyncio.sleep(min(wait, 60.0))  # the wall clock may be set meanwhile
            turn.running = asyncio.create_task(self._turn(turn))
            try:
                report = await turn.running
                self._finish(turn, report)
            except Exception:  # a fault of ours in one probe must not end the others
                log.exception("a probe failed in itself", domain=turn.config.domain, probe=turn.kind)
                turn.total += 1
                turn.failures[Failure.INTERNAL] += 1
            finally:
                await _cancel(turn.running)
                turn.running = None
            turn.due = next_slot(turn.config.domain, turn.kind, turn.interval, max(turn.due, time.time()))

    def _finish(self, turn: Turn, report: ProbeReport) -> None:
        if report.failure is not None and not self._network_up():
            report = replace(report, failure=Failure.PROBER_NETWORK, checks=())
        turn.total += 1
        if report.failure is not None:
            turn.failures[report.failure] += 1
        _log(self._store.state(report.domain).reports.get(report.probe), report)
        self._store.take(report)
        self._publish(turn, report)

    async def _turn(self, turn: Turn) -> ProbeReport:
        """One probe within its interval, with a second look at what changed."""
        try:
            async with asyncio.timeout(turn.interval):
                report = await self._probe(turn.config, turn.kind, turn.total, None)
                if report.probe is ProbeKind.COMPLIANCE and report.success:
                    report = await self._confirm(turn, report)
                return report
        except TimeoutError:
            detail = "no place among the concurrent probes within the interval; see limits in the configuration"
            return ProbeReport(turn.config.domain, turn.kind, time.time(), 0.0, False, Failure.PROBER_LIMIT, detail)

    async def _probe(self, config: ServerConfig, kind: ProbeKind, turn: int, trace: Trace | None) -> ProbeReport:
        if kind is ProbeKind.AVAILABILITY:
            return await probe_availability(self.prober, config, turn=turn, trace=trace)
        previous = self._store.state(config.domain).reports.get(kind)
        return await probe_compliance(self.prober, config, previous=previous, trace=trace)

    async def _confirm(self, turn: Turn, report: ProbeReport) -> ProbeReport:
        """Try again what changed between supported and not; the second verdict stands."""
        changed = changed_checks(self._store.state(turn.config.domain).decided, report)
        if not changed:
            return report
        log.info("verdicts changed; looking again", domain=report.domain, checks=",".join(sorted(changed)))
        await asyncio.sleep(min(CONFIRM_AFTER, turn.interval / 4))
        previous = self._store.state(turn.config.domain).reports.get(turn.kind)
        second = await probe_compliance(self.prober, turn.config, only=changed, previous=previous)
        again = {result.check: result for result in second.checks}
        return replace(report, checks=tuple(again.get(result.check, result) for result in report.checks))


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
    elif report.failure is not None or report.login_failure is not None:
        log.warning("a probe fails", **words)
    else:
        log.info("a probe succeeds again" if before else "probed", **words)


async def _cancel(task: asyncio.Task[ProbeReport]) -> None:
    if not task.done():
        task.cancel()
        await asyncio.wait([task])
