"""A real Prometheus evaluates every recording rule over a page of the exporter, and records what is known."""

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest

from docs.alerted import alerts
from docs.recorded import labels, recorded
from tests.integration.test_prometheus_server import free_port
from tests.servers.laboratory import Laboratory
from tests.servers.page import served
from tests.servers.prometheus import Prometheus, copy_rules
from tests.unit.golden_page import FILE as PAGE

CONFIGURATION = """
global: {{scrape_interval: 1s}}
rule_files: [rules/*.yml]
scrape_configs:
  - {{job_name: xmpp, static_configs: [{{targets: ["{exporter}"]}}]}}
"""
OF_THE_PAST = re.compile(r"_?was1[dw]$|:ratio(1h|24h|7d|30d)$")
"""Records that need a history: counters that have risen, or states of another day."""
LIMIT = 60
OF_ALERTS = {
    "domain:xmpp_alerts:silent",
    "domain:xmpp_alerts:well",
    "domain:xmpp_alerts:over",
    "domain:xmpp_check_alerts:well",
    "domain:xmpp_check_alerts:over",
    "domain:xmpp_check_alerts:lost",
    "domain:xmpp_xep_supported:lost",
}
"""Recorded among the alerts, for them alone."""


@pytest.fixture(scope="module")
def prometheus(laboratory: Laboratory) -> Iterator[Prometheus]:
    """One that evaluates all groups each second, the hourly one as well."""
    port = free_port()
    directory = laboratory.directory / f"prometheus-{port}"
    copy_rules(directory, "1s")
    with (
        served(PAGE.read_bytes) as exporter,
        Prometheus(directory, CONFIGURATION.format(exporter=exporter), port=port) as running,
    ):
        yield running


def rules_of(prometheus: Prometheus) -> list[dict[str, Any]]:
    """What Prometheus says of each rule."""
    return [rule for group in prometheus.get("/api/v1/rules")["groups"] for rule in group["rules"]]


def test_every_rule_is_evaluated_without_an_error(prometheus: Prometheus) -> None:
    deadline = time.monotonic() + LIMIT
    while any(rule["health"] == "unknown" for rule in rules_of(prometheus)):
        assert time.monotonic() < deadline, "a rule is not evaluated"
        time.sleep(0.05)
    rules = rules_of(prometheus)
    assert {rule["name"] for rule in rules if rule["type"] == "recording"} == {*recorded(), *OF_ALERTS}
    assert sorted(rule["name"] for rule in rules if rule["type"] == "alerting") == sorted(
        each.name for each in alerts()
    )
    assert {rule["name"]: rule.get("lastError") for rule in rules if rule["health"] != "ok"} == {}


@pytest.mark.parametrize("record", [each for each in recorded() if not OF_THE_PAST.search(each)])
def test_what_the_page_knows_is_recorded_with_the_labels_that_are_documented(
    prometheus: Prometheus, record: str
) -> None:
    deadline = time.monotonic() + LIMIT
    while not (samples := prometheus.query(record)):
        assert time.monotonic() < deadline, f"{record} has no series"
        time.sleep(0.05)
    documented = set(labels(recorded()[record]))
    assert {label for sample in samples for label in sample.labels} - {"__name__"} == documented
