"""The rules of Grafana's dashboard linter, by the linter's names for them."""

from collections.abc import Iterator, Mapping

from tests.dashboards import sample
from tests.dashboards.dashboard import Dashboard, Json, Query
from tests.dashboards.interpolation import REFERENCE, UnknownVariableError, interpolated
from tests.dashboards.promql import applied, instants, selectors
from tests.dashboards.rules import Rule
from tests.dashboards.variables import expression_of

LEFT_OUT = {
    "template-instance-rule": "rules aggregate `instance` away: several exporters may see one server",
    "target-instance-rule": "as template-instance-rule; only the dashboard of the exporter has instances",
    "target-logql-rule": "there is no Loki here",
    "target-logql-auto-rule": "there is no Loki here",
}
"""What the linter has besides, and why it does not hold here."""

UNITS = frozenset({"bytes", "d", "dateTimeAsIso", "dateTimeFromNow", "ms", "none", "ops", "percentunit", "s", "short"})
"""Those of Grafana's units that fit something here; an unknown one would be shown as a word behind the number."""

SHOWING_NUMBERS = frozenset({"bargauge", "stat", "table", "timeseries"})

RATES = frozenset({"rate", "irate"})
OF_COUNTERS = RATES | {"increase", "changes", "resets"}

_JOBLESS = ("ALERTS", "prometheus_")
"""What does not come from the exporter's job."""


def template_datasource(dashboard: Dashboard, _: Mapping[str, Dashboard]) -> Iterator[str]:
    found = [each for each in dashboard.variables if each["type"] == "datasource"]
    if [(each["name"], each["label"], each["query"]) for each in found] != [
        ("datasource", "Data source", "prometheus")
    ]:
        yield "one variable of type datasource is needed: datasource, labelled Data source, for prometheus"


def template_job(dashboard: Dashboard, _: Mapping[str, Dashboard]) -> Iterator[str]:
    job = dashboard.variable("job")
    if job is None or (job["type"], job["label"], job["multi"], job["allValue"]) != ("query", "Job", True, ".+"):
        yield "a query variable job is needed, labelled Job, for several or all (.+) of them"


def template_label_promql(dashboard: Dashboard, _: Mapping[str, Dashboard]) -> Iterator[str]:
    for variable in dashboard.variables:
        if variable["type"] == "query":
            try:
                expression = expression_of(variable)
                selectors(interpolated(expression, sample.values(dashboard)) or "up")
            except ValueError as error:
                yield f"${variable['name']}: {error}"


def template_on_time_change_reload(dashboard: Dashboard, _: Mapping[str, Dashboard]) -> Iterator[str]:
    for variable in dashboard.variables:
        if variable["type"] == "query" and variable["refresh"] != 2:
            yield f"${variable['name']} is not asked for again when another time is looked at"


def panel_datasource(dashboard: Dashboard, _: Mapping[str, Dashboard]) -> Iterator[str]:
    """Of queries, variables and annotations, too."""
    sources: list[tuple[str, Json]] = [
        (f"${each['name']}", each) for each in dashboard.variables if each["type"] == "query"
    ]
    sources += [(each["name"], each) for each in dashboard.annotations]
    for panel in dashboard.panels:
        if "targets" in panel:
            sources += [(panel["title"], each) for each in (panel, *panel["targets"])]
    for where, source in sources:
        if source.get("datasource") != {"type": "prometheus", "uid": "${datasource}"}:
            yield f"{where} does not ask the chosen data source"


def panel_title_description(dashboard: Dashboard, _: Mapping[str, Dashboard]) -> Iterator[str]:
    for panel in dashboard.panels:
        if not panel.get("title") or not panel.get("description"):
            yield f"panel {panel['id']} has no title, or no description"


def panel_units(dashboard: Dashboard, _: Mapping[str, Dashboard]) -> Iterator[str]:
    """Overrides name units as well."""
    for panel in dashboard.panels:
        if panel["type"] not in SHOWING_NUMBERS:
            continue
        fields = panel["fieldConfig"]
        units = {fields["defaults"].get("unit", "")}
        units |= {
            each["value"] for override in fields["overrides"] for each in override["properties"] if each["id"] == "unit"
        }
        if unknown := units - UNITS:
            yield f"{panel['title']}: no unit, or an unknown one: {', '.join(map(repr, sorted(unknown)))}"


def panel_no_targets(dashboard: Dashboard, _: Mapping[str, Dashboard]) -> Iterator[str]:
    for panel in dashboard.panels:
        if panel["type"] != "text" and not panel.get("targets"):
            yield f"{panel['title']} asks for nothing"


def target_promql(dashboard: Dashboard, _: Mapping[str, Dashboard]) -> Iterator[str]:
    for query in dashboard.queries():
        try:
            selectors(sample.text(dashboard, query))
        except (ValueError, UnknownVariableError) as error:
            yield f"{query.where}: {error}"


def target_job(dashboard: Dashboard, _: Mapping[str, Dashboard]) -> Iterator[str]:
    for query in dashboard.queries():
        for selector in selectors(_marked(query)):
            matched = ("job", "=~", _JOB) in [(each.label, each.operator, each.value) for each in selector.matchers]
            if not matched and not selector.metric.startswith(_JOBLESS):
                yield f'{query.where}: {selector.metric} without job=~"$job"'


def target_rate_interval(dashboard: Dashboard, _: Mapping[str, Dashboard]) -> Iterator[str]:
    for query in dashboard.queries():
        for each in applied(_marked(query)):
            if each.function in RATES and each.range != _RATE_INTERVAL:
                yield f"{query.where}: {each.function} over another time than $__rate_interval"
            if each.function not in OF_COUNTERS and each.range == _RATE_INTERVAL:
                yield f"{query.where}: $__rate_interval for {each.function}"


def target_counter_agg(dashboard: Dashboard, _: Mapping[str, Dashboard]) -> Iterator[str]:
    for query in dashboard.queries():
        found = [*((each.function, each.selector) for each in applied(_marked(query)))]
        found += [("no function", each) for each in instants(_marked(query))]
        for function, selector in found:
            if selector.metric.endswith("_total") and function not in OF_COUNTERS:
                yield f"{query.where}: {function} of the counter {selector.metric}"


def uneditable_dashboard(dashboard: Dashboard, _: Mapping[str, Dashboard]) -> Iterator[str]:
    if dashboard.json["editable"]:
        yield "editable: changes would be lost when the file is read again"


_RATE_INTERVAL = 12_345.0
_JOB = "the chosen jobs"


def _marked(query: Query) -> str:
    """The query with values that are recognized: of $job, and of $__rate_interval, in seconds."""
    marked = query.expr.replace("$__rate_interval", f"{_RATE_INTERVAL:.0f}s").replace("$job", _JOB)
    return REFERENCE.sub(lambda match: "5m" if match[0].startswith("$__") else "sample", marked)


RULES: Mapping[str, Rule] = {
    "template-datasource-rule": template_datasource,
    "template-job-rule": template_job,
    "template-label-promql-rule": template_label_promql,
    "template-on-time-change-reload-rule": template_on_time_change_reload,
    "panel-datasource-rule": panel_datasource,
    "panel-title-description-rule": panel_title_description,
    "panel-units-rule": panel_units,
    "panel-no-targets-rule": panel_no_targets,
    "target-promql-rule": target_promql,
    "target-rate-interval-rule": target_rate_interval,
    "target-job-rule": target_job,
    "target-counter-agg-rule": target_counter_agg,
    "uneditable-dashboard": uneditable_dashboard,
}
