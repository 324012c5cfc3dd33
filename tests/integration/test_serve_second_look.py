"""A verdict that changes on a real server is held back until it was seen twice."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.running_exporter import RunningExporter, server_of, settings_of
from tests.servers.laboratory import Laboratory
from xmpp_exporter.catalogue import checks

DOMAIN = "good.prosody.test"
DIRECT_TLS = f"_xmpps-client._tcp.{DOMAIN}"
SERIES = f'xmpp_xep_supported{{domain="{DOMAIN}",check="xep0368",xep="0368"}}'
AGAIN = "verdicts changed; looking again"


@pytest.fixture
def exporter(laboratory: Laboratory, tmp_path: Path) -> Iterator[RunningExporter]:
    """It looks every four seconds whether direct TLS works, and a second later again if that has changed."""
    others = [check for check in checks() if check != "xep0368"]
    server = server_of(laboratory, DOMAIN, user=None, exclude=others, intervals={"compliance": "4s"})
    with RunningExporter(tmp_path, settings_of(laboratory, server)) as exporter:
        exporter.until(lambda: exporter.samples(SERIES).get(SERIES) == 1, "first verdict")
        yield exporter
    laboratory.dns.restore()


def test_a_change_that_passes_is_never_shown(laboratory: Laboratory, exporter: RunningExporter) -> None:
    laboratory.dns.change(DIRECT_TLS, "SRV", [[]])
    exporter.until(lambda: AGAIN in exporter.log, "second look")
    laboratory.dns.restore()
    shown = set()
    probes = exporter.probed(DOMAIN)

    def two_more() -> bool:
        shown.add(exporter.samples(SERIES).get(SERIES))
        return exporter.probed(DOMAIN) >= probes + 2

    exporter.until(two_more, "two more probes")
    assert shown == {1}
    assert exporter.log.count(AGAIN) == 1


def test_a_change_that_stays_is_shown_after_the_second_look(laboratory: Laboratory, exporter: RunningExporter) -> None:
    laboratory.dns.change(DIRECT_TLS, "SRV", [[]])
    exporter.until(lambda: exporter.samples(SERIES).get(SERIES) == 0, "loss")
    assert exporter.log.count(AGAIN) == 1
    problem = f'xmpp_check_problem_info{{domain="{DOMAIN}",check="xep0368",verdict="unsupported",reason="not_offered"}}'
    assert exporter.samples(problem) == {problem: 1}
    last = f'xmpp_check_last_supported_timestamp_seconds{{domain="{DOMAIN}",check="xep0368"}}'
    run = f'xmpp_probe_last_run_timestamp_seconds{{domain="{DOMAIN}",probe="compliance"}}'
    samples = exporter.samples()
    assert samples[last] < samples[run]
    laboratory.dns.restore()
    exporter.until(lambda: exporter.samples(SERIES).get(SERIES) == 1, "return")
    assert exporter.log.count(AGAIN) == 2
