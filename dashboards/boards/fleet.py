"""All servers at a glance: which are well, what changed, and what they run."""

from dashboards import annotations, texts, variables
from dashboards.boards import choices
from dashboards.dashboard import Dashboard
from dashboards.grid import Row
from dashboards.links import to
from dashboards.panels import Panel, bar_gauge, stat, timeseries
from dashboards.promql import (
    AVAILABILITY,
    CATEGORIES,
    DOMAINS,
    JOBS,
    LISTED,
    SOFTWARE,
    SOFTWARE_OR_OTHER,
    SUITE,
    WITH_TITLE,
    by,
    last,
    or_none,
    recorded,
    select,
    told,
)
from dashboards.tables import Column, table

UP = recorded("domain:xmpp_probe_success:last", "job, domain", AVAILABILITY)
LOGIN = recorded("domain:xmpp_login_success:last", "job, domain")
SCORE = recorded("domain:xmpp_suite_distinct_requirements:ratio", "job, domain", SUITE)
CATEGORY_SCORE = recorded("domain:xmpp_suite_requirements:ratio", "job, domain, category", CATEGORIES)
VERDICT = f"min by(job, domain) ({select('domain:xmpp_suite_requirements:verdict', CATEGORIES)})"
DAYS = recorded("domain:xmpp_tls_certificate_expiry:days", "job, domain")
DECIDED = f"check:xmpp_xep_supported:servers{{{JOBS}}}"

TO_SERVER = to("server", "Show ${__data.fields.domain}", choices.SCORED, domain="domain")
TO_CHECK = to("check", "Show this check on all servers", "domain suite category", check="check")
SERVER = Column("domain", "Server", links=(TO_SERVER,))


def counts(outcome: str) -> str:
    return recorded("domain:xmpp_suite_distinct_requirements:last", "job, domain", SUITE, f'outcome="{outcome}"')


def changed(title: str, ago: str, since: str) -> Panel:
    """What worked `ago` and does not any more, or the reverse. `ago`: the suffix of the recorded state."""
    was = recorded(f"domain:xmpp_xep_supported:{ago}", "job, domain, check")
    return table(
        title,
        f"Checks whose verdict is another one than {since} ago. Lost: it worked then, and does not now; open the"
        " server to see why. Gained is the reverse. What was not known then, or is not now, is no change.",
        f"{was} {WITH_TITLE}",
        (
            SERVER,
            Column("#", "Change", texts=texts.CHANGE, width=90),
            Column("title", "Check", links=(TO_CHECK,)),
            Column("topic", "Topic", texts=texts.TOPICS),
            Column("check", hidden=True),
        ),
        none="Nothing changed, or nothing is known of that time",
        width=12,
        sort="Server",
    )


NOW = (
    stat(
        "Servers",
        "Servers in the exporter's configuration, whatever is known of them.",
        f"count({LISTED})",
        none="None",
    ),
    stat(
        "Up",
        "Servers that a client could reach at the last availability probe: some address set up TLS and sent its"
        " features.",
        f"sum({UP})",
    ),
    stat(
        "Down",
        "Servers that no client could reach at the last availability probe. When red: sort the table by Up, and open"
        " the server to see the reason.",
        f"sum({UP} == bool 0)",
        steps=texts.BAD_IF_ANY,
    ),
    stat(
        "Up or down not known",
        "Servers without a recent availability probe, or whose probes fail by the prober's own fault. When red: look at"
        " the dashboard of the exporter.",
        or_none(f"count({LISTED} unless on(job, domain) {UP})", LISTED),
        steps=texts.BAD_IF_ANY,
    ),
    stat(
        "Logins that fail",
        "Servers that did not let the probe's account in. Most checks are not known there until it gets in again.",
        f"sum({LOGIN} == bool 0)",
        none="No accounts",
        steps=texts.BAD_IF_ANY,
    ),
    stat(
        "Compliant",
        "Servers that comply with all chosen categories of the suite at the level: every requirement works, and none is"
        " unknown.",
        f"sum({VERDICT} == bool 1)",
    ),
    stat(
        "Certificates that end soon",
        "Servers of which a certificate ends within two weeks, or has ended. When red: renew it, and have the server"
        " load it.",
        f"sum({DAYS} < bool 14)",
        steps=texts.BAD_IF_ANY,
    ),
    stat(
        "Checks lost in 24 h",
        "Checks that worked a day ago and do not now, over all chosen servers. The tables below name them.",
        f"sum({select('domain:xmpp_xep_supported:was1d')}) or 0 * sum({DECIDED})",
        steps=texts.BAD_IF_ANY,
    ),
)

