"""What is known of each server, kept over restarts: the latest report of each kind, and when checks last worked.

One JSON file per domain below `servers/`, and the login refusals in `logins.json`. Changes are written within a second,
off the event loop, and at the end.
"""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import structlog
from pydantic import ConfigDict, TypeAdapter

from xmpp_exporter.backoff import LoginBackoff
from xmpp_exporter.files import set_aside, write_atomically
from xmpp_exporter.model import ProbeKind, ProbeReport, Verdict
from xmpp_exporter.unhurried import unhurried

log = structlog.get_logger(__name__)

WRITE_PAUSE = 1.0
"""Seconds between two rounds of writing."""

LOGINS = "logins.json"

MAX_NAME = 200
"""Characters of a domain in a file's name: file systems allow 255 bytes, a domain may have 253."""

Content = TypeVar("Content")


@dataclass
class ServerState:
    """All that is remembered of one server. Times are seconds since the epoch."""

    # a server may claim an endless file size: what is written must be read again
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(ser_json_inf_nan="constants")

    reports: dict[ProbeKind, ProbeReport] = field(default_factory=dict)
    last_success: dict[ProbeKind, float] = field(default_factory=dict)
    last_supported: dict[str, float] = field(default_factory=dict)
    decided: dict[str, Verdict] = field(default_factory=dict)
    """The last verdict of each check that was not `unknown`."""

    def take(self, report: ProbeReport) -> None:
        """Remember a finished report; a failed probe changes nothing of what is known of the checks."""
        before = self.reports.get(report.probe)
        if before is not None and not (report.success and report.login):
            # who could not look for services does not know that they are gone
            report = replace(report, services=dict(before.services) | dict(report.services))
        if before is not None and not report.success:
            # who did not get as far as that does not know what was left, nor who was reached
            report = replace(report, kept=report.kept or before.kept, peers=report.peers or before.peers)
        self.reports[report.probe] = report
        if not report.success:
            return
        self.last_success[report.probe] = report.started
        for result in report.checks:
            if result.outcome.verdict is not Verdict.UNKNOWN:
                self.decided[result.check] = result.outcome.verdict
            if result.outcome.verdict is Verdict.SUPPORTED:
                self.last_supported[result.check] = report.started if result.found is None else result.found


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
        self._forgotten: set[str] = set()
        self._changed = asyncio.Event()
        if folder is not None:
            (folder / "servers").mkdir(parents=True, exist_ok=True)
            self._load_logins(folder / LOGINS)

    def state(self, domain: str) -> ServerState:
        """What is known of the domain; read from its file when first asked for."""
        self._forgotten.discard(domain)
        if domain not in self._states:
            self._states[domain] = self._load(domain)
        return self._states[domain]

    def report(self, domain: str, kind: ProbeKind) -> ProbeReport | None:
        """The latest report, if it is known here already."""
        state = self._states.get(domain)
        return state.reports.get(kind) if state is not None else None

    async def load(self, domains: Iterable[str]) -> None:
        """Read what is known of these domains, off the event loop: thousands of files take a while."""
        missing = [domain for domain in domains if domain not in self._states]
        if self._folder is not None and missing:
            loaded = await asyncio.to_thread(lambda: {domain: self._load(domain) for domain in missing})
            self._states = loaded | self._states

    def take(self, report: ProbeReport) -> None:
        """Remember a finished report, here now and on disk within seconds."""
        self.state(report.domain).take(report)
        self._dirty.add(report.domain)
        self._changed.set()

    def forget(self, domain: str) -> None:
        """Drop a server that is no longer configured, once it is written; its file stays, should it come back."""
        self._forgotten.add(domain)
        self._changed.set()

    @contextlib.asynccontextmanager
    async def writing(self) -> AsyncIterator[None]:
        """Writes what changes, for as long as the block lasts, and all of it at the end."""
        ended = asyncio.Event()
        task = asyncio.create_task(self._write_until(ended))
        try:
            yield
        finally:
            ended.set()
            self._changed.set()
            await task

    async def _write_until(self, ended: asyncio.Event) -> None:
        while not ended.is_set():
            await self._changed.wait()
            self._changed.clear()
            await self._write()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), WRITE_PAUSE)
        if self._dirty:
            await self._write()

    async def _write(self) -> None:
        """Write what has changed; what can't be written is tried again with the next change."""
        domains, self._dirty = self._dirty, set()
        if self._folder is not None:
            self._dirty |= await self._write_to(self._folder, domains)
        gone = self._forgotten - self._dirty
        self._forgotten -= gone
        for domain in gone:
            self._states.pop(domain, None)

    async def _write_to(self, folder: Path, domains: Iterable[str]) -> set[str]:
        """Those of `domains` whose files could not be written: one that can't keeps no other from it."""
        contents: dict[Path, bytes] = {}
        failures: dict[Path, Exception] = {}
        files = {_file(folder, domain): domain for domain in domains}
        async for path, domain in unhurried(files.items()):
            # made here and not in the thread, where the states would change meanwhile
            try:
                contents[path] = _STATE.dump_json(self._states[domain])
            except ValueError as error:  # pydantic's, for text that no file can hold
                failures[path] = error
        contents[folder / LOGINS] = _LOGINS.dump_json(self._backoff.dump())
        failures |= await asyncio.to_thread(_write_all, contents)
        for path, why in islice(failures.items(), 1):
            what = "reports could not be written; trying again with the next one"
            log.error(what, files=len(failures), path=str(path), error=str(why)[:200])
        return {files[path] for path in failures if path in files}

    def _load(self, domain: str) -> ServerState:
        return (_read(_file(self._folder, domain), _STATE) if self._folder else None) or ServerState()

    def _load_logins(self, path: Path) -> None:
        logins = _read(path, _LOGINS)
        try:
            if logins is not None:
                self._backoff.load(logins)
        except (TypeError, ValueError, KeyError) as error:
            set_aside(path, error)


def _file(folder: Path, domain: str) -> Path:
    if len(domain) > MAX_NAME:
        domain = f"{domain[:MAX_NAME]}-{hashlib.sha256(domain.encode()).hexdigest()[:16]}"
    return folder / "servers" / f"{domain}.json"


def _read(path: Path, kind: TypeAdapter[Content]) -> Content | None:
    """What the file holds; None where there is none, or none that can be used."""
    try:
        return kind.validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:  # pydantic's errors are ValueErrors
        set_aside(path, error)
        return None


def _write_all(contents: Mapping[Path, bytes]) -> dict[Path, Exception]:
    """Write the files; the result says which can't be, and why."""
    failures: dict[Path, Exception] = {}
    for path, content in contents.items():
        try:
            write_atomically(path, content)
        except OSError as error:
            failures[path] = error
    return failures


def changed_checks(known: Mapping[str, Verdict], report: ProbeReport) -> frozenset[str]:
    """The checks of `report` that went from supported to not, or back, since they were last decided."""
    return frozenset(
        result.check
        for result in report.checks
        if result.outcome.verdict is not Verdict.UNKNOWN
        and result.check in known
        and (known[result.check] is Verdict.SUPPORTED) != (result.outcome.verdict is Verdict.SUPPORTED)
    )
