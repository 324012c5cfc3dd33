"""The time that a report is about: whole days, from midnight to midnight where the readers live."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from xmpp_exporter.config.values import parse_duration

DAY = 86400.0
LONGEST = 92
"""Days."""
_A_MONDAY = date(1970, 1, 5)


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` until just before `end`, in seconds since the epoch."""

    start: float
    end: float

    @property
    def length(self) -> float:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Period:
    """`days` whole days, of which `until` is the first that does not belong to it; some have 23 or 25 hours."""

    days: int
    until: date
    zone: ZoneInfo

    @property
    def since(self) -> date:
        return self.until - timedelta(days=self.days)

    @property
    def start(self) -> float:
        """Seconds since the epoch, as `end`."""
        return self._midnight(self.since)

    @property
    def end(self) -> float:
        return self._midnight(self.until)

    @property
    def id(self) -> str:
        """The same for the same days, and fit for a Message-ID."""
        return f"{self.since.isoformat()}.{self.days}d"

    def local(self, moment: float) -> datetime:
        """A moment as the readers' clocks show it."""
        return datetime.fromtimestamp(moment, self.zone)

    def _midnight(self, day: date) -> float:
        return datetime.combine(day, time(), self.zone).timestamp()


def last_complete(days: int, today: date, zone: ZoneInfo) -> Period:
    """The last period that is over, of those that follow one another: weeks begin on Monday."""
    past = (today - _A_MONDAY).days
    return Period(days, _A_MONDAY + timedelta(days=past - past % days), zone)


def parse_days(text: str) -> int:
    """A duration of whole days; raises ValueError."""
    days = parse_duration(text) / DAY
    if days != int(days) or days > LONGEST:
        raise ValueError(f"is not a number of whole days: write 7d, or any up to {LONGEST}d")
    return int(days)
