"""What is known of each server, kept over restarts: the latest report of each kind, and when checks last worked.

One JSON file per domain below `servers/`, and the login refusals in `logins.json`. Changes are written within a second,
off the event loop, and at the end.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog
from pydantic import TypeAdapter, ValidationError

from xmpp_exporter.backoff import LoginBackoff
from xmpp_exporter.files import set_aside, write_atomically
from xmpp_exporter.model import ProbeKind, ProbeReport, Verdict

log = structlog.get_logger(__name__)

WRITE_PAUSE = 1.0
"""Seconds between two rounds of writing."""


@dataclass
class ServerState:
    """All that is remembered of one server. Times are seconds since the epoch."""

    reports: dict[ProbeKind, ProbeReport] = field(default_factory=dict)
    last_success: dict[ProbeKind, float] = field(default_factory=dict)
    last_supported: dict[str, float] = field(default_factory=dict)
    decided: dict[str, Verdict] = field(default_factory=dict)
    """The last verdict of each check that was not `unknown`."""

    def take(self, report: ProbeReport) -> None:
        """Remember a finished report."""
        self.reports[report.probe] = report
        if report.success:
            self.last_success[report.probe] = report.started
        for result in report.checks:
            if result.outcome.verdict is not Verdict.UNKNOWN:
                self.decided[result.check] = result.outcome.verdict
            if result.outcome.verdict is Verdict.SUPPORTED:
                self.last_supported[result.check] = report.started


_STATE = TypeAdapter(ServerState)
_LOGINS = TypeAdapter(dict[str, dict[str, Any]])


class Store:
    """The states by domain. Without a folder they last as long as the process.

    Raises OSError when the folder can't be used.
    """

    def __init__(self, folder: Path | None = None, backoff: LoginBackoff | None = None) -> None:
        self._folder = folder
        self._backoff = backoff or LoginBackoff()
        self._states: dict[str, ServerState] = {}
        self._dirty: set[str] = set()
        self._changed = asyncio.Event()
        if folder is not None:
            (folder / "servers").mkdir(parents=True, exist_ok=True)
            self._load_logins(folder / "logins.json")

    def state(self, domain: str) -> ServerState:
        """What is known of the domain; read from its file when first asked for."""
        if domain not in self._states:
            self._states[domain] = self._load(domain)
        return self._states[domain]

    def take(self, report: ProbeReport) -> None:
        """Remember a finished report, here now and on disk within seconds."""
        self.state(report.domain).take(report)
        self._dirty.add(report.domain)
        self._changed.set()

    def forget(self, domain: str) -> None:
        """Drop a server that is no longer configured; its file stays, should it come back."""
        if domain in self._dirty:
            self._write({domain})
            self._dirty.discard(domain)
        self._states.pop(domain, None)

    @contextlib.asynccontextmanager
    async def writing(self) -> AsyncIterator[None]:
        """Writes what changes, for as long as the block lasts, and all of it at the end."""
        task = asyncio.create_task(self._write_on())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])
            await asyncio.to_thread(self._write, self._dirty)

    async def _write_on(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            domains, self._dirty = self._dirty, set()
            try:
                await asyncio.to_thread(self._write, domains)
            except OSError as error:
                self._dirty |= domains
                log.error("reports could not be written; trying again with the next one", error=str(error))
            await asyncio.sleep(WRITE_PAUSE)

    def _write(self, domains: set[str]) -> None:
        if self._folder is None:
            return
        for domain in domains:
            if domain in self._states:
                write_atomically(self._file(domain), _STATE.dump_json(self._states[domain]))
        write_atomically(self._folder / "logins.json", _LOGINS.dump_json(self._backoff.dump()))

    def _file(self, domain: str) -> Path:
        assert self._folder is not None  # noqa: S101 - asked for only where there is one
        return self._folder / "servers" / f"{domain}.json"

    def _load(self, domain: str) -> ServerState:
        if self._folder is None or not self._file(domain).exists():
            return ServerState()
        try:
            return _STATE.validate_json(self._file(domain).read_bytes())
        except (ValidationError, ValueError) as error:
            set_aside(self._file(domain), error)
            return ServerState()

    def _load_logins(self, path: Path) -> None:
        if not path.exists():
            return
        try:
            self._backoff.load(_LOGINS.validate_json(path.read_bytes()))
        except (ValidationError, ValueError, TypeError, KeyError) as error:
            set_aside(path, error)


def changed_checks(known: Mapping[str, Verdict], report: ProbeReport) -> frozenset[str]:
    """The checks of `report` that went from supported to not, or back, since they were last decided."""
    return frozenset(
        result.check
        for result in report.checks
        if result.outcome.verdict is not Verdict.UNKNOWN
        and result.check in known
        and (known[result.check] is Verdict.SUPPORTED) != (result.outcome.verdict is Verdict.SUPPORTED)
    )
