"""Queries name nothing that does not exist, and nothing that is exposed is forgotten."""

import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from tests.dashboards import sample
from tests.dashboards.dashboard import Dashboard, dashboards
from tests.dashboards.example import example
from tests.dashboards.labels import UnknownLabelError, UnknownMetricError
from tests.dashboards.metrics import inference
from tests.dashboards.promql import metrics_of
from tests.dashboards.shown import legend_labels
from tests.dashboards.variables import LABEL_VALUES, query_of
from tests.history.rules import Rule, read_rules
from tests.unit.test_badges_queries import all_queries
from xmpp_alerts.bridge import queries as bridge_queries
from xmpp_alerts.render import inhibition
from xmpp_alerts.report import queries as report_queries
from xmpp_alerts.report.findings import Server
from xmpp_badges.queries import Queries
from xmpp_exporter.families import FAMILIES

RULES = read_rules()

METRICS = inference(RULES)

UNUSED: dict[str, str] = {}
"""What is exposed and neither shown nor alerted on purpose, and why."""

SERVER = Server("example.org", "xmpp")
ASKED: dict[str, set[str]] = {
    report_queries.SUITES: {"job", "domain", "suite", "level", "outcome"},
    report_queries.CERTIFICATES: {"job", "domain"},
    report_queries.FAILING_LOGINS: {"job", "domain"},
    report_queries.PROBLEMS: {"job", "domain", "check", "reason"},
    report_queries.SOFTWARE: {"job", "domain", "software"},
    report_queries.servers(86400): {"job", "domain"},
    report_queries.states(SERVER): set(),
    report_queries.changed_checks(86400): {"job", "domain", "check"},
    report_queries.supported(SERVER, ["xep0313", "xep0280"]): {"check"},
    report_queries.failure(SERVER): {"reason"},
    bridge_queries.up(): {"domain"},
    bridge_queries.up("example.org"): set(),
    bridge_queries.login("example.org"): set(),
    bridge_queries.checks("example.org"): {"check"},
    bridge_queries.probes("example.org"): set(),
    **{query: set() for queries in (Queries(), Queries("xmpp")) for query in all_queries(queries)},
}
"""What the programs ask of Prometheus, with the labels that they read in the answers."""

BOARDS = [*dashboards().values(), example()]


def expressions(dashboard: Dashboard) -> Iterator[tuple[str, str]]:
    """All PromQL of a dashboard, with where it stands."""
    yield from ((query.where, sample.text(dashboard, query)) for query in dashboard.queries())
    yield from sample.variable_expressions(dashboard).items()


@pytest.mark.parametrize("dashboard", BOARDS, ids=lambda dashboard: dashboard.uid)
def test_a_dashboard_names_only_metrics_and_labels_that_exist(dashboard: Dashboard) -> None:
    for where, expression in expressions(dashboard):
        assert METRICS.labels(expression) is not None, where


@pytest.mark.parametrize("dashboard", BOARDS, ids=lambda dashboard: dashboard.uid)
def test_legends_and_lists_name_labels_that_the_query_has(dashboard: Dashboard) -> None:
    for query in dashboard.queries():
        assert legend_labels(query.legend) <= METRICS.labels(sample.text(dashboard, query)), query.where
    for name, expression in sample.variable_expressions(dashboard).items():
        variable = dashboard.variable(name)
        assert variable
        match = LABEL_VALUES.fullmatch(query_of(variable))
        assert match is None or match[2] in METRICS.labels(expression), name


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.record or rule.alert)
def test_a_rule_names_only_metrics_and_labels_that_exist(rule: Rule) -> None:
    METRICS.labels(rule.expr)


@pytest.mark.parametrize("query", ASKED)
def test_a_program_asks_only_for_metrics_and_labels_that_exist(query: str) -> None:
    assert ASKED[query] <= METRICS.labels(query)


