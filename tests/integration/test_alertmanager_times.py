"""When a real Alertmanager tells: once a day at the time for it, and not during maintenance.

Alertmanager has no clock of its own to set. So each test takes a time zone in which it is about noon now: the windows
around now and those besides are then all within one day.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.integration.alerting import SOON, Alert, alert, alertmanager, plain_smtp
from tests.integration.command import until
from tests.servers.mailbox import mailbox

OFFSET = 12 - datetime.now(UTC).hour
"""Hours by which it is later where it is noon, from -11 to 12."""
ZONE = f"Etc/GMT{-OFFSET:+d}"  # POSIX: the sign is that of the way back to Greenwich
NOT_NOW = {"mute": "route is within mute time", "daily": "route is not within active time"}


def around_now(shift: float) -> tuple[datetime, datetime]:
    """An hour around the moment that is `shift` hours from now, where it is noon."""
    middle = datetime.now(ZoneInfo(ZONE)) + timedelta(hours=shift)
    return middle - timedelta(minutes=30), middle + timedelta(minutes=30)


def window(shift: float, day: int = 0) -> str:
    begin, end = around_now(shift)
    weekday = f"{begin + timedelta(days=day):%A}".lower()
    return f"{{start: '{begin:%H:%M}', end: '{end:%H:%M}', weekdays: [{weekday}]}}"


def subscribers(*more: str) -> str:
    return "\n".join(["subscribers:", "  - {id: ops, mail: ops@a.test}", *more, ""])


def fresh() -> list[Alert]:
    """One alert of each server, which begins now: together they wait for others."""
    return [alert("XmppCheckLost", domain=domain, check="xep0313") for domain in ("a.test", "b.test", "x.b.test")]


PEOPLE = {
    "ops@a.test": {"a.test", "b.test", "x.b.test"},
    "below@a.test": {"x.b.test"},
    "some@a.test": {"a.test", "b.test"},
}
MAINTAINED = {"b.test": ["b.test"], "'*.b.test'": ["x.b.test"], "'*'": ["a.test", "b.test", "x.b.test"]}


@pytest.mark.parametrize("pattern", MAINTAINED)
async def test_during_maintenance_nobody_hears_of_those_servers_and_all_of_the_others(
    open_folder: Path, pattern: str
) -> None:
    more = (
        "  - {id: below, mail: below@a.test, domains: ['*.b.test']}",
        "  - {id: some, mail: some@a.test, domains: [a.test, b.test]}",
    )
    maintenance = f"maintenance: [{{domains: [{pattern}], timezone: {ZONE}, windows: [{window(2)}, {window(0)}]}}]\n"
    expected = {person: domains - set(MAINTAINED[pattern]) for person, domains in PEOPLE.items()}
    muted = sum(len(domains) for domains in PEOPLE.values()) - sum(len(domains) for domains in expected.values())
    async with mailbox() as box:
        with alertmanager(open_folder, SOON + plain_smtp(box) + subscribers(*more) + maintenance) as running:
            running.post(*fresh())
            await until(lambda: running.log().count(NOT_NOW["mute"]) >= muted, "all that is held back")
            await until(lambda: len(box.mails) >= sum(len(domains) for domains in expected.values()), "all mails")
    assert {person: {mail.subject.split()[1] for mail in box.to(person)} for person in PEOPLE} == {
        person: {f"{domain}:" for domain in domains} for person, domains in expected.items()
    }


@pytest.mark.parametrize(("shift", "day"), [(2, 0), (-2, 0), (0, 1)], ids=["later", "before", "another day"])
async def test_outside_of_maintenance_all_is_told(open_folder: Path, shift: float, day: int) -> None:
    maintenance = f"maintenance: [{{domains: ['*'], timezone: {ZONE}, windows: [{window(shift, day)}]}}]\n"
    async with mailbox() as box:
        with alertmanager(open_folder, SOON + plain_smtp(box) + subscribers() + maintenance) as running:
            running.post(*fresh())
            await until(lambda: len(box.mails) == 3, "all mails")
            assert NOT_NOW["mute"] not in running.log()


DAILY = "  - {id: daily, mail: daily@a.test, delivery: daily}"


async def test_once_a_day_one_mail_tells_of_all_servers(open_folder: Path) -> None:
    at = datetime.now(ZoneInfo(ZONE)) - timedelta(minutes=5)
    text = f"timezone: {ZONE}\ndaily_at: '{at:%H:%M}'\n" + SOON + subscribers(DAILY)
    async with mailbox() as box:
        with alertmanager(open_folder, plain_smtp(box) + text) as running:
            running.post(*fresh())
            await until(lambda: len(box.mails) == 4, "all mails")
    (mail,) = box.to("daily@a.test")
    assert mail.subject == "[critical] a.test: XmppCheckLost and 2 more"
    assert all(f"{domain}: XmppCheckLost" in mail.text for domain in PEOPLE["ops@a.test"])


@pytest.mark.parametrize("minutes", [60, -16], ids=["to come", "over"])
async def test_at_no_other_time_of_the_day(open_folder: Path, minutes: int) -> None:
    at = datetime.now(ZoneInfo(ZONE)) + timedelta(minutes=minutes)
    text = f"timezone: {ZONE}\ndaily_at: '{at:%H:%M}'\n" + SOON + subscribers(DAILY)
    async with mailbox() as box:
        with alertmanager(open_folder, plain_smtp(box) + text) as running:
            running.post(*fresh())
            await until(lambda: NOT_NOW["daily"] in running.log(), "the look at the daily mail")
            await until(lambda: len(box.to("ops@a.test")) == 3, "the mails at once")
    assert box.to("daily@a.test") == []


async def test_the_daily_mail_leaves_out_what_is_being_maintained(open_folder: Path) -> None:
    at = datetime.now(ZoneInfo(ZONE)) - timedelta(minutes=5)
    maintenance = f"maintenance: [{{domains: [b.test], timezone: {ZONE}, windows: [{window(0)}]}}]\n"
    text = f"timezone: {ZONE}\ndaily_at: '{at:%H:%M}'\n" + SOON + "subscribers:\n" + DAILY + "\n" + maintenance
    async with mailbox() as box:
        with alertmanager(open_folder, plain_smtp(box) + text) as running:
            running.post(*fresh())
            await until(lambda: NOT_NOW["mute"] in running.log() and bool(box.mails), "both looks")
    (mail,) = box.mails
    assert "x.b.test: XmppCheckLost" in mail.text and "] b.test: " not in mail.text
