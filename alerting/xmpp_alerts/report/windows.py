"""When servers were under maintenance, by the windows of alerts.yml."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from xmpp_alerts.config import Maintenance, Window
from xmpp_alerts.render.patterns import covers
from xmpp_alerts.report.period import Period, Span

MINUTE = 60.0
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Calendar:
    """All maintenance within a period."""

    def __init__(self, maintenance: Sequence[Maintenance], period: Period) -> None:
        self._spans = [(each.domains, tuple(_spans(each, period))) for each in maintenance]

    def of(self, domain: str) -> Sequence[Span]:
        """Of one server; several of its windows may overlap."""
        return [
            span
            for patterns, spans in self._spans
            if any(covers(pattern, domain) for pattern in patterns)
            for span in spans
        ]


def _spans(maintenance: Maintenance, period: Period) -> Iterator[Span]:
    """Minute by minute, as Alertmanager decides it: on the days when clocks change, too."""
    zone = ZoneInfo(maintenance.timezone)
    begun: float | None = None
    moment = period.start
    while moment < period.end:
        local = datetime.fromtimestamp(moment, zone)
        inside = any(_has(window, local) for window in maintenance.windows)
        if inside and begun is None:
            begun = moment
        elif not inside and begun is not None:
            yield Span(begun, moment)
            begun = None
        moment += MINUTE
    if begun is not None:
        yield Span(begun, period.end)


def _has(window: Window, local: datetime) -> bool:
    weekday = _WEEKDAYS[local.weekday()]
    return (not window.weekdays or weekday in window.weekdays) and window.start <= local.strftime("%H:%M") < window.end
