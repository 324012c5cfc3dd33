"""The exporter itself: whether it keeps up, why its probes fail, and what it costs."""

from dashboards import annotations, variables
from dashboards.boards.exporter import configuration, cost, now, probes
from dashboards.dashboard import Dashboard

INSTANCE = variables.values(
    "instance",
    "Instance",
    'label_values(xmpp_exporter_build_info{job=~"$job"}, instance)',
    "Exporters",
    many=True,
)

EXPORTER = Dashboard(
    "exporter",
    "The XMPP compliance exporter itself: whether it keeps up, why its probes fail, and what it costs.",
    (variables.DATA_SOURCE, variables.job("xmpp_exporter_build_info"), INSTANCE),
    (annotations.alerts(),),
    (now.ROW, probes.ROW, configuration.ROW, cost.ROW),
)
