"""What the page shows as probes end, reports grow old and servers go."""

from dataclasses import replace

import pytest

from tests.bench.reports import NOW, ProbedServer, probed_server
from xmpp_exporter.exposition import EXPIRE_AFTER, Exposition
from xmpp_exporter.metrics import Counts
from xmpp_exporter.model import Failure, ProbeKind
from xmpp_exporter.store import ServerState


def state_of(server: ProbedServer) -> ServerState:
    state = ServerState()
    for report in server.reports:
        state.take(report)
    return state


def text(exposition: Exposition, now: float = NOW) -> str:
    return b"".join(exposition.chunks(now)).decode()


@pytest.fixture
def exposition() -> Exposition:
    """Shows three servers."""
    exposition = Exposition()
    for number in range(3):
        server = probed_server(number)
        exposition.configure(server.config, state_of(server))
    return exposition


def test_each_family_and_each_series_is_there_once(exposition: Exposition) -> None:
    lines = text(exposition).splitlines()
    types = [line for line in lines if line.startswith("# TYPE")]
    series = [line.rpartition(" ")[0] for line in lines if not line.startswith("#")]
    assert len(types) == len(set(types)) > 20
    assert len(series) == len(set(series)) > 300


def test_the_lines_of_a_family_stand_together_below_its_header(exposition: Exposition) -> None:
    family = ""
    for line in text(exposition).splitlines():
        if line.startswith("# TYPE"):
            family = line.split()[2]
        elif not line.startswith("#"):
            assert line.startswith((f"{family}{{", f"{family} "))


def test_a_report_is_shown_for_three_intervals_and_not_longer(exposition: Exposition) -> None:
    server = probed_server(1)
    availability = server.reports[0]
    end = availability.started + EXPIRE_AFTER * server.config.intervals.availability
    shown = f'xmpp_ping_duration_seconds{{domain="{server.config.domain}"}}'
    assert shown in text(exposition, end - 1)
    later = text(exposition, end)
    assert shown not in later
    assert f'xmpp_probe_last_run_timestamp_seconds{{domain="{server.config.domain}",probe="availability"}}' in later
    assert f'xmpp_probe_success{{domain="{server.config.domain}",probe="compliance"}}' in later


def test_a_new_report_leaves_nothing_of_the_one_before(exposition: Exposition) -> None:
    server = probed_server(1)
    state = state_of(server)
    state.take(replace(server.reports[0], success=False, failure=Failure.REFUSED, endpoints=(), login=None))
    exposition.show(server.config, ProbeKind.AVAILABILITY, state)
    shown = [line for line in text(exposition).splitlines() if server.config.domain in line]
    gone = ("xmpp_endpoint", "xmpp_login", "xmpp_tls_certificate", "xmpp_tls_connection")
    assert not [line for line in shown if line.startswith(gone)]
    assert [line for line in shown if line.startswith("xmpp_probe_last_failure_info")]


def test_a_removed_server_leaves_nothing_and_no_count_of_it_comes_back(exposition: Exposition) -> None:
    domain = probed_server(1).config.domain
    assert domain in text(exposition)
    exposition.remove(domain)
    exposition.count(domain, ProbeKind.AVAILABILITY, Counts(1))
    exposition.remove(domain)
    assert domain not in text(exposition)


def test_a_changed_server_keeps_its_counts(exposition: Exposition) -> None:
    server = probed_server(1)
    exposition.count(server.config.domain, ProbeKind.AVAILABILITY, Counts(7, {Failure.DNS: 2}))
    exposition.configure(server.config, state_of(server))
    assert f'xmpp_probes_total{{domain="{server.config.domain}",probe="availability"}} 7' in text(exposition)


def test_a_page_that_is_on_its_way_survives_the_end_of_a_probe(exposition: Exposition) -> None:
    chunks = exposition.chunks(NOW)
    begun = next(chunks)
    exposition.remove(probed_server(1).config.domain)
    exposition.configure(probed_server(9).config, ServerState())
    assert b"".join([begun, *chunks]).endswith(b"\n")
