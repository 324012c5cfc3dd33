"""One probe of a server that is far away: how long it takes in round trips, and what waits for what."""

import asyncio
import socket
import time
from collections import Counter
from dataclasses import dataclass, replace

from tests.bench.delay_line import DelayLine, FarAddresses
from tests.bench.effort import Announce, Effort
from tests.bench.figures import Figure, Results
from tests.bench.isolated import isolated_in
from tests.bench.namespace import entered
from tests.bench.site import DOMAINS, Site, site_of
from tests.bench.watch import Watch
from tests.servers.laboratory import Laboratory
from xmpp_exporter.availability import probe_availability
from xmpp_exporter.model import ProbeReport, Verdict
from xmpp_exporter.probe import probe_compliance
from xmpp_exporter.prober import Prober

ROUND_TRIP = 0.05
UNUSED_PORT = 99
DIRECT_TLS, STARTTLS = 0, 1
"""Turns of an availability probe: each logs in at another endpoint, direct TLS first."""


def measure(effort: Effort, announce: Announce) -> Results:
    """All figures and steps, with servers of our own behind a delay line."""
    results = Results()
    announce("starting the servers behind a delay line")
    with DelayLine(ROUND_TRIP) as line, entered(line.far), Laboratory(addresses=FarAddresses()) as laboratory:
        laboratory.start(*DOMAINS.values())
        for software in DOMAINS:
            announce(f"probes of {software}, {ROUND_TRIP * 1000:g} ms away")
            found = isolated_in(line.near, _probe, site_of(laboratory, software), effort.repeats)
            results.figures += found.figures
            results.steps += found.steps
    return results


@dataclass(frozen=True, slots=True)
class _Run:
    """One probe: its report, the CPU seconds of the whole process, and what was seen."""

    report: ProbeReport
    cpu: float
    watch: Watch


def _probe(site: Site, repeats: int) -> Results:
    """In a fresh process in the near network."""
    round_trip = _round_trip(site)
    prober = site.prober()
    with asyncio.Runner() as runner:
        first = runner.run(
            _availability(prober, site, DIRECT_TLS)
        )  # what a process does only once is no part of a probe
        logins = {
            name: _fastest([runner.run(_availability(prober, site, turn, first.report)) for _ in range(repeats)])
            for name, turn in (("STARTTLS", STARTTLS), ("direct TLS", DIRECT_TLS))
        }
        full = _fastest([runner.run(_compliance(prober, site)) for _ in range(repeats)])
    subject = site.software
    results = Results([Figure(subject, "round trip", round_trip * 1000, "ms")])
    limits = {"STARTTLS": 13.0, "direct TLS": 11.0}
    for name, run in logins.items():
        wall, dns = run.report.duration / round_trip, run.report.phases["dns"] / round_trip
        results.figures += [
            Figure(subject, f"availability probe, login over {name}", wall, "RTT", limits[name]),
            Figure(subject, f"availability probe, login over {name}: phase dns", dns, "RTT"),
            Figure(subject, f"availability probe, login over {name}: CPU", run.cpu * 1000, "ms"),
        ]
    results.figures += _compliance_figures(subject, full, round_trip)
    results.steps += full.watch.steps(subject, full.report, round_trip)
    return results


def _compliance_figures(subject: str, run: _Run, round_trip: float) -> list[Figure]:
    report, watch = run.report, run.watch
    verdicts = Counter(result.outcome.verdict for result in report.checks)
    login = watch.session.times["bind"] if watch.session is not None else 0.0
    return [
        Figure(subject, "compliance probe", report.duration / round_trip, "RTT", 50),
        Figure(subject, "compliance probe: the account's stream", watch.stream / round_trip, "RTT", 25),
        Figure(subject, "compliance probe: login", login / round_trip, "RTT"),
        *(
            Figure(subject, f"compliance probe: phase {phase}", seconds / round_trip, "RTT")
            for phase, seconds in report.phases.items()
        ),
        Figure(subject, "compliance probe: wall", report.duration * 1000, "ms"),
        Figure(subject, "compliance probe: CPU", run.cpu * 1000, "ms", 150),
        Figure(subject, "compliance probe: requests", sum(map(len, watch.asked.values()))),
        Figure(subject, "checks", len(report.checks)),
        *(Figure(subject, f"checks {verdict}", verdicts[verdict]) for verdict in Verdict if verdicts[verdict]),
    ]


def _round_trip(site: Site) -> float:
    """Seconds that the answer of a closed port takes, the least of several."""
    seconds = []
    for _ in range(10):
        started = time.perf_counter()
        with socket.socket() as probe:
            if probe.connect_ex((site.address, UNUSED_PORT)) == 0:
                raise RuntimeError(f"something listens on {site.address}:{UNUSED_PORT}")
        seconds.append(time.perf_counter() - started)
    return min(seconds)


async def _availability(prober: Prober, site: Site, turn: int, previous: ProbeReport | None = None) -> _Run:
    watch, cpu = Watch(), time.process_time()
    with watch.watching():
        report = await probe_availability(prober, site.config(), turn=turn, previous=previous)
    cpu = time.process_time() - cpu
    _require_success(report)
    return _Run(report, cpu, watch)


async def _compliance(prober: Prober, site: Site) -> _Run:
    watch, cpu = Watch(), time.process_time()
    with watch.watching():
        report = await probe_compliance(prober, site.config())
    cpu = time.process_time() - cpu
    _require_success(report)
    return _Run(report, cpu, watch)


def _fastest(runs: list[_Run]) -> _Run:
    """The run that others on the machine held up least, with the least CPU of all."""
    fastest = min(runs, key=lambda run: run.report.duration)
    return replace(fastest, cpu=min(run.cpu for run in runs))


def _require_success(report: ProbeReport) -> None:
    """A probe that failed is soon done, and says nothing."""
    if not (report.success and report.login):
        raise RuntimeError(f"a probe of {report.domain} failed: {report.detail or report.login_detail}")
