"""The server's dashboard: how it is now, what does not work, and what to do about it."""

from dashboards import texts
from dashboards.boards import choices
from dashboards.grid import Row
from dashboards.links import help_page, to
from dashboards.panels import stat, text, titled
from dashboards.promql import (
    AVAILABILITY,
    CATEGORIES,
    SOFTWARE,
    SOFTWARE_OR_OTHER,
    SUITE,
    WITH_TITLE,
    failures,
    last,
    recorded,
    select,
    told,
)
from dashboards.tables import Column, table

STATE = recorded("domain:xmpp_xep_supported:last", "job, domain, check")
EXPECTED = last("xmpp_check_expected", "job, domain, check")
WORKED = last("xmpp_check_last_supported_timestamp_seconds", "job, domain, check")
PROBLEMS = told("xmpp_check_problem_info", "job, domain, check", "verdict, reason")
WITH_SOFTWARE = f"* on(job, domain) group_left(software) {SOFTWARE_OR_OTHER}"

TO_CHECK = to("check", "Show this check on all servers", choices.OF_CHECK, check="check")
CHECK_COLUMNS = (
    Column("title", "Check", links=(TO_CHECK,), width=260),
    Column("topic", "Topic", texts=texts.TOPICS, width=170),
)
HELP = Column("check", "What to do", links=(help_page("What to do about it"),), width=170)

STATS = (
    stat(
        "Reachable",
        "Whether a client could reach the server at the last availability probe: some address set up TLS and sent its"
        " features. When down: the table of failures says why.",
        f"min({select('domain:xmpp_probe_success:last', AVAILABILITY)})",
        unit="none",
        texts=texts.UP,
        none="Not known",
    ),
    stat(
        "Login",
        "Whether the probe's account could log in. When it fails, most checks are not known: the table of failures says"
        " why.",
        f"min({select('domain:xmpp_login_success:last')})",
        unit="none",
        texts=texts.LOGIN,
        none="No account",
    ),
    stat(
        "Score",
        "Share of the suite's requirements at the level that work, of those that were decided.",
        f"min({select('domain:xmpp_suite_distinct_requirements:ratio', SUITE)})",
        unit="percentunit",
        decimals=0,
        steps=texts.GOOD_SHARE,
        none="Not known",
    ),
    stat(
        "Requirements",
        "How many of the suite's requirements at the level work, do not work, and could not be decided. Each is counted"
        " once, though several categories may ask for it.",
        choices.BY_OUTCOME,
        width=6,
        none="Not known",
    ),
    stat(
        "Availability",
        "Share of the availability probes that succeeded within an hour, a day, a week and a month. Probes that"
        " failed by the prober's own fault do not count.",
        {
            title: f"min({select(f'domain:xmpp_availability:ratio{window}')})"
            for window, title in (("1h", "1 hour"), ("24h", "24 hours"), ("7d", "7 days"), ("30d", "30 days"))
        },
        unit="percentunit",
        steps=texts.AVAILABILITY,
        width=9,
        none="Not known yet",
    ),
    stat(
        "Certificate",
        "Days until the first certificate ends that the server sends to clients or other servers. When red: renew it,"
        " and have the server load it.",
        f"min({select('domain:xmpp_tls_certificate_expiry:days')})",
        unit="d",
        decimals=0,
        steps=texts.DAYS_LEFT,
        none="Not known",
    ),
    stat(
        "Software",
        "What the server says that it runs.",
        {"{{software}} {{version}}": SOFTWARE},
        unit="none",
        name_only=True,
        width=6,
        none="It does not tell",
    ),
    stat(
        "Last probe",
        "When the last probe of each kind began. Much longer ago than the configured interval: look at the dashboard of"
        " the exporter.",
        {"{{probe}}": f"1000 * {last('xmpp_probe_last_run_timestamp_seconds', 'probe')}"},
        unit="dateTimeFromNow",
        width=6,
        none="None yet",
    ),
    stat(
        "Verdicts by category",
        "Whether the server complies with each chosen category of the suite at the level. Compliant: every requirement"
        " works, and none is unknown.",
        {"{{category}}": f"min by(category) ({select('domain:xmpp_suite_requirements:verdict', CATEGORIES)})"},
        unit="none",
        texts=texts.COMPLIANCE,
        width=9,
        none="Not known",
        series=titled({str(category): title for category, (title, _) in texts.CATEGORIES.items()}),
    ),
)

PAGES = text(
    "Badge and result page",
    "The badge of the server and its public result page, where xmpp-badges serves them (the variable Result pages). No"
    " picture: nobody serves it there, or it keeps this server to itself.",
    "![Badge of ${domain}](${pages}/badge/${domain}.svg)\n\n"
    "[Result page](${pages}/server/${domain}) · [Badge](${pages}/badge/${domain}.svg)",
    width=6,
    height=6,
)

FAILURES = table(
    "Why probes and logins fail",
    "The reason for which the last probe of each kind, or the last login, failed; only while it fails.",
    failures(),
    (
        Column("probe", "What failed", width=140),
        Column("reason", "Reason", texts=texts.FAILED_BECAUSE),
    ),
    none="Nothing fails",
    width=10,
    height=6,
)

EXPECTATIONS = table(
    "Expected checks",
    "Checks that the exporter's configuration expects of this server. Those that do not work make an alert.",
    f"({STATE} and on(job, domain, check) {EXPECTED} or on(job, domain, check) 0.5 * {EXPECTED}) {WITH_TITLE}",
    (
        Column("title", "Check", links=(TO_CHECK,)),
        Column("#", "State", texts=texts.STATE, width=130),
        Column("check", hidden=True),
    ),
    none="None is expected",
    width=8,
    height=6,
    sort="State",
)

PROBLEM_TABLE = table(
    "Problems",
    "Everything that does not work or is not known, and why. A click on a title shows the check on all servers; the"
    " last column leads to what to change with this server's software. What is not known is not held against the"
    " server.",
    {
        "Problem": f"{PROBLEMS} {WITH_TITLE} {WITH_SOFTWARE} unless on(job, domain, check) {STATE} == 1",
        "Worked": f"1000 * {WORKED} and on(job, domain, check) {PROBLEMS} unless on(job, domain, check) {STATE} == 1",
    },
    (
        *CHECK_COLUMNS,
        Column("verdict", "Verdict", texts=texts.VERDICT, width=330),
        Column("reason", "Reason", texts=texts.REASON),
        Column("#Worked", "Last seen working", unit="dateTimeFromNow", width=150),
        HELP,
        Column("software", hidden=True),
    ),
    none="No problems, or nothing is known",
    height=12,
    sort="Verdict",
)

NOW = Row("Now", (*STATS, PAGES, FAILURES, EXPECTATIONS))
WRONG = Row("Problems", (PROBLEM_TABLE,))
