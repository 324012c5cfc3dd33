"""The times of the week in which Alertmanager tells subscribers once a day, and those in which it holds back."""

from typing import Any

from xmpp_alerts.config import Alerts, Maintenance, Window

DAILY = "daily"
DAILY_EVERY, DAILY_FOR = 5, 15
"""Minutes from one look at what fires to the next, and in which these looks count, for who is told once a day.

The first one tells all; another is there for what failed or came too late, such as while Alertmanager starts, and tells
nothing if nothing has changed.
"""
_DAY = 24 * 60


def maintenance_name(position: int) -> str:
    """What the time of the maintenance at this position of alerts.yml is called."""
    return f"maintenance-{position + 1}"


def intervals(alerts: Alerts) -> list[dict[str, Any]]:
    """`time_intervals` of alertmanager.yml."""
    times = [{"start_time": start, "end_time": end} for start, end in daily_times(alerts)]
    daily = {"name": DAILY, "time_intervals": [{"times": times, "location": alerts.timezone}]}
    return [
        daily,
        *(
            {
                "name": maintenance_name(position),
                "time_intervals": [_interval(window, maintenance.timezone) for window in maintenance.windows],
            }
            for position, maintenance in enumerate(alerts.maintenance)
        ),
    ]


def daily_times(alerts: Alerts) -> list[tuple[str, str]]:
    """From when to when the daily message may be sent: two spans, where midnight is between."""
    begin = _minutes(alerts.daily_at) % _DAY
    end = begin + DAILY_FOR
    if end <= _DAY:
        return [(_text(begin), _text(end))]
    return [(_text(begin), _text(_DAY)), (_text(0), _text(end - _DAY))]


def can_hold_back_the_daily(maintenance: Maintenance, alerts: Alerts) -> bool:
    """Whether a window may fall into the time of the daily message; clocks that differ may always."""
    return maintenance.timezone != alerts.timezone or any(
        window.start < end and start < window.end
        for window in maintenance.windows
        for start, end in daily_times(alerts)
    )


def _interval(window: Window, location: str) -> dict[str, Any]:
    days = {"weekdays": list(window.weekdays)} if window.weekdays else {}
    return {**days, "times": [{"start_time": window.start, "end_time": window.end}], "location": location}


def _minutes(time: str) -> int:
    hours, minutes = time.split(":")
    return int(hours) * 60 + int(minutes)


def _text(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