SERVERS_TABLE = table(
    "All servers",
    "One row for each configured server; a click on its name opens its dashboard. Score: the share of the suite's"
    " requirements that work, of those that were decided. Empty cells are not known, which is never held against a"
    " server.",
    {
        "Up": UP,
        "Login": LOGIN,
        "Score": SCORE,
        "Works": counts("supported"),
        "Fails": counts("unsupported"),
        "Unknown": counts("unknown"),
        "Worst": f"bottomk by(job, domain) (1, {CATEGORY_SCORE})",
        "Days": DAYS,
        "Availability": recorded("domain:xmpp_availability:ratio24h", "job, domain"),
        "Probe": f"1000 * {last('xmpp_probe_last_run_timestamp_seconds', 'job, domain')}",
        "Software": SOFTWARE,
        "Listed": LISTED,
    },
    (
        SERVER,
        Column("#Up", "Up", texts=texts.UP, width=80),
        Column("#Login", "Login", texts=texts.LOGIN, width=80),
        Column("#Score", "Score", unit="percentunit", decimals=0, steps=texts.GOOD_SHARE, width=80),
        Column("#Works", "Works", width=80),
        Column("#Fails", "Does not", width=90),
        Column("#Unknown", "Not known", width=100),
        Column("category", "Worst category", texts=texts.CATEGORIES),
        Column("#Worst", "Its score", unit="percentunit", decimals=0, steps=texts.GOOD_SHARE, width=100),
        Column("#Days", "Certificate", unit="d", decimals=0, steps=texts.DAYS_LEFT, width=110),
        Column("#Availability", "Up in 24 h", unit="percentunit", decimals=2, steps=texts.AVAILABILITY, width=110),
        Column("#Probe", "Last probe", unit="dateTimeFromNow"),
        Column("software", "Software"),
        Column("version", "Version"),
        Column("#Listed", "Public", texts=texts.YES_NO, width=80),
        Column("job", "Job"),
    ),
    height=14,
    none="No servers",
    sort="Server",
)

WAS = recorded("domain:xmpp_suite_distinct_requirements:ratio_was1w", "job, domain", SUITE)
SCORES_CHANGED = table(
    "Scores that changed in 7 d",
    "Servers whose score in the suite is another one than a week ago. When it fell: the checks that were lost say why.",
    {"Now": f"{SCORE} != {WAS}", "Then": f"{WAS} != {SCORE}", "By": f"{SCORE} - {WAS} != 0"},
    (
        SERVER,
        Column("#Then", "A week ago", unit="percentunit", decimals=0),
        Column("#Now", "Now", unit="percentunit", decimals=0),
        Column("#By", "Change", unit="percentunit", decimals=0, steps=((None, texts.RED), (0, texts.GREEN))),
    ),
    none="None changed, or nothing is known of a week ago",
    width=12,
    sort="Change",
)
PROBLEM = told("xmpp_check_problem_info", "job, domain, check", "verdict, reason")
PROBLEMS = table(
    "Problems by reason",
    "How many checks on how many servers do not work, or are not known, for the same reason. Many of one reason at once"
    " have one cause more often than many.",
    {
        "Checks": f"count by(verdict, reason) ({PROBLEM})",
        "Servers": f"count by(verdict, reason) (group by(job, domain, verdict, reason) ({PROBLEM}))",
    },
    (
        Column("verdict", "Verdict", texts=texts.VERDICT),
        Column("reason", "Reason", texts=texts.REASON),
        Column("#Checks", "Checks", width=90),
        Column("#Servers", "Servers", width=90),
    ),
    none="No problems",
    width=12,
    sort="Checks",
    descending=True,
)

SOFTWARE_PANELS = (
    bar_gauge(
        "Servers by software",
        "What the servers say that they run; other: unknown software, or a server that does not tell.",
        {"{{software}}": f"sort_desc(count by(software) ({SOFTWARE_OR_OTHER}))"},
        width=8,
    ),
    bar_gauge(
        "Score by software",
        "The average score in the suite of the servers with each software. How servers are configured counts as much as"
        " what they run.",
        {
            "{{software}}": "sort_desc(avg by(software) ("
            f"{SCORE} * on(job, domain) group_left(software) {SOFTWARE_OR_OTHER}))"
        },
        unit="percentunit",
        width=8,
        max=1,
    ),
    table(
        "Versions",
        "How many servers run which version of which software, as they tell.",
        f"count by(software, version) ({SOFTWARE})",
        (Column("software", "Software"), Column("version", "Version"), Column("#", "Servers", width=90)),
        width=8,
        height=8,
        none="No server tells",
        sort="Servers",
        descending=True,
    ),
)

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

FLEET = Dashboard(
    "fleet",
    "Which XMPP servers are well, what changed, and what they run.",
    (
        variables.DATA_SOURCE,
        variables.job(),
        variables.domain(many=True),
        choices.SUITE,
        choices.LEVEL,
        choices.CATEGORY,
    ),
    (annotations.software_changes(), annotations.alerts(DOMAINS)),
    (
        Row("Now", (*NOW, SERVERS_TABLE)),
        Row(
            "What changed",
            (
                changed("Lost and gained in 24 h", "was1d", "a day"),
                changed("Lost and gained in 7 d", "was1w", "a week"),
                SCORES_CHANGED,
                PROBLEMS,
            ),
        ),
        Row("Software", SOFTWARE_PANELS),
        Row("Over time", OVER_TIME),
    ),
)
