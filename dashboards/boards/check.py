"""One check on all servers: which support it, how that spreads, and with which software."""

from dashboards import annotations, texts, variables
from dashboards.boards import choices
from dashboards.dashboard import Dashboard
from dashboards.grid import Row
from dashboards.links import help_page, to
from dashboards.panels import bar_gauge, coloured, stat, state_timeline, timeseries
from dashboards.promql import (
    DOMAINS,
    JOBS,
    LISTED,
    SOFTWARE,
    SOFTWARE_OR_OTHER,
    TITLES,
    by,
    changed,
    last,
    or_none,
    recorded,
    told,
)
from dashboards.tables import Column, table
from xmpp_exporter.catalogue import checks

THIS = 'check="$check"'
CHOSEN = ('suite="$suite"', 'category=~"$category"')
STATE = recorded("domain:xmpp_xep_supported:last", "job, domain", THIS)
UNKNOWN = f"{LISTED} unless on(job, domain) {STATE}"
WITH_SOFTWARE = f"* on(job, domain) group_left(software) {SOFTWARE_OR_OTHER}"

INFO = told("xmpp_check_info", "job, check", "xep, title, topic, kind, scored", THIS, scope=JOBS)

CHECK_VARIABLE = variables.choice(
    "check",
    "Check",
    {check.id: f"{check.title} ({check.id})" for check in checks().values()},
    "The check to look at",
    "xep0313",
)

ABOUT = table(
    "What it is",
    "The chosen check: what users lose without it, and how its verdict is reached. A check that does not count is for"
    " information only.",
    f'label_replace(label_replace({INFO}, "description", "$1", "check", "(.*)"), "method", "$1", "check", "(.*)")',
    (
        Column("title", "Check", width=220),
        Column("xep", "XEP", width=70),
        Column("topic", "Topic", texts=texts.TOPICS, width=160),
        Column("description", "What users lose without it", texts=texts.DESCRIPTIONS, long=True),
        Column("method", "How it is decided", texts=texts.METHODS, long=True),
        Column("kind", "Kind", width=90),
        Column("scored", "Counts", width=80),
    ),
    none="No such check in the catalogue of this exporter",
    height=6,
)

NOW = (
    ABOUT,
    stat(
        "Share",
        "Share of the chosen servers on which it works, of those where that is known.",
        f"avg({STATE})",
        unit="percentunit",
        decimals=0,
        width=6,
        none="Not known on any server",
    ),
    stat("Works", "Chosen servers on which it works.", f"sum({STATE})", width=6),
    stat(
        "Does not work",
        "Chosen servers on which it is not offered, or is offered and does not work. The table says why.",
        f"sum({STATE} == bool 0)",
        width=6,
    ),
    stat(
        "Not known",
        "Chosen servers where nobody could tell: they are down, have no account for the probe, or the check could not"
        " be tried.",
        or_none(f"count({UNKNOWN})", LISTED),
        width=6,
    ),
    table(
        "Servers",
        "Each chosen server, whether the check works there, and why not. A click on the name opens the server; the last"
        " column leads to what its operator can do.",
        {
            "State": f"{STATE} or on(job, domain) 0.5 * ({LISTED} >= bool 0)",
            "Reason": told("xmpp_check_problem_info", "job, domain", "check, verdict, reason", THIS)
            + f" unless on(job, domain) {STATE} == 1",
            "Software": f"{SOFTWARE} or on(job, domain) {SOFTWARE_OR_OTHER}",
            "Worked": f"1000 * {last('xmpp_check_last_supported_timestamp_seconds', 'job, domain', THIS)}",
        },
        (
            Column(
                "domain",
                "Server",
                links=(to("server", "Show ${__data.fields.domain}", choices.OF_CHECK, domain="domain"),),
            ),
            Column("#State", "State", texts=texts.STATE, width=120),
            Column("reason", "Reason", texts=texts.REASON),
            Column("software", "Software", width=120),
            Column("version", "Version", width=140),
            Column("#Worked", "Last seen working", unit="dateTimeFromNow", width=160),
            Column("check", "What to do", links=(help_page("What to do about it"),), width=140),
        ),
        none="No servers",
        height=14,
        sort="State",
    ),
)

