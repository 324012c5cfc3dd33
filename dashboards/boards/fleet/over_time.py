"""The fleet's dashboard: how the servers did over the shown time."""

from dashboards import texts
from dashboards.boards.fleet.states import DECIDED, SCORE, SERVER, UP
from dashboards.grid import Row
from dashboards.panels import timeseries
from dashboards.promql import JOBS, WITH_TITLE, by, recorded
from dashboards.tables import Column, table

FAILING = f"{DECIDED} * on(job, check) (1 - {by('job, check', f'check:xmpp_xep_supported:share{{{JOBS}}}')})"
"""By check, and without asking for every check of every server."""

OVER_TIME = (
    timeseries(
        "Servers up and down",
        "Chosen servers that are up, and those that are down. Many that go down in the same minute point to the"
        " prober or its network.",
        {"Up": f"sum({UP})", "Down": f"sum({UP} == bool 0)"},
        stacked=True,
        min=0,
    ),
    timeseries(
        "Score",
        "The average score in the suite of the chosen servers, and that of the worst tenth and the best tenth.",
        {
            "Average": f"avg({SCORE})",
            "Worst tenth": f"quantile(0.1, {SCORE})",
            "Best tenth": f"quantile(0.9, {SCORE})",
        },
        unit="percentunit",
        min=0,
        max=1,
    ),
    table(
        "Least available",
        "The 50 servers that were up least, by the share of their availability probes that succeeded. Probes that"
        " failed by the prober's own fault do not count.",
        {
            "Week": f"bottomk(50, {recorded('domain:xmpp_availability:ratio7d', 'job, domain')})",
            "Month": recorded("domain:xmpp_availability:ratio30d", "job, domain")
            + f" and on(job, domain) bottomk(50, {recorded('domain:xmpp_availability:ratio7d', 'job, domain')})",
        },
        (
            SERVER,
            Column("#Week", "7 days", unit="percentunit", decimals=3, steps=texts.AVAILABILITY),
            Column("#Month", "30 days", unit="percentunit", decimals=3, steps=texts.AVAILABILITY),
        ),
        none="Not known yet",
        width=12,
        sort="7 days",
    ),
    timeseries(
        "Checks that do not work",
        "Checks that do not work, over all servers (whichever are chosen above), by topic. A step up is something that"
        " was lost, or a server that was added.",
        {"{{topic}}": f"sum by(topic) ({FAILING} {WITH_TITLE})"},
        stacked=True,
        min=0,
    ),
)

ROW = Row("Over time", OVER_TIME)
