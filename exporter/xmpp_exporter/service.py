"""The long-running exporter: loads the configuration, runs the schedule, and has what the web pages show."""

import asyncio
import contextlib
import ssl
import time
from collections.abc import AsyncIterator
from pathlib import Path

import structlog

from xmpp_exporter.adhoc import AdHoc
from xmpp_exporter.backoff import LoginBackoff
from xmpp_exporter.canary import Canaries
from xmpp_exporter.catalogue import checks
from xmpp_exporter.config import Config, load_config
from xmpp_exporter.exposition import Exposition
from xmpp_exporter.journal import Journal
from xmpp_exporter.metrics import Counts
from xmpp_exporter.model import ProbeKind, ProbeReport
from xmpp_exporter.network_setup import network_of
from xmpp_exporter.probe import Prober
from xmpp_exporter.schedule import Schedule, Turn
from xmpp_exporter.self_metrics import Readings, ReloadState, SelfMetrics
from xmpp_exporter.serving.yamlfile import YamlError
from xmpp_exporter.store import Store

log = structlog.get_logger(__name__)


class ReloadError(Exception):
    """The configuration could not be loaded; the one before stays. The message is what is wrong, a line each."""


class Exporter:
    """One exporter. Raises YamlError for a bad configuration and OSError for an unusable storage folder."""

    def __init__(self, config_file: Path, storage: Path | None) -> None:
        self._config_file = config_file
        self.config: Config = load_config(config_file, checks())
        backoff = LoginBackoff()
        self.store = Store(storage, backoff)
        journal = Journal(storage / "journal.jsonl" if storage else None)
        self._prober = Prober(network_of(self.config), journal, backoff)
        self.exposition = Exposition()
        self._canaries = Canaries()
        self._watching: asyncio.Task[None] | None = None
        self.schedule = Schedule(self._prober, self.store, self._publish, lambda: self._canaries.up)
        self.adhoc = AdHoc(self.schedule)
        self.reloads = ReloadState()
        self.metrics = SelfMetrics(self._readings)
        self.ready = False
        self._reloading = asyncio.Lock()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Probes for as long as the block lasts; at its end everything is cleaned up and written."""
        async with self.store.writing():
            await self._apply(self.config)
            self.ready = True
            try:
                yield
            finally:
                self.ready = False
                await asyncio.gather(self.schedule.stop(), self.adhoc.close())
                await self._watch(None)

    async def reload(self) -> None:
        """Load the configuration again. Raises ReloadError, and then everything stays as it was."""
        async with self._reloading:
            try:
                config = await asyncio.to_thread(load_config, self._config_file, checks())
                network = network_of(config)
            except (YamlError, OSError, ssl.SSLError) as error:
                self.reloads.failed()
                errors = error.errors if isinstance(error, YamlError) else [str(error)]
                for line in errors:
                    log.error("the configuration was not reloaded", error=line)
                raise ReloadError("\n".join(errors)) from error
            self._prober.network = network
            self._prober.backoff.forget()
            await self._apply(config)
            self.reloads.loaded()
            log.info("the configuration was reloaded", servers=len(config.servers))

    async def _apply(self, config: Config) -> None:
        removed = {server.domain for server in self.config.servers} - {server.domain for server in config.servers}
        self.config = config
        self._prober.admission.concurrent = config.limits.concurrent_probes
        self._prober.admission.per_address = config.limits.probes_per_address
        for domain in removed:
            self.exposition.remove(domain)
        for server in config.servers:
            self.exposition.configure(server, self.store.state(server.domain))
        await self.schedule.configure(config.servers)
        for domain in removed:
            self.store.forget(domain)
        await self._watch(config)

    async def _watch(self, config: Config | None) -> None:
        """Watch the canaries of `config` in the place of those before."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.wait([self._watching])
        self._watching = None
        if config is not None:
            self._watching = asyncio.create_task(self._canaries.watch(self._prober.network, config.canaries))

    def _publish(self, turn: Turn, report: ProbeReport) -> None:
        domain, kind = report.domain, report.probe
        self.exposition.count(domain, kind, Counts(turn.total, dict(turn.failures)))
        self.exposition.show(turn.config, kind, self.store.state(domain))

    def _readings(self) -> Readings:
        now = time.time()
        return {
            "xmpp_exporter_config_last_reload_successful": float(self.reloads.successful),
            "xmpp_exporter_config_last_reload_success_timestamp_seconds": self.reloads.timestamp,
            "xmpp_exporter_servers": float(len(self.config.servers)),
            "xmpp_exporter_probes_in_flight": {
                str(kind): float(self._prober.admission.running(kind)) for kind in ProbeKind
            },
            "xmpp_exporter_probe_lag_seconds": {str(kind): self.schedule.lag(kind, now) for kind in ProbeKind},
            "xmpp_exporter_network_up": float(self._canaries.up),
        }