SPREAD = (
    timeseries(
        "Share over time",
        "Share of all servers on which it works, of those where that is known, whichever are chosen above.",
        {"{{job}}": f"check:xmpp_xep_supported:share{{{JOBS}, {THIS}}}"},
        unit="percentunit",
        min=0,
        max=1,
    ),
    timeseries(
        "Servers over time",
        "On how many of the chosen servers it works, does not work, or is not known.",
        {"Works": f"sum({STATE})", "Does not work": f"sum({STATE} == bool 0)", "Not known": f"count({UNKNOWN})"},
        stacked=True,
        min=0,
        series=coloured(texts.OUTCOME_COLOURS),
    ),
    state_timeline(
        "Servers on which it changed",
        "Servers on which the check began or ceased to work in the shown time, at most 50. A gap: it was not known.",
        {"{{domain}}": changed("domain:xmpp_xep_supported:last", "domain", THIS)},
        texts.STATE,
        none="It changed nowhere in this time",
        links=(to("server", "Show this server", choices.OF_CHECK, domain="__field.labels.domain"),),
    ),
)

BY_SOFTWARE = (
    bar_gauge(
        "Share by software",
        "Share of the chosen servers with each software on which it works, of those where that is known.",
        {"{{software}}": f"sort_desc(avg by(software) ({STATE} {WITH_SOFTWARE}))"},
        unit="percentunit",
        max=1,
    ),
    table(
        "Servers by software",
        "The numbers behind the shares: servers with each software on which it works, and on which it does not.",
        {
            "Works": f"sum by(software) ({STATE} {WITH_SOFTWARE})",
            "Fails": f"sum by(software) (({STATE} == bool 0) {WITH_SOFTWARE})",
        },
        (Column("software", "Software"), Column("#Works", "Works"), Column("#Fails", "Does not work")),
        width=12,
        height=8,
        none="Not known on any server",
        sort="Works",
        descending=True,
    ),
    timeseries(
        "Share by software over time",
        "Share of the chosen servers with each software on which it works. A step in one software alone is often a new"
        " version.",
        {"{{software}}": f"avg by(software) ({STATE} {WITH_SOFTWARE})"},
        unit="percentunit",
        width=24,
        min=0,
        max=1,
    ),
)

SHARE = by("job, check", f"check:xmpp_xep_supported:share{{{JOBS}}}")
SHARE_A_WEEK_AGO = by("job, check", f"check:xmpp_xep_supported:share{{{JOBS}}} offset 1w")
ALL_CHECKS = (
    table(
        "All checks",
        "Every check, and on which share of all servers it works. A click on its title chooses it.",
        {
            "Share": f"{SHARE} * on(job, check) group_left(title, topic) {TITLES}",
            "Servers": by("job, check", f"check:xmpp_xep_supported:servers{{{JOBS}}}"),
            "Change": f"{SHARE} - {SHARE_A_WEEK_AGO}",
        },
        (
            Column(
                "title", "Check", links=(to("check", "Show this check", f"domain {choices.OF_CHECK}", check="check"),)
            ),
            Column("topic", "Topic", texts=texts.TOPICS),
            Column("#Share", "Works on", unit="percentunit", decimals=0, width=110),
            Column("#Servers", "Servers decided", width=140),
            Column("#Change", "Against a week ago", unit="percentunit", decimals=0, width=160),
            Column("check", "Id", width=160),
            Column("job", "Job", width=120),
        ),
        width=16,
        height=14,
        sort="Works on",
    ),
    table(
        "Requirements that it decides",
        "The requirements of the chosen suite and categories that this check decides, alone or with others.",
        told("xmpp_suite_check_info", "category, requirement", "level", *CHOSEN, THIS, scope=JOBS),
        (
            Column("category", "Category", texts=texts.CATEGORIES),
            Column("level", "Level"),
            Column("requirement", "Requirement", texts=texts.REQUIREMENTS),
        ),
        none="The suite does not ask for it",
        width=8,
        height=14,
        sort="Category",
    ),
)

CHECK = Dashboard(
    "check",
    "One check on all XMPP servers: which support it, how it spreads, and with which software.",
    (
        variables.DATA_SOURCE,
        variables.job(),
        variables.domain(many=True),
        CHECK_VARIABLE,
        choices.SUITE,
        choices.CATEGORY,
        choices.PAGES,
    ),
    (annotations.software_changes(), annotations.alerts(DOMAINS, THIS)),
    (
        Row("Now", NOW),
        Row("Over time", SPREAD),
        Row("By software", BY_SOFTWARE),
        Row("All checks", ALL_CHECKS),
    ),
    since="now-7d",
)
