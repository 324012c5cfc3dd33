"""The period of a report, and the maintenance within it."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from xmpp_alerts.config import Maintenance
from xmpp_alerts.report.period import Period, Span, last_complete, parse_days
from xmpp_alerts.report.windows import Calendar
from xmpp_alerts.report.words import days_of

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = 3600.0


def days(period: Period) -> tuple[str, str]:
    return period.since.isoformat(), period.until.isoformat()


@pytest.mark.parametrize("today", [date(2026, 7, 20), date(2026, 7, 23), date(2026, 7, 26)])
def test_each_day_of_a_week_reports_the_same_week_before(today: date) -> None:
    assert days(last_complete(7, today, BERLIN)) == ("2026-07-13", "2026-07-20")


@pytest.mark.parametrize("length", [1, 7, 30])
def test_periods_follow_one_another_without_gaps(length: int) -> None:
    begin = date(2026, 1, 1).toordinal()
    found = {days(last_complete(length, date.fromordinal(begin + day), BERLIN)) for day in range(120)}
    ordered = sorted(found)
    assert [until for _since, until in ordered[:-1]] == [since for since, _until in ordered[1:]]


def test_days_begin_at_the_readers_midnight_also_when_clocks_change() -> None:
    spring = Period(7, date(2026, 3, 30), BERLIN)
    autumn = Period(7, date(2026, 10, 26), BERLIN)
    assert [each.end - each.start for each in (spring, autumn)] == [167 * HOUR, 169 * HOUR]
    assert spring.local(spring.start).strftime("%H:%M") == spring.local(spring.end).strftime("%H:%M") == "00:00"


@pytest.mark.parametrize("text", ["36h", "93d", "0d", "a week"])
def test_only_whole_days_make_a_period(text: str) -> None:
    with pytest.raises(ValueError, match=r"whole days|duration|longer than nothing"):
        parse_days(text)
    assert (parse_days("7d"), parse_days("1w"), parse_days("24h")) == (7, 7, 1)


@pytest.mark.parametrize(
    ("period", "text"),
    [
        (Period(7, date(2026, 7, 20), BERLIN), "13 to 19 July 2026"),
        (Period(1, date(2026, 7, 20), BERLIN), "19 July 2026"),
        (Period(7, date(2026, 8, 3), BERLIN), "27 July to 2 August 2026"),
        (Period(7, date(2027, 1, 4), BERLIN), "28 December 2026 to 3 January 2027"),
    ],
)
def test_a_period_is_called_by_its_days(period: Period, text: str) -> None:
    assert days_of(period) == text


def maintenance(timezone: str, start: str, end: str, *weekdays: str) -> Maintenance:
    window = {"weekdays": list(weekdays), "start": start, "end": end}
    return Maintenance.model_validate({"domains": ["*.test"], "timezone": timezone, "windows": [window]})


def of(period: Period, *each: Maintenance) -> list[Span]:
    return list(Calendar(each, period).of("a.test"))


def test_maintenance_is_where_its_own_clock_says() -> None:
    week = Period(7, date(2026, 7, 20), BERLIN)
    assert of(week, maintenance("UTC", "02:00", "04:00", "sunday")) == [
        Span(week.end - 20 * HOUR, week.end - 18 * HOUR)  # 04:00 to 06:00 in Berlin
    ]
    assert len(of(week, maintenance("UTC", "02:00", "04:00"))) == 7
    assert not Calendar([maintenance("UTC", "02:00", "04:00")], week).of("a.example")


def test_maintenance_that_began_before_the_period_or_goes_on_after_it_is_cut() -> None:
    week = Period(7, date(2026, 7, 20), BERLIN)
    spans = of(week, maintenance("UTC", "20:00", "24:00", "sunday"))
    assert spans == [Span(week.start, week.start + 2 * HOUR), Span(week.end - 2 * HOUR, week.end)]


@pytest.mark.parametrize(("until", "hours"), [(date(2026, 3, 30), 1), (date(2026, 10, 26), 3), (date(2026, 7, 20), 2)])
def test_maintenance_is_as_long_as_the_clock_makes_it(until: date, hours: int) -> None:
    """Between 2 and 4 there is one hour in spring, and there are three in autumn."""
    week = Period(7, until, BERLIN)
    spans = of(week, maintenance("Europe/Berlin", "02:00", "04:00", "sunday"))
    assert sum(span.length for span in spans) == hours * HOUR
