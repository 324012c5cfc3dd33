"""The exporter's dashboard: reloads of its configuration."""

from dashboards import texts
from dashboards.boards.exporter.sources import EXPORTERS, LEGEND, exporter
from dashboards.grid import Row
from dashboards.panels import state_timeline, timeseries
from dashboards.promql import WINDOW

CONFIGURATION = (
    timeseries(
        "Reloads",
        f"How often each exporter loaded its configuration successfully {WINDOW}.",
        {
            LEGEND: "changes(xmpp_exporter_config_last_reload_success_timestamp_seconds"
            f"{{{EXPORTERS}}}[$__rate_interval])"
        },
        min=0,
    ),
    state_timeline(
        "Outcome of reloads",
        "Whether the last reload of each exporter's configuration succeeded. While it has failed, the exporter goes on"
        " with the one before.",
        {LEGEND: exporter("xmpp_exporter_config_last_reload_successful")},
        texts.SUCCEEDED,
        width=12,
        height=9,
    ),
)

ROW = Row("Configuration", CONFIGURATION)
