"""How moments, durations, shares and counts are written for people."""

import math
from datetime import date

from xmpp_alerts.report.availability import State, seconds_in
from xmpp_alerts.report.findings import Counts, Findings
from xmpp_alerts.report.period import Period
from xmpp_exporter.printable import printable

MAX_NAME = 255
"""Characters of what others named."""
_UNITS = ((86400, "d"), (3600, "h"), (60, "min"))


def clean(text: str) -> str:
    """What stands in a label, in one line and of bounded length; labels may come from servers."""
    return printable(text[:MAX_NAME])


def days_of(period: Period) -> str:
    """`13 to 19 July 2026`: the first and the last day that belong to it."""
    first, last = period.since, date.fromordinal(period.until.toordinal() - 1)
    if first == last:
        return f"{last.day} {last:%B %Y}"
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day} to {last.day} {last:%B %Y}"
    year = f" {first.year}" if first.year != last.year else ""
    return f"{first.day} {first:%B}{year} to {last.day} {last:%B %Y}"


def moment(at: float, period: Period) -> str:
    """`Mon 13 July 14:05`."""
    local = period.local(at)
    return f"{local:%a} {local.day} {local:%B %H:%M}"


def duration(seconds: float) -> str:
    """`2 h 5 min`: the two largest units."""
    rest, parts = max(round(seconds), 60), []
    for length, unit in _UNITS:
        if rest >= length:
            parts.append(f"{rest // length} {unit}")
            rest %= length
    return " ".join(parts[:2])


def percent(share: float | None, digits: int = 2) -> str:
    """Rounded down: 100 % is said of nothing less. `no data` for None."""
    if share is None:
        return "no data"
    factor = 10**digits
    return f"{math.floor(share * 100 * factor + 1e-9) / factor:g} %"


def score(counts: Counts | None) -> str:
    """`92 % (24 of 26)`, and how many could not be decided."""
    if counts is None:
        return "no data"
    undecided = f", {counts.unknown} not decided" if counts.unknown else ""
    if not counts.decided:
        return f"nothing decided{undecided and f' ({counts.unknown} requirements)'}"
    share = percent(counts.supported / counts.decided, 0)
    return f"{share} ({counts.supported} of {counts.decided}{undecided})"


def counted(number: int, thing: str) -> str:
    """`1 check`, `2 checks`."""
    return f"{number} {thing}{'s' * (number != 1)}"


def reason(text: str) -> str:
    """A reason's label as words."""
    return clean(text).replace("_", " ")


def unknown_time(findings: Findings) -> str:
    """How much of the period is not known, empty if it is little."""
    unknown = seconds_in(State.UNKNOWN, findings.segments)
    whole = sum(part.span.length for part in findings.segments)
    return duration(unknown) if unknown > whole / 100 else ""
