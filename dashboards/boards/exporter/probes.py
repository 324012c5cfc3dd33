"""The exporter's dashboard: how long probes take, how late they are, and why they fail."""

from dashboards import texts
from dashboards.boards.exporter.sources import EXPORTERS, LEGEND, exporter, rate
from dashboards.grid import Row
from dashboards.links import to
from dashboards.panels import state_timeline, timeseries, titled
from dashboards.promql import failures, last, rows, spread
from dashboards.tables import Column, table
from xmpp_exporter.model import PROBER_FAULTS

_FAULTS = "|".join(sorted(PROBER_FAULTS))
OWN_FAULT, SERVERS_FAULT = f'reason=~"{_FAULTS}"', f'reason!~"{_FAULTS}"'

LAST_RUN = last("xmpp_probe_last_run_timestamp_seconds", "job, domain, probe", scope=EXPORTERS)
INTERVAL = last("xmpp_probe_interval_seconds", "job, domain, probe", scope=EXPORTERS)
OVERDUE = rows(f"time() - {LAST_RUN} > 2 * {INTERVAL}")
TO_SERVER = to("server", "Show ${__data.fields.domain}", domain="domain")
SERVER = Column("domain", "Server", links=(TO_SERVER,))


def failing(matcher: str) -> dict[str, str]:
    """Failed probes in a second, by reason. Recorded: the counters are too many to be asked."""
    recorded = f"instance:xmpp_probe_failures:rate15m{{{EXPORTERS}, {matcher}}}"
    return {"{{reason}}": f"sum by(reason) (avg_over_time({recorded}[$__interval])) > 0"}


def durations(probe: str) -> dict[str, str]:
    return spread(f'last_over_time(xmpp_probe_duration_seconds{{{EXPORTERS}, probe="{probe}"}}[15m])')


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
        failing(SERVERS_FAULT),
        unit="ops",
        none="None failed in this time",
        stacked=True,
        min=0,
    ),
    timeseries(
        "Failed by the prober's own fault",
        "Probes that fail in a second by the prober's own fault, by reason: a limit of its own, its network, or an"
        " error in it (its log has more). They do not count against servers.",
        failing(OWN_FAULT),
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
        "Servers whose last probe began longer ago than twice its interval, at most 500 probes. Few: their probes wait"
        " for their turn. Many: the exporter does not keep up, or stands still.",
        {"Since": OVERDUE, "Interval": f"{INTERVAL} and on(job, domain, probe) {OVERDUE}"},
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
        "Servers whose last probe or login failed, and why; at most 500 failures.",
        rows(failures(EXPORTERS)),
        (SERVER, Column("probe", "What failed", width=120), Column("reason", "Reason", texts=texts.FAILED_BECAUSE)),
        none="Nothing fails",
        width=12,
        sort="Server",
    ),
)

ROW = Row("Probes", PROBES)
