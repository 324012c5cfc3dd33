"""A real Prometheus scrapes the real exporter, and its queries return the gauges."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.running_exporter import RunningExporter, server_of, settings_of
from tests.integration.test_prometheus_server import free_port
from tests.servers.laboratory import Laboratory
from tests.servers.prometheus import Prometheus

DOMAIN, DOWN = "good.prosody.test", "no-such.test"

CONFIGURATION = """
global: {{scrape_interval: 1s}}
scrape_configs:
  - job_name: exporter
    static_configs: [{{targets: ["{exporter}"]}}]
  - job_name: probe
    metrics_path: /probe
    params: {{module: [availability]}}
    static_configs: [{{targets: ["{domain}"]}}]
    relabel_configs:
      - {{source_labels: [__address__], target_label: __param_target}}
      - {{source_labels: [__param_target], target_label: target}}
      - {{target_label: __address__, replacement: "{exporter}"}}
"""


@pytest.fixture(scope="module")
def prometheus(laboratory: Laboratory, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    servers = (
        server_of(laboratory, DOMAIN, expect=["xep0313"], intervals={"availability": "2s"}),
        {"domain": DOWN, "relation": "own", "intervals": {"availability": "2s"}},
    )
    folder: Path = tmp_path_factory.mktemp("exporter")
    port = free_port()
    with RunningExporter(folder, settings_of(laboratory, *servers)) as exporter:
        exporter.probed(DOMAIN)
        configuration = CONFIGURATION.format(exporter=exporter.urls[0].removeprefix("http://"), domain=DOMAIN)
        with Prometheus(laboratory.directory / f"prometheus-{port}", configuration, port=port) as running:
            rising = 'increase(xmpp_probes_total{probe="availability"}[30s]) > 0'
            exporter.until(lambda: len(running.query("up == 1")) == len(running.query(rising)) == 2, "scrapes")
            yield running


def values(prometheus: Prometheus, query: str) -> list[float]:
    return [sample.value for sample in prometheus.query(query)]


def test_a_query_returns_what_a_check_found(prometheus: Prometheus) -> None:
    (sample,) = prometheus.query(f'xmpp_xep_supported{{domain="{DOMAIN}",check="xep0313",job="exporter"}}')
    assert sample.value == 1
    assert sample.labels["xep"] == "0313"


def test_a_table_of_titles_is_a_join_with_the_catalogue(prometheus: Prometheus) -> None:
    found = prometheus.query(
        f'xmpp_xep_supported{{domain="{DOMAIN}"}} * on(check) group_left(title, topic) xmpp_check_info'
    )
    assert len(found) > 15
    assert "Message Archive Management" in {sample.labels["title"] for sample in found}


def test_down_is_not_the_loss_of_every_check(prometheus: Prometheus) -> None:
    assert values(prometheus, f'xmpp_probe_success{{domain="{DOWN}",probe="availability"}}') == [0]
    assert values(prometheus, f'xmpp_xep_supported{{domain="{DOWN}"}}') == []


def test_failures_are_counted_from_the_first_one(prometheus: Prometheus) -> None:
    failures = f'increase(xmpp_probe_failures_total{{domain="{DOWN}",probe="availability",reason="dns"}}[1m])'
    assert values(prometheus, failures)[0] > 0
    others = f'sum(increase(xmpp_probe_failures_total{{domain="{DOMAIN}"}}[1m]))'
    assert values(prometheus, others) == [0]


def test_an_expected_check_that_works_raises_no_alarm(prometheus: Prometheus) -> None:
    expected = f'xmpp_check_expected{{domain="{DOMAIN}"}}'
    assert values(prometheus, f"{expected} unless on(domain, check) (xmpp_xep_supported == 1)") == []
    assert len(values(prometheus, expected)) == 1


def test_staleness_can_be_told_from_the_interval(prometheus: Prometheus) -> None:
    stale = "time() - xmpp_probe_last_run_timestamp_seconds > 3 * xmpp_probe_interval_seconds"
    assert values(prometheus, stale) == []
    assert len(values(prometheus, stale.replace("> 3 *", "< 3 *"))) == 4


def test_one_server_can_be_scraped_by_itself(prometheus: Prometheus) -> None:
    (sample,) = prometheus.query('xmpp_probe_success{job="probe"}')
    assert (sample.labels["domain"], sample.labels["target"], sample.value) == (DOMAIN, DOMAIN, 1)


def test_prometheus_knows_types_and_help(prometheus: Prometheus) -> None:
    metadata = prometheus.get("/api/v1/metadata")
    assert metadata["xmpp_probes_total"][0]["type"] == "counter"
    assert metadata["xmpp_xep_supported"][0]["type"] == "gauge"
    assert metadata["xmpp_xep_supported"][0]["help"]
