"""The fleet's dashboard: what was lost and gained, and what the problems have in common."""

from dashboards import texts
from dashboards.boards.fleet.states import SCORE, SERVER, TO_CHECK
from dashboards.grid import Row
from dashboards.panels import Panel
from dashboards.promql import SUITE, WITH_TITLE, recorded, rows, told
from dashboards.tables import Column, table


def changed(title: str, ago: str, since: str) -> Panel:
    """What worked `ago` and does not any more, or the reverse. `ago`: the suffix of the recorded state."""
    was = recorded(f"domain:xmpp_xep_supported:{ago}", "job, domain, check")
    return table(
        title,
        f"Checks whose verdict is another one than {since} ago. Lost: it worked then, and does not now; open the"
        " server to see why. Gained is the reverse. What was not known then, or is not now, is no change. At most 500,"
        " the lost ones first.",
        f"{rows(was)} {WITH_TITLE}",
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

ROW = Row(
    "What changed",
    (
        changed("Lost and gained in 24 h", "was1d", "a day"),
        changed("Lost and gained in 7 d", "was1w", "a week"),
        SCORES_CHANGED,
        PROBLEMS,
    ),
)
