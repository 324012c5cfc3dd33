"""What was: changes of checks, and one value for each day."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from xmpp_badges.prometheus import Series
from xmpp_badges.queries import DAY

DAYS = 90
"""How far back changes and strips go."""


@dataclass(frozen=True, slots=True)
class Change:
    """A check's state became another one; `time` in seconds since the epoch, seen within the hour before."""

    time: float
    check: str
    supported: bool
    """What it is from then on; before, it was the other."""


@dataclass(frozen=True, slots=True)
class Day:
    """A value (0 to 1) of one day in UTC; None if nothing is known."""

    date: date
    value: float | None


@dataclass(frozen=True, slots=True)
class History:
    """Of one server, the newest change first."""

    changes: tuple[Change, ...]
    first_known: Mapping[str, float]
    """By check, the moment in seconds since the epoch."""
    begins: float
    """How far it goes back."""

    def until(self, moment: float) -> "History | None":
        """As it was known at that moment; None before it begins."""
        if moment < self.begins:
            return None
        changes = tuple(change for change in self.changes if change.time <= moment)
        first_known = {check: first for check, first in self.first_known.items() if first <= moment}
        return replace(self, changes=changes, first_known=first_known)

    def since(self, check: str) -> tuple[float, bool] | None:
        """Since when a check is as it is, and whether that is known: it may be longer than the history."""
        if change := next((each for each in self.changes if each.check == check), None):
            return change.time, True
        if check not in self.first_known:
            return None
        first = self.first_known[check]
        return first, first > self.begins + DAY


def changes(series: Iterable[Series]) -> tuple[Change, ...]:
    """From known to known: what was not known in between changes nothing. The newest first."""
    found = []
    for each in series:
        before: float | None = None
        for time, value in each.points:
            if before is not None and value != before:
                found.append(Change(time, each.labels.get("check", ""), value == 1))
            before = value
    return tuple(sorted(found, key=lambda change: (-change.time, change.check)))


def midnight(moment: float) -> float:
    """The end of the day in UTC that `moment` is in; seconds since the epoch."""
    return (moment // DAY + 1) * DAY


def days(series: list[Series], moment: float, number: int = DAYS) -> tuple[Day, ...]:
    """One value for each of so many days up to that of `moment`, of a mean over the day before each midnight."""
    known = {round(time): value for each in series for time, value in each.points}
    last = midnight(moment)
    ends = [last - ago * DAY for ago in range(number - 1, -1, -1)]
    return tuple(Day(datetime.fromtimestamp(end - DAY, UTC).date(), known.get(round(end))) for end in ends)


def days_until(several: Sequence[Day], moment: float) -> tuple[Day, ...]:
    """Those that had begun at that moment."""
    last = datetime.fromtimestamp(moment, UTC).date()
    return tuple(day for day in several if day.date <= last)
