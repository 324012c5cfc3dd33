"""The exporter itself: whether it keeps up, why its probes fail, and what it costs."""

from dashboards import annotations, texts, variables
from dashboards.dashboard import Dashboard
from dashboards.grid import Row
from dashboards.links import to
from dashboards.panels import stat, state_timeline, timeseries, titled
from dashboards.promql import WINDOW, failures, last, risen, spread
from dashboards.tables import Column, table
from xmpp_exporter.model import PROBER_FAULTS

EXPORTERS = 'job=~"$job", instance=~"$instance"'
LEGEND = "{{job}} {{instance}}"
_FAULTS = "|".join(sorted(PROBER_FAULTS))
OWN_FAULT, SERVERS_FAULT = f'reason=~"{_FAULTS}"', f'reason!~"{_FAULTS}"'
RULES = 'rule_group=~".*;xmpp-.*"'
"""The groups of alerting/rules: Prometheus names them by file and group."""

INSTANCE = variables.values(
    "instance",
    "Instance",
    'label_values(xmpp_exporter_build_info{job=~"$job"}, instance)',
    "Exporters",
    many=True,
)


def exporter(metric: str) -> str:
    """A metric of the exporter itself, of each instance."""
    return f"last_over_time({metric}{{{EXPORTERS}}}[15m])"


def of_exporters(expression: str) -> str:
    """What every target has, such as `up`, of exporters alone: those that said in the last day that they are one."""
    return f"{expression} and on(job, instance) last_over_time(xmpp_exporter_build_info{{{EXPORTERS}}}[1d])"


def rate(metric: str, labels: str, *matchers: str) -> str:
    return f"sum by({labels}) (rate({metric}{{{', '.join((EXPORTERS, *matchers))}}}[$__rate_interval]))"


def durations(probe: str) -> dict[str, str]:
    return spread(f'last_over_time(xmpp_probe_duration_seconds{{{EXPORTERS}, probe="{probe}"}}[15m])')


LAST_RUN = last("xmpp_probe_last_run_timestamp_seconds", "job, domain, probe", scope=EXPORTERS)
INTERVAL = last("xmpp_probe_interval_seconds", "job, domain, probe", scope=EXPORTERS)
TO_SERVER = to("server", "Show ${__data.fields.domain}", domain="domain")
SERVER = Column("domain", "Server", links=(TO_SERVER,))

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

PROBES = (
    timeseries(
        "Probe lag",
        "How late the most overdue probe of each kind is. It should stay near zero; a line that climbs means that"
        " probes are missed.",
        {"{{probe}} {{instance}}": exporter("xmpp_exporter_probe_lag_seconds")},
        unit="s",
        min=0,
    ),
    timeseries(
        "Probes in flight over time",
        "Probes of each kind that run at the same time.",
        {"{{probe}} {{instance}}": exporter("xmpp_exporter_probes_in_flight")},
        min=0,
    ),
    timeseries(
        "Finished probes",
        "Probes of each kind that end in a second.",
        {"{{probe}}": rate("xmpp_probes_total", "probe")},
        unit="ops",
        min=0,
    ),
    timeseries(
        "Failed probes by reason",
        "Probes that fail in a second by the servers' fault, by reason. Many of one reason at once may still have their"
        " cause near the prober.",
        {"{{reason}}": f"{rate('xmpp_probe_failures_total', 'reason', SERVERS_FAULT)} > 0"},
        unit="ops",
        none="None failed in this time",
        stacked=True,
        min=0,
    ),
    timeseries(
        "Failed by the prober's own fault",
        "Probes that fail in a second by the prober's own fault, by reason: a limit of its own, its network, or an"
        " error in it (its log has more). They do not count against servers.",
        {"{{reason}}": f"{rate('xmpp_probe_failures_total', 'reason', OWN_FAULT)} > 0"},
        unit="ops",
        none="None failed in this time",
        stacked=True,
        min=0,
    ),
    state_timeline(
        "Network of the prober over time",
        "Whether some of the configured canaries answered; always works without canaries.",
        {LEGEND: exporter("xmpp_exporter_network_up")},
        texts.NETWORK,
        width=12,
        height=9,
    ),
    timeseries(
        "Duration of availability probes",
        "How long the last availability probes took, over all servers.",
        durations("availability"),
        unit="s",
        min=0,
    ),
    timeseries(
        "Duration of compliance probes",
        "How long the last compliance probes took, over all servers.",
        durations("compliance"),
        unit="s",
        min=0,
    ),
    timeseries(
        "Phases of availability probes",
        "How long each phase of the last availability probes took on the average of all servers. One that grows"
        " everywhere points to the prober: DNS to its name server, TCP to its network, TLS to its processor.",
        {
            "{{phase}}": "avg by(phase) (last_over_time(xmpp_probe_phase_duration_seconds"
            f'{{{EXPORTERS}, probe="availability"}}[15m]))'
        },
        unit="s",
        stacked=True,
        series=titled(texts.PHASES),
        min=0,
    ),
    table(
        "Slowest servers",
        "The 50 probes that took longest the last time.",
        f"topk(50, {last('xmpp_probe_duration_seconds', 'domain, probe', scope=EXPORTERS)})",
        (SERVER, Column("probe", "Probe"), Column("#", "Took", unit="s", decimals=1)),
        none="None yet",
        width=12,
        sort="Took",
        descending=True,
    ),
    table(
        "Overdue probes",
        "Servers whose last probe began longer ago than twice its interval. Few: their probes wait for their turn."
        " Many: the exporter does not keep up, or stands still.",
        {
            "Since": f"time() - {LAST_RUN} > 2 * {INTERVAL}",
            "Interval": f"{INTERVAL} and on(job, domain, probe) time() - {LAST_RUN} > 2 * {INTERVAL}",
        },
        (
            SERVER,
            Column("probe", "Probe"),
            Column("#Since", "Last began ago", unit="s"),
            Column("#Interval", "Interval", unit="s"),
        ),
        none="None is overdue",
        width=12,
        sort="Last began ago",
        descending=True,
    ),
    table(
        "What fails now",
        "Servers whose last probe or login failed, and why.",
        failures(EXPORTERS),
        (SERVER, Column("probe", "What failed", width=120), Column("reason", "Reason", texts=texts.FAILED_BECAUSE)),
        none="Nothing fails",
        width=12,
        sort="Server",
    ),
)

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
        "Samples that each scrape brings, about 250 for a server; they are what Prometheus has to keep.",
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

EXPORTER = Dashboard(
    "exporter",
    "The XMPP compliance exporter itself: whether it keeps up, why its probes fail, and what it costs.",
    (variables.DATA_SOURCE, variables.job("xmpp_exporter_build_info"), INSTANCE),
    (annotations.alerts(),),
    (Row("Now", NOW), Row("Probes", PROBES), Row("Configuration", CONFIGURATION), Row("Cost", COST)),
)
