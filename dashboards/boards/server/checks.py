"""The server's dashboard: its checks and requirements over time."""

from dashboards import texts
from dashboards.boards import choices
from dashboards.grid import Row
from dashboards.links import to
from dashboards.panels import Panel, coloured, state_timeline, timeseries, titled
from dashboards.promql import CATEGORIES, JOBS, WITH_TITLE, by, changed, last, recorded, select, told
from dashboards.tables import Column, table
from xmpp_exporter.catalogue import checks, topics

STATE = recorded("domain:xmpp_xep_supported:last", "job, check")
TO_CHECK, TO_CHECK_OF_ROW = (
    to("check", "Show this check on all servers", choices.OF_CHECK, check=value)
    for value in ("__field.labels.check", "check")
)
CATEGORY_TITLES = titled({str(category): title for category, (title, _) in texts.CATEGORIES.items()})
MET = select("domain:xmpp_suite_requirements:last", CATEGORIES, 'outcome="supported"')
SUITE_CHECKS = told(
    "xmpp_suite_check_info",
    "job, category, requirement, check",
    "level",
    'suite="$suite", category=~"$category"',
    scope=JOBS,
)
CATALOGUE = last("xmpp_check_info", "job, check", scope=JOBS)

CHANGED = state_timeline(
    "Checks that changed",
    "Checks that began or ceased to work in the shown time, at most 50. A gap: it was not known, such as while the"
    " server was down. Vertical lines mark other software.",
    {"{{title}}": f"{changed('domain:xmpp_xep_supported:last', 'job, check')} {WITH_TITLE}"},
    texts.STATE,
    none="None changed in this time",
    links=(TO_CHECK,),
)

REQUIREMENTS = Row(
    "Requirements",
    (
        timeseries(
            "Score by category",
            "Share of the requirements of each chosen category at the level that work, of those that were decided.",
            {"{{category}}": f"max by(category) ({select('domain:xmpp_suite_requirements:ratio', CATEGORIES)})"},
            unit="percentunit",
            series=CATEGORY_TITLES,
            min=0,
            max=1,
        ),
        timeseries(
            "Requirements met by category",
            "How many requirements of each chosen category at the level work.",
            {"{{category}}": f"max by(category) ({MET})"},
            series=CATEGORY_TITLES,
            min=0,
        ),
        timeseries(
            "Requirements of the suite",
            "How many of the suite's requirements at the level work, do not work, and could not be decided.",
            choices.BY_OUTCOME,
            stacked=True,
            series=coloured(texts.OUTCOME_COLOURS),
            min=0,
        ),
        table(
            "Score then and now",
            "The score of each chosen category, against that of a day and of a week ago.",
            {
                "Now": by("category", select("domain:xmpp_suite_requirements:ratio", CATEGORIES)),
                "Day": by("category", select("domain:xmpp_suite_requirements:ratio_was1d", CATEGORIES)),
                "Week": by("category", select("domain:xmpp_suite_requirements:ratio_was1w", CATEGORIES)),
            },
            (
                Column("category", "Category", texts=texts.CATEGORIES),
                Column("#Now", "Now", unit="percentunit", decimals=0),
                Column("#Day", "A day ago", unit="percentunit", decimals=0),
                Column("#Week", "A week ago", unit="percentunit", decimals=0),
            ),
            none="Not known",
            width=12,
            sort="Category",
        ),
        state_timeline(
            "Verdicts by category over time",
            "Whether the server complied with each chosen category of the suite at the level. A gap: nothing was"
            " known.",
            {"{{category}}": f"min by(category) ({select('domain:xmpp_suite_requirements:verdict', CATEGORIES)})"},
            texts.COMPLIANCE,
            series=CATEGORY_TITLES,
        ),
        table(
            "What the suite asks for",
            "The checks that decide the requirements of the chosen categories, and whether they work here. Some"
            " requirements need all of their checks, others any of them.",
            f"{SUITE_CHECKS} * on(job, check) group_left() ({STATE} or on(job, check) 0.5 * {CATALOGUE})",
            (
                Column("category", "Category", texts=texts.CATEGORIES),
                Column("level", "Level", width=120),
                Column("requirement", "Requirement", texts=texts.REQUIREMENTS),
                Column(
                    "check",
                    "Check",
                    links=(TO_CHECK_OF_ROW,),
                ),
                Column("#", "State", texts=texts.STATE, width=130),
            ),
            none="Not known",
            height=12,
            sort="Category",
        ),
    ),
)


def topic_row(topic: str, title: str) -> Row:
    """Collapsed, so that only the checks of opened topics are asked for."""
    number = sum(check.topic == topic for check in checks().values())
    return Row(f"Checks: {title}", (_topic(topic, title, number),), collapsed=True)


def _topic(topic: str, title: str, number: int) -> Panel:
    of_topic = told("xmpp_check_info", "job, check", "title", f'topic="{topic}"', scope=JOBS)
    return state_timeline(
        f"{title} over time",
        "Each check of the topic in the shown time: whether it worked, or did not (not offered, or broken). A gap: it"
        " was not known, such as while the server was down.",
        {"{{title}}": f"{STATE} * on(job, check) group_left(title) {of_topic}"},
        texts.STATE,
        height=4 + number,
        links=(TO_CHECK,),
    )


CHECKS = (
    Row("Checks over time", (CHANGED,)),
    *(
        topic_row(topic, title)
        for topic, title in topics().items()
        if any(check.topic == topic for check in checks().values())
    ),
)
