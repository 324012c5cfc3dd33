"""What is found in a week's history that a real Prometheus has."""

import pytest

from tests.reports.week import JOB, NASTY, PERIOD, moment
from tests.servers import prometheus as program
from xmpp_alerts.config import Maintenance
from xmpp_alerts.report.availability import State, seconds_in
from xmpp_alerts.report.changes import Fate
from xmpp_alerts.report.findings import Counts, Findings, Server
from xmpp_alerts.report.inquiry import Inquiry
from xmpp_alerts.report.period import Span
from xmpp_alerts.report.windows import Calendar
from xmpp_badges.api import ApiSettings, Away
from xmpp_badges.prometheus import Prometheus

SUNDAYS = Maintenance.model_validate(
    {
        "domains": ["busy.test", "resting.test"],
        "timezone": "Europe/Berlin",
        "windows": [{"weekdays": ["sunday"], "start": "02:00", "end": "04:00"}],
    }
)
DAY = 86400.0


async def ask(url: str) -> dict[str, Findings]:
    async with Prometheus(ApiSettings(url=url, timeout=60)) as client:
        inquiry = Inquiry(client, PERIOD, Calendar([SUNDAYS], PERIOD))
        found = await inquiry.findings(await inquiry.servers(), lambda: None)
    assert all(server.job == JOB for server in found)
    return {server.domain: each for server, each in found.items()}


@pytest.fixture(scope="module")
def url(week: program.Prometheus) -> str:
    return week.url


async def test_all_servers_of_the_week_are_found_and_what_there_is_of_each(url: str) -> None:
    found = await ask(url)
    assert set(found) == {"busy.test", "well.test", "down.test", "silent.test", "resting.test", NASTY}
    assert [domain for domain, each in found.items() if not each.eventful] == ["well.test"]
    for each in found.values():
        assert sum(part.span.length for part in each.segments) == 7 * DAY


async def test_availability_leaves_out_maintenance_and_what_is_not_known(url: str) -> None:
    busy = (await ask(url))["busy.test"]
    assert seconds_in(State.MAINTENANCE, busy.segments) == 2 * 3600
    # Prometheus shows the last value for five minutes more, but for the last of which a query sees nothing
    assert 6 * 3600 - 300 <= seconds_in(State.UNKNOWN, busy.segments) <= 6 * 3600 - 240
    down = 125 * 60 + 60
    known = 7 * DAY - 2 * 3600 - seconds_in(State.UNKNOWN, busy.segments)
    assert busy.availability == pytest.approx(1 - down / known, abs=1e-9)


async def test_incidents_have_their_times_and_reasons_and_none_is_too_short(url: str) -> None:
    found = await ask(url)
    assert [(each.span, each.reason) for each in found["busy.test"].incidents] == [
        (Span(moment("14 14:00"), moment("14 16:05")), "timeout"),
        (Span(moment("18 11:00"), moment("18 11:01")), "refused"),
    ]
    assert [(each.span, each.reason) for each in found["down.test"].incidents] == [
        (Span(PERIOD.start, moment("13 03:00")), ""),
        (Span(moment("19 22:00"), PERIOD.end), ""),
    ]
    assert found["well.test"].incidents == []


async def test_no_data_is_not_zero(url: str) -> None:
    found = await ask(url)
    assert found["resting.test"].availability is None
    assert found["silent.test"].availability == 1
    silent = found["silent.test"].silent_since
    assert silent is not None and 0 <= silent - moment("18 12:00") <= 300
    assert {each.now for each in found["silent.test"].suites} == {None}
    assert found["silent.test"].certificate_days is None


async def test_checks_are_lost_and_gained_at_their_moments(url: str) -> None:
    changes = (await ask(url))["busy.test"].changes
    told = {change.check: (change.fate, change.at) for change in changes}
    assert told == {
        "xep0313": (Fate.LOST, moment("15 10:30")),
        "xep9999": (Fate.LOST, moment("17 00:00")),
        "xep0280": (Fate.GAINED, moment("17 09:00")),
        "xep0384": (Fate.CAME_BACK, moment("14 09:00")),
        "xep0363": (Fate.WENT_AGAIN, moment("14 09:00")),
    }


async def test_scores_are_those_of_the_end_and_of_the_beginning(url: str) -> None:
    found = await ask(url)
    scores = {(each.suite, each.level): (each.now, each.before) for each in found["busy.test"].suites}
    assert scores["cs2023", "core"] == (Counts(23, 2, 1), Counts(24, 1, 0))
    assert scores["cs2023", "advanced"] == (None, None)
    silent = {(each.suite, each.level): each.before for each in found["silent.test"].suites}
    assert silent["cs2023", "core"] == Counts(0, 0, 26)


async def test_a_login_that_fails_at_the_end_is_told_of_no_other(url: str) -> None:
    assert [domain for domain, each in (await ask(url)).items() if each.login_fails] == ["down.test"]


async def test_a_certificate_is_due_within_three_weeks_or_when_it_has_expired(url: str) -> None:
    found = await ask(url)
    assert {domain for domain, each in found.items() if each.certificate_due} == {"busy.test", "down.test"}


async def test_a_prometheus_that_is_away_is_told() -> None:
    async with Prometheus(ApiSettings(url="http://127.0.0.1:9")) as client:
        inquiry = Inquiry(client, PERIOD, Calendar([], PERIOD))
        with pytest.raises(Away):
            await inquiry.findings([Server("a.test", JOB)], lambda: None)
