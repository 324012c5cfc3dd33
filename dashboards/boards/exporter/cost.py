"""The exporter's dashboard: what it costs the machine and Prometheus."""

from dashboards.boards.exporter.sources import EXPORTERS, LEGEND, of_exporters, rate
from dashboards.grid import Row
from dashboards.panels import timeseries
from dashboards.promql import WINDOW, risen

RULES = 'rule_group=~".*;xmpp-.*"'
"""The groups of alerting/rules: Prometheus names them by file and group."""

COST = (
    timeseries(
        "Memory",
        "Memory that each exporter takes from the machine.",
        {LEGEND: of_exporters(f"process_resident_memory_bytes{{{EXPORTERS}}}")},
        unit="bytes",
        width=8,
        min=0,
    ),
    timeseries(
        "Processor",
        "Processor seconds that each exporter takes in a second; 1 is a whole core, and one core is all that it can"
        " use.",
        {LEGEND: of_exporters(rate("process_cpu_seconds_total", "job, instance"))},
        unit="percentunit",
        width=8,
        min=0,
    ),
    timeseries(
        "Open files",
        "Files and connections that each exporter has open, and the most that it may have.",
        {
            f"Open, {LEGEND}": of_exporters(f"process_open_fds{{{EXPORTERS}}}"),
            f"Most, {LEGEND}": of_exporters(f"process_max_fds{{{EXPORTERS}}}"),
        },
        width=8,
        min=0,
    ),
    timeseries(
        "Duration of scrapes",
        "How long Prometheus takes to scrape each exporter. It must stay below the scrape's timeout.",
        {LEGEND: of_exporters(f"scrape_duration_seconds{{{EXPORTERS}}}")},
        unit="s",
        min=0,
    ),
    timeseries(
        "Samples of scrapes",
        "Samples that each scrape brings, up to 400 for a server; they are what Prometheus has to keep.",
        {LEGEND: of_exporters(f"scrape_samples_scraped{{{EXPORTERS}}}")},
        min=0,
    ),
    timeseries(
        "Evaluation of rules",
        "How long Prometheus takes for each group of the recording and alerting rules. It must stay far below the"
        " group's interval.",
        {"{{rule_group}}": f"max by(rule_group) (prometheus_rule_group_last_duration_seconds{{{RULES}}})"},
        unit="s",
        none="No rules are loaded, or Prometheus does not scrape itself",
        min=0,
    ),
    timeseries(
        "Rules that fail",
        f"Evaluations of rules that failed {WINDOW}; Prometheus's log says why.",
        {"{{rule_group}}": risen("prometheus_rule_evaluation_failures_total", "rule_group", RULES)},
        none="No rules are loaded, or Prometheus does not scrape itself",
        min=0,
    ),
)

ROW = Row("Cost", COST)
