"""The long-running exporter: loads the configuration, runs the schedule, and has what the web pages show."""

import asyncio
import contextlib
import gc
import time
from collections.abc import AsyncIterator, Iterator
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
from xmpp_exporter.model import PROBER_FAULTS, ProbeKind, ProbeReport
from xmpp_exporter.network_setup import network_of
from xmpp_exporter.prober import Prober
from xmpp_exporter.probing import Probing
from xmpp_exporter.schedule import Schedule, Turn
from xmpp_exporter.self_metrics import Readings, ReloadState, SelfMetrics
from xmpp_exporter.serving.yamlfile import YamlError
from xmpp_exporter.store import Store
from xmpp_exporter.unhurried import unhurried

log = structlog.get_logger(__name__)


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    """No search for garbage while millions of objects are made that stay: each search would hold up everything."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class ReloadError(Exception):
    """The configuration could not be loaded; the one before stays. The message is what is wrong, a line each."""


class Exporter:
    """One exporter. Raises YamlError for a bad configuration and OSError for an unusable storage folder."""

    def __init__(self, config_file: Path, storage: Path | None) -> None:
        self._config_file = config_file
        with _no_collection():
            self.config: Config = load_config(config_file, checks())
        backoff = LoginBackoff()
        self.store = Store(storage, backoff)
        journal = Journal(storage / "journal.jsonl" if storage else None)
        self._prober = Prober(network_of(self.config), journal, backoff)
        self.exposition = Exposition()
        self._canaries = Canaries()
        probing = Probing(self._prober, self.store, self._canaries)
        self.schedule = Schedule(probing.confirmed, self.store, self._publish)
        self.adhoc = AdHoc(
            lambda config, kind, trace: probing.once(config, kind, trace=trace),
            self.schedule.running,
            self.store.report,
        )
        self.reloads = ReloadState()
        self.metrics = SelfMetrics(self._readings)
        self.ready = False
        self._reloading = asyncio.Lock()

    @contextlib.asynccontextmanager
    async def running(self, grace: float = 30.0) -> AsyncIterator[None]:
        """Probes for as long as the block lasts; at its end everything is cleaned up and written.

        What could not be cleaned up within `grace` seconds stays in the journal, for the next probe to remove.
        """
        async with self.store.writing():
            try:
                async with self._reloading:
                    with _no_collection():
                        await self._show(self.config, Config())
                        gc.freeze()
                    await self.schedule.configure(self.config.servers)
                    self.ready = True
                yield
            finally:
                self.ready = False
                deadline = asyncio.get_running_loop().time() + grace
                async with self._reloading:
                    await asyncio.gather(self.schedule.stop(deadline), self.adhoc.close(deadline))
                    await self._canaries.close()

    async def reload(self) -> None:
        """Load the configuration again. Raises ReloadError, and then everything stays as it was."""
        async with self._reloading:
            if not self.ready:
                raise ReloadError("the exporter is ending")
            try:
                with _no_collection():
                    config = await asyncio.to_thread(load_config, self._config_file, checks())
                network = network_of(config, self._prober.network)
            except (YamlError, OSError) as error:
                self.reloads.failed()
                errors = error.errors if isinstance(error, YamlError) else [str(error)]
                for line in errors:
                    log.error("the configuration was not reloaded", error=line)
                raise ReloadError("\n".join(errors)) from error
            self._prober.network = network
            network.connections.per_address = config.limits.connections_per_address
            self._prober.backoff.forget()
            before, self.config = self.config, config
            removed = {server.domain for server in before.servers} - {server.domain for server in config.servers}
            for domain in removed:
                self.exposition.remove(domain)
            await self._show(config, before)
            await self.schedule.configure(config.servers)
            for domain in removed:
                self.store.forget(domain)
            self.reloads.loaded()
            log.info("the configuration was reloaded", servers=len(config.servers))

    async def _show(self, config: Config, before: Config) -> None:
        """Do what `config` says of the prober, and show what is known of servers that are not as `before`."""
        self._prober.peers, self._prober.is_up = config.peers, self._is_up
        self._prober.admission.concurrent = config.limits.concurrent_probes
        self._prober.admission.per_address = config.limits.probes_per_address
        await self._canaries.watch(self._prober.network, config.canaries)
        await self.store.load(server.domain for server in config.servers)
        async for server in unhurried(config.servers):
            if server != before.server(server.domain):
                self.exposition.configure(server, self.store.state(server.domain))

    def _is_up(self, domain: str) -> bool | None:
        """Whether the latest availability probe of a configured server found it up."""
        report = self.store.report(domain, ProbeKind.AVAILABILITY) if self.config.server(domain) else None
        return None if report is None or report.failure in PROBER_FAULTS else report.success

    def _publish(self, turn: Turn, report: ProbeReport) -> None:
        domain, kind = report.domain, report.probe
        self.exposition.count(domain, kind, Counts(turn.total, turn.failures))
        self.exposition.show(turn.config, kind, self.store.state(domain))

    def _readings(self) -> Readings:
        now = time.time()
        admission = self._prober.admission
        return {
            "xmpp_exporter_config_last_reload_successful": float(self.reloads.successful),
            "xmpp_exporter_config_last_reload_success_timestamp_seconds": self.reloads.timestamp,
            "xmpp_exporter_servers": float(len(self.config.servers)),
            "xmpp_exporter_probes_in_flight": {str(kind): float(admission.running(kind)) for kind in ProbeKind},
            "xmpp_exporter_probe_lag_seconds": {
                str(kind): max(self.schedule.lag(kind, now), admission.longest_wait(kind)) for kind in ProbeKind
            },
            "xmpp_exporter_network_up": float(self._canaries.up),
        }
