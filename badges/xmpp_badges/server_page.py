"""What a server's page shows in which order."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from xmpp_badges.details import CheckState, Details
from xmpp_badges.history import History
from xmpp_badges.summary import Counts
from xmpp_exporter.catalogue import Check, checks, topics
from xmpp_exporter.catalogue.suite import Suite, suites

__all__ = ["Details", "by_topic", "compared", "failing", "requirements_of", "snippets", "suite_rows"]

FAILING = ("broken", "unsupported")


@dataclass(frozen=True, slots=True)
class CheckRow:
    """A check and since when it is so: None if that is not known, with `exact` False if it may be longer."""

    state: CheckState
    since: float | None
    exact: bool


@dataclass(frozen=True, slots=True)
class SuiteRow:
    """A category of a suite, with what was counted by level."""

    title: str
    counts: Mapping[str, Counts]


@dataclass(frozen=True, slots=True)
class SuiteTable:
    suite: Suite
    levels: Mapping[str, str]
    """Titles by id."""
    rows: Sequence[SuiteRow]


def suite_rows(details: Details, first: str) -> list[SuiteTable]:
    """Every suite with its categories and levels; the one that stands for the server comes first."""
    tables = []
    for suite in sorted(suites().values(), key=lambda suite: suite.id != first):
        levels = {level.id: level.title for level in suite.categories[0].levels}
        rows = [
            SuiteRow(
                category.title,
                {level: details.suites.get((suite.id, category.id, level), Counts()) for level in levels},
            )
            for category in suite.categories
        ]
        tables.append(SuiteTable(suite, levels, rows))
    return tables


def _row(state: CheckState, history: History | None) -> CheckRow:
    since = history.since(state.check.id) if history is not None and state.verdict != "unknown" else None
    return CheckRow(state, *(since or (None, False)))


def failing(details: Details, history: History | None) -> tuple[list[CheckRow], list[CheckRow]]:
    """What does not work: what is expected, and then what counts; and what does neither."""
    rows = [_row(state, history) for state in details.checks.values() if state.verdict in FAILING]
    rows.sort(key=lambda row: not row.state.expected)
    counting = [row for row in rows if row.state.expected or row.state.check.scored]
    return counting, [row for row in rows if row not in counting]


def by_topic(details: Details, history: History | None) -> dict[str, list[CheckRow]]:
    """All checks by the title of their topic."""
    return {
        title: rows
        for topic, title in topics().items()
        if (rows := [_row(state, history) for state in details.checks.values() if state.check.topic == topic])
    }


def compared(servers: Iterable[Details]) -> dict[str, list[tuple[Check, list[str]]]]:
    """For each topic its checks that were decided on some server, each with all servers' verdicts in their order."""
    several = list(servers)
    table: dict[str, list[tuple[Check, list[str]]]] = {}
    for check in checks().values():
        verdicts = [each.checks[check.id].verdict for each in several if check.id in each.checks]
        if any(verdict != "unknown" for verdict in verdicts):
            table.setdefault(topics()[check.topic], []).append((check, verdicts))
    return table


def requirements_of(check: str) -> list[tuple[Suite, str, str]]:
    """The suites that a check counts in, with the titles of category and requirement."""
    return [
        (suite, category.title, requirement.title)
        for suite in suites().values()
        for category, _level, requirement in suite.requirements()
        if check in requirement.checks
    ]


def snippets(site: str, domain: str) -> dict[str, str]:
    """The badge with a link, to copy, by language."""
    badge, page, text = f"{site}/badge/{domain}.svg", f"{site}/server/{domain}", f"XMPP compliance of {domain}"
    return {
        "Markdown": f"[![{text}]({badge})]({page})",
        "HTML": f'<a href="{page}"><img src="{badge}" alt="{text}"></a>',
        "AsciiDoc": f'image:{badge}["{text}",link="{page}"]',
    }
