"""Probes on request (/probe): they join a running one or run at once, rarely, and are nowhere kept."""

import asyncio
import time
from dataclasses import dataclass, field

from xmpp_exporter.config import ServerConfig
from xmpp_exporter.model import ProbeKind, ProbeReport
from xmpp_exporter.schedule import Schedule
from xmpp_exporter.wire.trace import Trace

FRESH_EVERY = {ProbeKind.AVAILABILITY: 30.0, ProbeKind.COMPLIANCE: 600.0}
"""Seconds between two fresh runs of a server; in between, the last one's report is given again."""

MAX_TRACE_LINES = 5000


@dataclass
class _Run:
    task: asyncio.Task[ProbeReport]
    started: float
    trace: list[str] = field(default_factory=list)


class AdHoc:
    """The probes that were asked for. Close it at the end."""

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self._runs: dict[tuple[str, ProbeKind], _Run] = {}

    async def report(self, config: ServerConfig, kind: ProbeKind, timeout: float) -> tuple[ProbeReport, list[str]]:
        """A report of this server and the redacted trace of a fresh run; TimeoutError after `timeout` seconds.

        A run that takes longer goes on, for the next one who asks.
        """
        turn = self._schedule.turns.get((config.domain, kind))
        if turn is not None and turn.running is not None:
            async with asyncio.timeout(timeout):
                return await asyncio.shield(turn.running), []
        run = self._current(config, kind) or self._start(config, kind)
        async with asyncio.timeout(timeout):
            return await asyncio.shield(run.task), run.trace

    def _current(self, config: ServerConfig, kind: ProbeKind) -> _Run | None:
        run = self._runs.get((config.domain, kind))
        return run if run is not None and time.monotonic() - run.started < FRESH_EVERY[kind] else None

    def _start(self, config: ServerConfig, kind: ProbeKind) -> _Run:
        lines: list[str] = []
        trace = Trace(lambda line: lines.append(line) if len(lines) < MAX_TRACE_LINES else None)
        task = asyncio.create_task(self._schedule.run_now(config, kind, trace))
        run = self._runs[config.domain, kind] = _Run(task, time.monotonic(), lines)
        return run

    async def close(self) -> None:
        """End what still runs; it cleans up on the servers first."""
        tasks = [run.task for run in self._runs.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
