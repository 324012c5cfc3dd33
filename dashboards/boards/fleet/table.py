"""The fleet's dashboard: the table of all servers."""

from dashboards import texts
from dashboards.boards.fleet.states import CATEGORY_SCORE, DAYS, LOGIN, SCORE, SERVER, UP
from dashboards.promql import LISTED, SOFTWARE, SUITE, last, recorded
from dashboards.tables import Column, table


def counts(outcome: str) -> str:
    return recorded("domain:xmpp_suite_distinct_requirements:last", "job, domain", SUITE, f'outcome="{outcome}"')


SERVERS = table(
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
