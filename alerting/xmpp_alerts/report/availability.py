"""When a server was up and when it was not, of what Prometheus has for each minute."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import groupby

from xmpp_alerts.report.period import Period, Span

STEP = 60.0
"""Seconds from one value to the next: how often rules record them, so that no outage is too short to be seen."""


class State(IntEnum):
    """What is known of a minute."""

    UNKNOWN = 0
    UP = 1
    DOWN = 2
    MAINTENANCE = 3
    """Whatever it was otherwise."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A time in which the state was the same."""

    state: State
    span: Span


def segments(points: Iterable[tuple[float, float]], maintenance: Iterable[Span], period: Period) -> tuple[Segment, ...]:
    """The whole period, without gaps; a point (seconds since the epoch, 1 or 0) tells of the STEP that it begins."""
    minutes = bytearray(round((period.end - period.start) / STEP))

    def position(moment: float) -> int:
        return min(max(round((moment - period.start) / STEP), 0), len(minutes))

    for moment, value in points:
        if period.start <= moment < period.end:
            minutes[position(moment)] = State.UP if value else State.DOWN
    for span in maintenance:
        begin, end = position(span.start), position(span.end)
        minutes[begin:end] = bytes([State.MAINTENANCE]) * (end - begin)
    found, at = [], period.start
    for state, run in groupby(minutes):
        until = at + STEP * sum(1 for _minute in run)
        found.append(Segment(State(state), Span(at, until)))
        at = until
    return tuple(found)


def seconds_in(state: State, parts: Iterable[Segment]) -> float:
    """How long it was so."""
    return sum(part.span.length for part in parts if part.state is state)


def share_up(parts: Sequence[Segment]) -> float | None:
    """Availability (0 to 1) of the time of which it is known; maintenance is left out. None where nothing is known."""
    up, down = seconds_in(State.UP, parts), seconds_in(State.DOWN, parts)
    return up / (up + down) if up + down else None
