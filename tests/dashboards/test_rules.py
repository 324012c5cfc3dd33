"""Dashboards break no rule, and each rule finds the mistake that it is for."""

import pytest

from tests.dashboards.dashboard import Dashboard, dashboards
from tests.dashboards.example import Mistake, example, panel, target, variable
from tests.dashboards.rules import Rule, choices, layout, links, linter, texts

RULES: dict[str, Rule] = {**linter.RULES, **layout.RULES, **texts.RULES, **links.RULES, **choices.RULES}

BY_UID = {each.uid: each for each in dashboards().values()}

MISTAKES: dict[str, list[Mistake]] = {
    "template-datasource-rule": [
        lambda board: board["templating"]["list"].pop(0),
        lambda board: variable(board, "datasource").update(query="loki"),
    ],
    "template-job-rule": [
        lambda board: board["templating"]["list"].remove(variable(board, "job")),
        lambda board: variable(board, "job").update(multi=False),
    ],
    "template-label-promql-rule": [
        lambda board: variable(board, "job").update(query="label_values(xmpp_server_listed{, job)"),
        lambda board: variable(board, "job").update(query="xmpp_server_listed"),
    ],
    "template-on-time-change-reload-rule": [lambda board: variable(board, "job").update(refresh=1)],
    "panel-datasource-rule": [
        lambda board: panel(board, "Servers").update(datasource={"type": "prometheus", "uid": "abc"}),
        lambda board: target(board, "Servers").update(datasource=None),
        lambda board: variable(board, "job").pop("datasource"),
        lambda board: board["annotations"]["list"][0].update(datasource={"type": "prometheus", "uid": "abc"}),
    ],
    "panel-title-description-rule": [lambda board: panel(board, "Up and down").pop("description")],
    "panel-units-rule": [
        lambda board: panel(board, "Servers up")["fieldConfig"]["defaults"].pop("unit"),
        lambda board: panel(board, "Failed probes")["fieldConfig"]["defaults"].update(unit="seconds"),
        lambda board: panel(board, "Servers")["fieldConfig"]["overrides"][2]["properties"][0].update(value="percents"),
    ],
    "panel-no-targets-rule": [lambda board: panel(board, "Servers up").pop("targets")],
    "target-promql-rule": [
        lambda board: target(board, "Servers up").update(expr='sum(xmpp_probe_success{job=~"$job"}'),
        lambda board: target(board, "Servers up").update(expr='sum(xmpp_probe_success{domain=~"$domains"})'),
        lambda board: target(board, "Servers up").update(expr='{job=~"$job"}'),
    ],
    "target-rate-interval-rule": [
        lambda board: target(board, "Failed probes").update(expr='rate(xmpp_probes_total{job=~"$job"}[5m])'),
        lambda board: target(board, "Failed probes").update(
            expr='max_over_time(xmpp_probe_success{job=~"$job"}[$__rate_interval])'
        ),
    ],
    "target-job-rule": [
        lambda board: target(board, "Servers up").update(expr="sum(xmpp_probe_success)"),
        lambda board: target(board, "Servers up").update(expr='xmpp_probe_success{job="$job"}'),
    ],
    "target-counter-agg-rule": [
        lambda board: target(board, "Servers up").update(expr='sum(xmpp_probes_total{job=~"$job"})'),
        lambda board: target(board, "Servers up").update(expr='max_over_time(xmpp_probes_total{job=~"$job"}[1h])'),
    ],
    "uneditable-dashboard": [lambda board: board.update(editable=True)],
    "no overlaps": [
        lambda board: panel(board, "Servers")["gridPos"].update(x=7),
        lambda board: panel(board, "Up and down")["gridPos"].update(x=11),
    ],
    "no holes": [
        lambda board: panel(board, "Servers")["gridPos"].update(w=15),
        lambda board: panel(board, "Before")["gridPos"].update(y=6),
        lambda board: panel(board, "Up and down")["gridPos"].update(x=13),
    ],
    "unique ids": [lambda board: panel(board, "Up and down").update(id=2)],
    "panels in rows": [
        lambda board: panel(board, "Before").update(collapsed=False),
        lambda board: panel(board, "Now").update(collapsed=True),
    ],
    "descriptions": [
        lambda board: panel(board, "Servers").update(description="Servers"),
        lambda board: panel(board, "Servers").update(description="The metric xmpp_probe_success of all the servers."),
    ],
    "counts over time": [
        lambda board: target(board, "Failed probes").update(
            expr='increase(xmpp_probe_failures_total{job=~"$job"}[$__rate_interval])'
        ),
        lambda board: (
            target(board, "Failed probes").update(
                expr='increase(xmpp_probe_failures_total{job=~"$job"}[$__rate_interval])'
            )
            or panel(board, "Failed probes").update(description="Probes that failed within the time before.")
            or panel(board, "Failed probes")["fieldConfig"]["defaults"]["custom"].update(drawStyle="bars")
        ),
    ],
    "titles": [lambda board: panel(board, "Servers").update(title="Servers up")],
    "legends": [
        lambda board: target(board, "Failed probes").update(legendFormat=""),
        lambda board: target(board, "Failed probes").update(legendFormat="__auto"),
    ],
    "words for states": [lambda board: panel(board, "Up and down")["fieldConfig"]["defaults"].pop("mappings")],
    "words for nothing": [lambda board: panel(board, "Servers")["fieldConfig"]["defaults"].pop("noValue")],
    "lead somewhere": [
        lambda board: board["links"][0].update(url="/d/xmpp-fleets"),
        lambda board: panel(board, "Servers up")["fieldConfig"]["defaults"]["links"][0].update(url="example.org"),
    ],
    "keep what is chosen": [
        lambda board: board["links"][0].update(keepTime=False),
        lambda board: panel(board, "Servers up")["fieldConfig"]["defaults"]["links"][0].update(
            url="/d/xmpp-example?${datasource:queryparam}&${job:queryparam}&${suite:queryparam}"
        ),
        lambda board: panel(board, "Servers up")["fieldConfig"]["defaults"]["links"][0].update(
            url="/d/xmpp-example?${datasource:queryparam}&${suite:queryparam}&${__url_time_range}"
        ),
        lambda board: panel(board, "Servers up")["fieldConfig"]["defaults"]["links"][0].update(
            url="/d/xmpp-example?${datasource:queryparam}&${job:queryparam}&${__url_time_range}"
        ),
    ],
    "give one where one is taken": [lambda board: board["links"][0].update(url="/d/xmpp-server")],
    "give what is there": [
        lambda board: panel(board, "Servers up")["fieldConfig"]["defaults"]["links"][0].update(
            url="/d/xmpp-example?${sweet:queryparam}"
        ),
        lambda board: panel(board, "Servers up")["fieldConfig"]["defaults"]["links"][0].update(
            url="/d/xmpp-example?var-server=a.example"
        ),
    ],
    "take from columns that exist": [
        lambda board: panel(board, "Servers")["transformations"].insert(
            0, {"id": "filterFieldsByName", "options": {"include": {"names": ["server"]}}}
        ),
    ],
    "every variable is used": [
        lambda board: target(board, "Servers").update(expr="1") or panel(board, "Servers")["targets"].pop()
    ],
    "every variable that is used exists": [
        lambda board: target(board, "Servers").update(expr='xmpp_server_listed{job=~"$jobs"}'),
        lambda board: panel(board, "Servers").update(title="Servers of $sweet"),
    ],
    "annotations ask alike": [lambda board: board["annotations"]["list"][0].update(expr="ALERTS")],
    "several are matched as such": [
        lambda board: target(board, "Servers").update(expr='xmpp_server_listed{job="$job"}'),
        lambda board: variable(board, "domain").update(query='label_values(xmpp_server_listed{job="$job"}, domain)'),
    ],
}


def complaints(rule: str, dashboard: Dashboard) -> list[str]:
    return list(RULES[rule](dashboard, BY_UID | {dashboard.uid: dashboard}))


@pytest.mark.parametrize("dashboard", [*dashboards().values(), example()], ids=lambda dashboard: dashboard.uid)
@pytest.mark.parametrize("rule", RULES)
def test_a_dashboard_breaks_no_rule(rule: str, dashboard: Dashboard) -> None:
    assert complaints(rule, dashboard) == []


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_finds_the_mistakes_that_it_is_for(rule: str) -> None:
    for mistake in MISTAKES[rule]:
        assert complaints(rule, example(mistake))


def test_all_dashboards_are_there() -> None:
    """Under the addresses that people have in their bookmarks."""
    assert set(BY_UID) == {"xmpp-fleet", "xmpp-server", "xmpp-check", "xmpp-federation", "xmpp-exporter"}
