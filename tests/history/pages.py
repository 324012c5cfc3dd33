"""The page of a scripted exporter over the days, rendered as the exporter renders its own."""

import re
from dataclasses import dataclass, field

from tests.history.reports import Observed
from tests.history.script import END, during, script
from xmpp_exporter.exposition import Exposition
from xmpp_exporter.metrics import Counts
from xmpp_exporter.model import Failure, ProbeKind
from xmpp_exporter.self_metrics import Readings, SelfMetrics
from xmpp_exporter.slots import interval_of, next_slot
from xmpp_exporter.store import ServerState


@dataclass
class _Known:
    """What an exporter knows of a server: reports outlive a restart, counters don't."""

    state: ServerState = field(default_factory=ServerState)
    runs: dict[ProbeKind, float] = field(default_factory=dict)
    counted: dict[ProbeKind, dict[Failure | None, int]] = field(default_factory=dict)

    def counts(self, kind: ProbeKind) -> Counts:
        counted = self.counted.get(kind, {})
        return Counts(sum(counted.values()), {reason: number for reason, number in counted.items() if reason})


class ScriptedExporter:
    """One exporter, to be scraped at moments that only go forward, in seconds since the epoch."""

    def __init__(self, name: str) -> None:
        self._script = script().exporters[name]
        self._servers = [Observed(each, name) for each in script().servers if name in each.exporters]
        self._known: dict[str, _Known] = {each.domain: _Known() for each in self._servers}
        self._shown: set[str] = set()
        self._exposition = Exposition()
        self._started = END - 32 * 86400
        self._now = 0.0
        self._self_metrics = SelfMetrics(self._readings)

    def scrape(self, moment: float, reports: bool = True) -> list[bytes]:
        """The page as it is at that moment, in pieces of whole lines; none while the exporter restarts.

        Without `reports`, nothing is shown of what the probes found but that they were: all that counters need.
        """
        before, self._now = self._now, moment
        if any(before < END - age <= moment for age in self._script.restarts):
            self._restart(moment)
            return []
        for server in self._servers:
            self._configure(server)
            if server.domain in self._shown:
                for kind in ProbeKind:
                    self._probe(server, kind, reports)
        return [*self._exposition.chunks(moment), *([self._own()] if reports else [])]

    def _configure(self, server: Observed) -> None:
        """Whether the configuration has the server may change, at a reload."""
        configured = server.script.configured.has(self._now)
        if configured and server.domain not in self._shown:
            self._shown.add(server.domain)
            self._exposition.configure(server.config, self._known[server.domain].state)
        elif not configured and server.domain in self._shown:
            self._shown.discard(server.domain)
            self._exposition.remove(server.domain)

    def _restart(self, moment: float) -> None:
        self._started = moment
        self._exposition = Exposition()
        self._shown.clear()
        for known in self._known.values():
            known.counted.clear()

    def _probe(self, server: Observed, kind: ProbeKind, reports: bool) -> None:
        """Runs the probes whose turn it was; only the last of them has a report that somebody will see."""
        known = self._known[server.domain]
        if during(server.script.unprobed, self._now):
            return
        interval = interval_of(server.config, kind)
        last = known.runs.get(kind, self._now - interval)
        slot = next_slot(server.domain, kind, interval, last)
        if slot > self._now:
            return
        turns = int((self._now - slot) // interval) + 1
        started = slot + (turns - 1) * interval
        known.runs[kind] = started
        failure, counted = server.down(started), known.counted.setdefault(kind, {})
        counted[failure] = counted.get(failure, 0) + turns
        self._exposition.count(server.domain, kind, known.counts(kind))
        if reports:
            known.state.take(server.report(kind, started))
            self._exposition.show(server.config, kind, known.state)

    def _readings(self) -> Readings:
        late = 90.0 if during(self._script.late, self._now) else 0.2
        return {
            "xmpp_exporter_config_last_reload_successful": not during(self._script.config_broken, self._now),
            "xmpp_exporter_config_last_reload_success_timestamp_seconds": self._started,
            "xmpp_exporter_servers": len(self._shown),
            "xmpp_exporter_probes_in_flight": {ProbeKind.AVAILABILITY: 1.0, ProbeKind.COMPLIANCE: 0.0},
            "xmpp_exporter_probe_lag_seconds": {ProbeKind.AVAILABILITY: late, ProbeKind.COMPLIANCE: 1.0},
            "xmpp_exporter_network_up": not during(self._script.network_down, self._now),
        }

    def _own(self) -> bytes:
        """What the exporter says of itself: this process's own readings, but for those that tell its age."""
        text = self._self_metrics.render()
        uptime = self._now - self._started
        of_age = {"process_start_time_seconds": self._started, "process_cpu_seconds_total": 0.02 * uptime}
        for name, value in of_age.items():
            line = f"{name} {value}"
            text, found = re.subn(rf"(?m)^{name} .*$".encode(), line.encode(), text)
            assert found == 1, name
        return text
