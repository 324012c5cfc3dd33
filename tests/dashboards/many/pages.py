"""The exporter's page with many servers, rendered by its own code, in two states between which everything changed."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from tests.bench.reports import NOW, probed_server
from xmpp_exporter.config.federation import Federation
from xmpp_exporter.exposition import Exposition
from xmpp_exporter.model import Failure, PeerReport, ProbeKind, ProbeReport
from xmpp_exporter.self_metrics import Readings, SelfMetrics
from xmpp_exporter.store import ServerState

SERVERS = 500

FEDERATED = 32
"""Servers that ping each other: more than a matrix shows, and as many pairs as the exporter takes."""

assert Federation().max_pairs >= FEDERATED * (FEDERATED - 1)

_DOWN_EVERY, _LATE_EVERY = 5, 7
"""Of the others, one of so many is down, and one was not probed for two hours."""
_LATE = 2 * 3600.0


_probed = cache(probed_server)


def page(state: int) -> bytes:
    """`state` 0 is how it was, 1 how it is at the end."""
    exposition = Exposition()
    for number in range(SERVERS):
        config, known = _probed(number).config, ServerState()
        for earlier in range(state + 1):
            for report in _reports(number, earlier):
                known.take(report)
        exposition.configure(config, known)
    return b"".join([*exposition.chunks(NOW), SelfMetrics(_readings).render()])


def _reports(number: int, state: int) -> Iterator[ProbeReport]:
    """Each state has verdicts, software and measurements of its own."""
    federated = number < FEDERATED
    late = _LATE if not federated and number % _LATE_EVERY == 0 else 0.0
    down = not federated and (number + state) % _DOWN_EVERY == 0
    for made_up in _probed(number + state * SERVERS).reports:
        report = replace(made_up, domain=_probed(number).config.domain, started=made_up.started - late)
        if report.probe is not ProbeKind.AVAILABILITY:
            yield report
        elif down:
            failure = [*Failure][number % len(Failure)]
            yield replace(report, success=False, failure=failure, login=False, login_failure=failure)
        else:
            yield replace(report, peers=tuple(_peers(number, state)) if federated else ())


def _peers(number: int, state: int) -> Iterator[PeerReport]:
    """Every second peer is reached, in the other state the others."""
    for other in range(FEDERATED):
        if other != number:
            reached = (number + other + state) % 2 == 0
            yield PeerReport(_probed(other).config.domain, NOW, reached, 0.05 * other, peer_up=True)


def _readings() -> Readings:
    return {
        "xmpp_exporter_config_last_reload_successful": True,
        "xmpp_exporter_config_last_reload_success_timestamp_seconds": NOW - 86_400,
        "xmpp_exporter_servers": SERVERS,
        "xmpp_exporter_probes_in_flight": dict.fromkeys(ProbeKind, 9.0),
        "xmpp_exporter_probe_lag_seconds": dict.fromkeys(ProbeKind, 0.2),
        "xmpp_exporter_network_up": True,
    }
