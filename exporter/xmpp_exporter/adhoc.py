"""Probes on request (/probe): they join a running one or run at once, rarely, and are nowhere kept."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from xmpp_exporter.config import ServerConfig
from xmpp_exporter.ending import end
from xmpp_exporter.model import ProbeKind, ProbeReport
from xmpp_exporter.slots import interval_of
from xmpp_exporter.wire.trace import Trace

FRESH_EVERY = {ProbeKind.AVAILABILITY: 30.0, ProbeKind.COMPLIANCE: 600.0}
"""Seconds between two fresh runs of a server; in between, the last one's report is given again.

A foreign server's interval is a promise to its operator, whoever asks: there it is that long, the schedule's probes
included.
"""

MAX_TRACE_LINES = 5000

Probe = Callable[[ServerConfig, ProbeKind, Trace], Coroutine[Any, Any, ProbeReport]]
Scheduled = Callable[[str, ProbeKind], asyncio.Task[ProbeReport] | None]
"""The schedule's probe of a domain that runs now."""
Known = Callable[[str, ProbeKind], ProbeReport | None]
"""The schedule's last report of a domain."""


class Interrupted(Exception):
    """The probe was ended before its end: the configuration has changed, or the exporter is ending."""


@dataclass
class _Run:
    config: ServerConfig
    task: asyncio.Task[ProbeReport]
    started: float
    trace: list[str]


class AdHoc:
    """The probes that were asked for. Close it at the end."""

    def __init__(self, probe: Probe, scheduled: Scheduled, known: Known) -> None:
        self._probe = probe
        self._scheduled = scheduled
        self._known = known
        self._runs: dict[tuple[str, ProbeKind], _Run] = {}
        self._closed = False

    async def report(
        self, config: ServerConfig, kind: ProbeKind, timeout: float, *, traced: bool = False
    ) -> tuple[ProbeReport, list[str]]:
        """A report of this server and, if `traced`, the redacted trace of a run that was begun for this.

        A run that was begun without has no trace. Raises TimeoutError after `timeout` seconds, and Interrupted. A run
        that takes longer goes on, for the next one who asks.
        """
        if self._closed:
            raise Interrupted
        scheduled = self._scheduled(config.domain, kind)
        if scheduled is not None:
            return await _result(scheduled, timeout), []
        if config.relation == "foreign":
            known = self._known(config.domain, kind)
            if known is not None and time.time() - known.started < _pause(config, kind):
                return known, []
        run = self._current(config, kind) or self._start(config, kind, traced)
        return await _result(run.task, timeout), run.trace

    def _current(self, config: ServerConfig, kind: ProbeKind) -> _Run | None:
        """The run of this server that still goes on, or ended not long ago, if it was of the same settings."""
        run = self._runs.get((config.domain, kind))
        if run is None or not _counts(run, _pause(config, kind)):
            return None
        other_settings = run.task.done() and run.config != config
        return None if other_settings and config.relation != "foreign" else run

    def _start(self, config: ServerConfig, kind: ProbeKind, traced: bool) -> _Run:
        self._runs = {key: run for key, run in self._runs.items() if _counts(run, _pause(run.config, key[1]))}
        lines: list[str] = []
        trace = Trace((lambda line: lines.append(line) if len(lines) < MAX_TRACE_LINES else None) if traced else None)
        task = asyncio.create_task(self._probe(config, kind, trace))
        run = self._runs[config.domain, kind] = _Run(config, task, time.monotonic(), lines)
        return run

    async def close(self, deadline: float | None = None) -> None:
        """End what still runs; it cleans up on the servers first, until `deadline` (time of the event loop)."""
        self._closed = True
        await end([run.task for run in self._runs.values()], deadline)


def _pause(config: ServerConfig, kind: ProbeKind) -> float:
    """Seconds from one fresh run of this server to the next."""
    least = FRESH_EVERY[kind]
    return max(least, interval_of(config, kind)) if config.relation == "foreign" else least


def _counts(run: _Run, pause: float) -> bool:
    return not run.task.done() or time.monotonic() - run.started < pause


async def _result(task: asyncio.Task[ProbeReport], timeout: float) -> ProbeReport:
    """What the task returns, without ending it when we are."""
    done, _ = await asyncio.wait([task], timeout=timeout)
    if not done:
        raise TimeoutError
    if task.cancelled():
        raise Interrupted
    return task.result()
