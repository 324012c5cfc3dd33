"""Queries name nothing that does not exist, and nothing that is exposed is forgotten."""

from collections.abc import Iterator

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
from xmpp_exporter.families import FAMILIES

RULES = read_rules()

METRICS = inference(RULES)

UNUSED: dict[str, str] = {}
"""What is exposed and neither shown nor alerted on purpose, and why."""

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
