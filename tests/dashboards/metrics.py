"""Every metric that a query may name, with the labels that its series may have."""

from collections.abc import Iterable, Mapping

from tests.dashboards.labels import TARGET, Inference, Labels
from tests.dashboards.promql import metrics_of
from tests.history.rules import Rule, levels
from xmpp_alerts.bridge.families import BRIDGE_FAMILIES
from xmpp_exporter.families import FAMILIES

_SCRAPE = (
    "up",
    "scrape_duration_seconds",
    "scrape_samples_scraped",
    "scrape_samples_post_metric_relabeling",
    "scrape_series_added",
)
_PROCESS = (
    "process_cpu_seconds_total",
    "process_max_fds",
    "process_open_fds",
    "process_resident_memory_bytes",
    "process_start_time_seconds",
    "process_virtual_memory_bytes",
)
_RULE_GROUPS = (
    "prometheus_rule_evaluation_failures_total",
    "prometheus_rule_evaluations_total",
    "prometheus_rule_group_interval_seconds",
    "prometheus_rule_group_iterations_missed_total",
    "prometheus_rule_group_iterations_total",
    "prometheus_rule_group_last_duration_seconds",
    "prometheus_rule_group_last_evaluation_samples",
    "prometheus_rule_group_last_evaluation_timestamp_seconds",
    "prometheus_rule_group_rules",
)

OF_PROMETHEUS: Mapping[str, Labels] = {
    **dict.fromkeys((*_SCRAPE, *_PROCESS, "prometheus_tsdb_head_series"), TARGET),
    **dict.fromkeys(_RULE_GROUPS, TARGET | {"rule_group"}),
}
"""What Prometheus adds, says of itself, or knows of every process: the few that somebody needs."""

OF_ALERTS: Labels = frozenset(
    {"alertname", "alertstate", "severity", "job", "domain", "check", "suite", "category", "level"}
)
"""What alerts have at least that rules and dashboards ask for."""


def inference(rules: Iterable[Rule]) -> Inference:
    """With all that the exporter exposes and the rules record. Raises what the labels of a rule's expression raise."""
    rules = list(rules)
    metrics: dict[str, Labels] = {family.name: TARGET | set(family.labels) for family in (*FAMILIES, *BRIDGE_FAMILIES)}
    metrics |= OF_PROMETHEUS
    metrics["ALERTS"] = OF_ALERTS
    inferred = Inference(metrics)
    for level in levels(rules):
        for rule in level:
            if rule.record in metrics_of(rule.expr):  # the labels of its last values are not known before its own
                metrics[rule.record] = OF_ALERTS
            metrics[rule.record] = metrics.get(rule.record, frozenset()) | inferred.labels(rule.expr) | set(rule.labels)
    alerts = [rule for rule in rules if rule.alert]
    metrics["ALERTS"] = OF_ALERTS.union(*(inferred.labels(rule.expr) | set(rule.labels) for rule in alerts))
    return inferred
