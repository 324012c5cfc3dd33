"""Reports and the catalogue as tables: in colours on a terminal, one line for each check elsewhere."""

from collections.abc import Iterable
from typing import TypeVar

from rich.console import Console
from rich.table import Table
from rich.text import Text

from xmpp_exporter.catalogue import Check, checks, topics
from xmpp_exporter.catalogue.suite import Suite
from xmpp_exporter.model import CheckResult, ProbeReport, Reason, Verdict
from xmpp_exporter.printable import printable
from xmpp_exporter.score import DECIDED, Compliance, Finding, LevelFindings, Met, evaluate, score, scored

Row = TypeVar("Row")

_COLOURS = {
    Verdict.SUPPORTED: "green",
    Verdict.UNSUPPORTED: "red",
    Verdict.BROKEN: "bold red",
    Verdict.UNKNOWN: "yellow",
}

_COMPLIANCE_COLOURS = {
    Compliance.COMPLIANT: "green",
    Compliance.NOT_COMPLIANT: "red",
    Compliance.UNDECIDED: "yellow",
}

NARROW = 110
"""Columns below which the title shares its column with all that comes after it."""


def print_report(report: ProbeReport, console: Console) -> None:
    """The verdicts by topic, and the score."""
    software = report.software
    named = printable(f"{software.name} {software.version}".strip()) if software else ""
    heading = Text(" · ").join(
        [Text(report.domain, "bold"), *([Text(named)] if named else []), Text(f"{report.duration:.2f} s")]
    )
    narrow = console.width < NARROW
    table = _table("Check", "Verdict", *(["Title, reason and detail"] if narrow else ["Title", "Reason and detail"]))
    for topic, results in _by_topic((checks()[result.check], result) for result in report.checks):
        _add_topic(table, topic)
        for check, result in results:
            table.add_row(*_result_row(check, result, narrow))
    _print(console, heading, Text(), table, Text(), _score_line(report))


def print_suite(suite: Suite, report: ProbeReport, console: Console) -> None:
    """Each category at each level: whether the server complies, how many requirements it meets, what is missing."""
    table = _table("Category", "Level", "Verdict", "Met", "Missing and undecided")
    for level in evaluate(suite, report):
        table.add_row(
            Text(level.category.title, "cyan"),
            level.level.title,
            Text(level.compliance, _COMPLIANCE_COLOURS[level.compliance]),
            str(level.score),
            _open_requirements(level),
        )
    _print(console, Text(), Text(suite.title, "bold"), Text(suite.link, "dim"), Text(), table)


def _open_requirements(level: LevelFindings) -> Text:
    parts = [
        Text.assemble((f"{word}: ", colour), ", ".join(_named(level, finding) for finding in level.of(met)))
        for word, colour, met in (("missing", "red", Met.UNSUPPORTED), ("undecided", "yellow", Met.UNKNOWN))
        if level.of(met)
    ]
    return Text("; ").join(parts)


def _named(level: LevelFindings, finding: Finding) -> str:
    """A requirement with its checks; those of another category are explained there."""
    if finding.category.id != level.category.id:
        return f"{finding.category.title}: {finding.requirement.title}"
    return f"{finding.requirement.title} ({', '.join(finding.because)})"


def print_catalogue(console: Console) -> None:
    """Every check, by topic."""
    narrow = console.width < NARROW
    columns = ("Title, needs and leaves",) if narrow else ("Title", "Counts", "Needs", "Leaves")
    table = _table("Check", "XEP", *columns)
    for topic, entries in _by_topic((check, check) for check in checks().values()):
        _add_topic(table, topic)
        for _, check in entries:
            table.add_row(*_catalogue_row(check, narrow))
    _print(console, table)


def _catalogue_row(check: Check, narrow: bool) -> list[Text]:
    """Where there is little room, what is a matter of course is left out."""
    needs = " ".join(sorted(check.needs)).replace("_", " ")
    row = [Text(check.id, "cyan"), Text(check.xep or "RFC")]
    if not narrow:
        return [*row, Text(check.title), Text("yes" if check.scored else "no"), Text(needs or "-"), Text(check.leaves)]
    leaves = check.leaves if check.leaves != "nothing" else ""
    more = [Text(f"{word} {what}", "dim") for word, what in (("needs", needs), ("leaves", leaves)) if what]
    return [*row, Text(" · ").join([_title(check), *more])]


def _by_topic(entries: Iterable[tuple[Check, Row]]) -> Iterable[tuple[str, list[tuple[Check, Row]]]]:
    """The entries of each topic that has any, under its title, in the catalogue's order."""
    found: dict[str, list[tuple[Check, Row]]] = {topic: [] for topic in topics()}
    for check, row in entries:
        found[check.topic].append((check, row))
    return ((topics()[topic], rows) for topic, rows in found.items() if rows)


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for position, column in enumerate(columns):
        # The first two are words that nobody wants to see broken; the rest shares what is left.
        table.add_column(column, no_wrap=position < 2, overflow="fold")
    return table


def _add_topic(table: Table, topic: str) -> None:
    table.add_row()
    table.add_row(Text(topic, "bold"))


def _result_row(check: Check, result: CheckResult, narrow: bool) -> list[Text]:
    outcome = result.outcome
    why = Text(printable(outcome.detail), "dim")
    if outcome.reason is not None:
        why = Text.assemble((outcome.reason, _COLOURS[outcome.verdict]), ": " if why else "", why)
    title = _title(check)
    about = [Text.assemble(title, " · " if why else "", why)] if narrow else [title, why]
    return [Text(check.id, "cyan"), Text(outcome.verdict, _COLOURS[outcome.verdict]), *about]


def _title(check: Check) -> Text:
    return Text(check.title) if check.scored else Text.assemble(check.title, (" (info)", "dim"))


def _score_line(report: ProbeReport) -> Text:
    points = score(report)
    counting = scored(report.checks)
    open_ones = sum(result.outcome.verdict not in DECIDED for result in counting)
    line = Text.assemble(("Score ", "bold"), (str(points), "bold"))
    if open_ones:
        line.append(f" · {open_ones} not decided")
    if any(result.outcome.reason is Reason.NO_ACCOUNT for result in report.checks):
        line.append(f" · for the rest, name an account: xmpp-exporter check NAME@{report.domain}")
    return line


def _print(console: Console, *parts: Text | Table) -> None:
    if console.is_terminal:
        for part in parts:
            console.print(part)
        return
    with console.capture() as captured:
        console.print(*parts, sep="\n")
    lines = (line.rstrip() for line in captured.get().splitlines())
    console.file.write("".join(f"{line}\n" for line in lines))