def test_alerts_are_called_by_their_names() -> None:
    ours = {rule.alert for rule in RULES if rule.alert}
    folder = Path(str(files("xmpp_alerts")))
    for file in (file for kind in ("py", "tmpl", "j2") for file in folder.rglob(f"*.{kind}")):
        assert set(re.findall(r"\bXmpp[A-Z]\w+", file.read_text())) <= ours, file.name


@pytest.mark.parametrize("rule", inhibition.RULES, ids=lambda rule: rule.why)
def test_what_is_inhibited_agrees_in_labels_that_alerts_have(rule: inhibition.Rule) -> None:
    assert set(rule.equal) <= METRICS.metrics["ALERTS"]


def test_every_metric_is_used_or_left_out_on_purpose() -> None:
    used = {metric for dashboard in BOARDS[:-1] for _, each in expressions(dashboard) for metric in metrics_of(each)}
    used |= {metric for rule in RULES for metric in metrics_of(rule.expr)}
    assert {family.name for family in FAMILIES} - used == set(UNUSED)


@pytest.mark.parametrize(
    "expression",
    [
        'xmpp_xep_supported{chek="xep0313"}',
        "sum by(chek) (xmpp_xep_supported)",
        "sum without(chek) (xmpp_xep_supported)",
        "xmpp_xep_supported * on(chek) group_left(title) xmpp_check_info",
        "xmpp_xep_supported * on(check) group_left(titel) xmpp_check_info",
        "xmpp_xep_supported * on(check, topic) group_left(title) xmpp_check_info",
        "sum by(title) (xmpp_xep_supported * on(check) group_left(topic) xmpp_check_info)",
        "sum by(check) (max by(domain) (xmpp_xep_supported))",
        'label_replace(xmpp_xep_supported, "a", "$1", "chek", "(.*)")',
        'sum by(b) (count_values("a", xmpp_xep_supported))',
    ],
)
def test_a_label_that_does_not_exist_is_found(expression: str) -> None:
    with pytest.raises(UnknownLabelError):
        METRICS.labels(expression)


@pytest.mark.parametrize(
    "expression",
    ["xmpp_xep_suported", "sum(rate(xmpp_probe_total[5m]))", "1 - domain:xmpp_xep_supported:now", "vector(1) or xmpp"],
)
def test_a_metric_that_does_not_exist_is_found(expression: str) -> None:
    with pytest.raises(UnknownMetricError):
        METRICS.labels(expression)


@pytest.mark.parametrize(
    ("expression", "labels"),
    [
        ("xmpp_login_success", {"domain", "job", "instance", "pod"}),
        ("sum(xmpp_login_success)", set()),
        ("max without(instance, pod) (xmpp_login_success)", {"domain", "job"}),
        ("topk(3, sum by(domain) (xmpp_login_success))", {"domain"}),
        ("topk by(job) (3, sum by(job, domain) (xmpp_login_success))", {"job", "domain"}),
        ("1 - sum by(job) (xmpp_login_success)", {"job"}),
        ("sum by(job) (xmpp_login_success) > 1", {"job"}),
        ("time() - max by(domain) (xmpp_login_success)", {"domain"}),
        (
            "xmpp_xep_supported * on(check) group_left(title) xmpp_check_info",
            {"domain", "check", "xep", "title", "job", "instance", "pod"},
        ),
        ("sum by(job, domain) (xmpp_login_success) / on(domain) sum by(domain) (xmpp_login_success)", {"domain"}),
        ("sum by(job, domain) (xmpp_login_success) and on(domain) xmpp_server_listed", {"job", "domain"}),
        ("sum by(domain) (xmpp_login_success) or sum by(job) (xmpp_login_success)", {"job", "domain"}),
        ('label_replace(sum by(job) (up), "of", "$1", "job", "(.*)")', {"job", "of"}),
        ('count_values by(job) ("value", xmpp_login_success)', {"job", "value"}),
        ("max_over_time(sum by(job) (up)[1h:5m])", {"job"}),
        ("scalar(sum(up))", set()),
    ],
)
def test_labels_are_followed_through_an_expression(expression: str, labels: set[str]) -> None:
    assert METRICS.labels(expression) == labels
