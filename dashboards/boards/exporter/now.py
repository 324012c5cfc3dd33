"""The exporter's dashboard: whether all is well now."""

from dashboards import texts
from dashboards.boards.exporter.sources import EXPORTERS, LEGEND, exporter, of_exporters
from dashboards.grid import Row
from dashboards.panels import stat

NOW = (
    stat(
        "Exporters",
        "Whether Prometheus could scrape each exporter the last time. When down: see whether it runs, and whether"
        " Prometheus gets there.",
        {LEGEND: of_exporters(f"up{{{EXPORTERS}}}")},
        unit="none",
        texts=texts.UP,
        width=6,
        none="No exporter is scraped",
    ),
    stat(
        "The prober's own network",
        "Whether some of the configured canaries answer; always works without canaries. While it is down, everything is"
        " not known, and nothing is held against servers.",
        {LEGEND: exporter("xmpp_exporter_network_up")},
        unit="none",
        texts=texts.NETWORK,
        width=6,
    ),
    stat(
        "Last reload",
        "Whether the exporter could load its configuration the last time. When it failed, it goes on with the one"
        " before: its log says which line is wrong.",
        {LEGEND: exporter("xmpp_exporter_config_last_reload_successful")},
        unit="none",
        texts=texts.SUCCEEDED,
        width=6,
    ),
    stat(
        "Version",
        "The exporter's version, and the Python that runs it.",
        {
            "{{version}} on Python {{pythonversion}}": "group by(version, pythonversion)"
            f" ({exporter('xmpp_exporter_build_info')})"
        },
        unit="none",
        name_only=True,
        width=6,
    ),
    stat(
        "Configured servers",
        "Servers in the configuration of each exporter.",
        {LEGEND: exporter("xmpp_exporter_servers")},
        width=6,
    ),
    stat(
        "Configuration loaded",
        "When each exporter last loaded its configuration successfully.",
        {LEGEND: f"1000 * {exporter('xmpp_exporter_config_last_reload_success_timestamp_seconds')}"},
        unit="dateTimeFromNow",
        width=6,
    ),
    stat(
        "Most overdue probe",
        "How late the most overdue probe of each kind is. When red: the machine is too slow, or too many servers are"
        " probed too often.",
        {"{{probe}}": f"max by(probe) ({exporter('xmpp_exporter_probe_lag_seconds')})"},
        unit="s",
        width=6,
        steps=((None, texts.GREEN), (30, texts.ORANGE), (300, texts.RED)),
    ),
    stat(
        "Probes in flight",
        "Probes of each kind that run now.",
        {"{{probe}}": f"sum by(probe) ({exporter('xmpp_exporter_probes_in_flight')})"},
        width=6,
    ),
)

ROW = Row("Now", NOW)
