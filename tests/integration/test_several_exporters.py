"""Several exporters probe the same servers, of two versions and in two jobs: no query ever meets a series twice."""

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from docs.recorded import recorded
from docs.vocabulary import QUERIES, RECORDED_QUERIES
from tests.dashboards.asking import Looking
from tests.dashboards.dashboard import Dashboard, dashboards
from tests.dashboards.variables import choose
from tests.integration.test_prometheus_server import free_port
from tests.servers.laboratory import Laboratory
from tests.servers.page import served
from tests.servers.prometheus import Prometheus, copy_rules
from tests.unit.golden_page import FILE as PAGE

CONFIGURATION = """
global: {{scrape_interval: 1s}}
rule_files: [rules/*.yml]
scrape_configs:
  - {{job_name: here, static_configs: [{{targets: ["{old}", "{new}"]}}]}}
  - {{job_name: there, static_configs: [{{targets: ["{far}"]}}]}}
"""
OTHERWISE = {
    "xmpp_check_info": {"title": "Another title", "topic": "dns"},
    "xmpp_check_problem_info": {"reason": "forbidden"},
    "xmpp_exporter_build_info": {"version": "9.9.9"},
    "xmpp_login_failure_info": {"reason": "refused"},
    "xmpp_probe_last_failure_info": {"reason": "refused"},
    "xmpp_server_info": {"software": "other", "version": "9"},
    "xmpp_suite_check_info": {"level": "advanced"},
    "xmpp_tls_connection_info": {"cipher": "other"},
}
"""What one exporter says where another says something else; labels by metric."""
LIMIT = 60


def otherwise(page: str) -> str:
    """The page as another version of the exporter, elsewhere, would have it."""

    def line(sample: str) -> str:
        for label, value in OTHERWISE.get(sample.partition("{")[0], {}).items():
            sample = re.sub(rf'\b{label}="(?:[^"\\]|\\.)*"', f'{label}="{value}"', sample)
        return sample

    lines = dict.fromkeys(line(sample) for sample in page.splitlines())  # what is the same by now stands there once
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def prometheus(laboratory: Laboratory) -> Iterator[Prometheus]:
    """One that has scraped all of them, and evaluated all rules since."""
    port = free_port()
    directory = laboratory.directory / f"prometheus-{port}"
    copy_rules(directory, "1s")
    page = PAGE.read_text()
    with ExitStack() as stack:
        old, new, far = (stack.enter_context(served(text.encode)) for text in (page, otherwise(page), otherwise(page)))
        configuration = CONFIGURATION.format(old=old, new=new, far=far)
        prometheus = stack.enter_context(Prometheus(directory, configuration, port=port))
        deadline = time.monotonic() + LIMIT
        while len(prometheus.query("count by(job) (domain:xmpp_suite_distinct_requirements:ratio)")) < 2 or [
            sample.value for sample in prometheus.query("sum(up)")
        ] != [3]:
            assert time.monotonic() < deadline, "not all are scraped"
            time.sleep(0.05)
        yield prometheus


@pytest.mark.parametrize("query", [*QUERIES.values(), *RECORDED_QUERIES.values()], ids=[*QUERIES, *RECORDED_QUERIES])
def test_a_documented_query_is_answered(prometheus: Prometheus, query: str) -> None:
    """Also where nothing has happened yet that it asks for: then of the states themselves."""
    prometheus.query(query)
    prometheus.query(re.sub(r"domain:xmpp_xep_supported:was1[dw]", "domain:xmpp_xep_supported:last", query))


@pytest.mark.parametrize("dashboard", dashboards().values(), ids=lambda dashboard: dashboard.uid)
def test_every_query_of_a_dashboard_is_answered(prometheus: Prometheus, dashboard: Dashboard) -> None:
    now, shown = time.time(), 3600.0
    looking = Looking(prometheus, now, shown, choose(dashboard, prometheus, now, shown, {"check": ["xep0313"]}))
    for query in dashboard.queries():
        looking.ask(query)


@pytest.mark.parametrize("record", recorded())
def test_no_rule_fails(prometheus: Prometheus, record: str) -> None:
    deadline = time.monotonic() + LIMIT
    while True:
        groups = prometheus.get("/api/v1/rules")["groups"]
        [rule] = [rule for group in groups for rule in group["rules"] if rule["name"] == record]
        if rule["health"] != "unknown":
            break
        assert time.monotonic() < deadline, f"{record} is not evaluated"
        time.sleep(0.05)
    assert (rule["health"], rule.get("lastError", "")) == ("ok", "")
