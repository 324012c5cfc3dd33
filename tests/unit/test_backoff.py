"""After a refused login: one attempt is enough for a while."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmpp_exporter.backoff import FIRST_WAIT, LONGEST_WAIT, LoginBackoff
from xmpp_exporter.model import Failure

JID = "probe@example.test"
NOW = 1_700_000_000.0


def refused(times: int, version: str = "1") -> tuple[LoginBackoff, float]:
    """So many refusals, each at the first moment that another attempt was allowed; and when the last one was."""
    backoff, now = LoginBackoff(), NOW
    for number in range(times):
        backoff.refused(JID, Failure.BAD_PASSWORD, "no", version, now)
        if number < times - 1:
            waiting = backoff.waiting(JID, version, now)
            assert waiting is not None
            now = waiting.until
            assert backoff.waiting(JID, version, now) is None
    return backoff, now


def wait_after(times: int) -> float:
    backoff, now = refused(times)
    waiting = backoff.waiting(JID, "1", now)
    assert waiting is not None
    return waiting.until - now


def test_the_wait_doubles_from_15_minutes_to_6_hours() -> None:
    minutes = [wait_after(times) / 60 for times in range(1, 8)]
    assert minutes == [15, 30, 60, 120, 240, 360, 360]


def test_the_wait_stays_at_6_hours_for_years() -> None:
    backoff, now = LoginBackoff(), NOW
    for _ in range(5000):
        backoff.refused(JID, Failure.BAD_PASSWORD, "no", "1", now)
        now += LONGEST_WAIT
    waiting = backoff.waiting(JID, "1", now - 1)
    assert waiting is not None and waiting.times == 5000


def test_a_changed_password_file_is_tried_at_once_and_counts_anew() -> None:
    backoff, now = refused(4)
    assert backoff.waiting(JID, "1", now) is not None
    assert backoff.waiting(JID, "2", now) is None
    backoff.refused(JID, Failure.BAD_PASSWORD, "no", "2", now)
    waiting = backoff.waiting(JID, "2", now)
    assert waiting is not None and waiting.until == now + FIRST_WAIT


def test_a_reload_a_success_and_other_accounts_do_not_wait() -> None:
    backoff, now = refused(1)
    assert backoff.waiting("other@example.test", "1", now) is None
    backoff.accepted(JID)
    assert backoff.waiting(JID, "1", now) is None
    backoff, now = refused(1)
    backoff.forget()
    assert backoff.waiting(JID, "1", now) is None


def test_a_clock_that_is_set_back_does_not_make_the_wait_longer_than_the_longest() -> None:
    backoff, now = refused(1)
    assert backoff.waiting(JID, "1", now - 60) is not None
    assert backoff.waiting(JID, "1", now - 10 * LONGEST_WAIT) is None


@given(times=st.integers(1, 9), failure=st.sampled_from([Failure.BAD_PASSWORD, Failure.ACCOUNT_DISABLED]))
def test_what_is_waited_for_survives_a_restart(times: int, failure: Failure) -> None:
    before = LoginBackoff()
    for _ in range(times):
        before.refused(JID, failure, "no", "1", NOW)
    after = LoginBackoff()
    after.load(before.dump())
    assert after.waiting(JID, "1", NOW) == before.waiting(JID, "1", NOW)
    assert after.dump() == before.dump()


@pytest.mark.parametrize(
    "data",
    [
        {JID: {}},
        {JID: []},
        {JID: "text"},
        {JID: {"failure": "nonsense", "detail": "", "times": 1, "until": 0.0, "password_version": ""}},
        {JID: {"failure": "bad_password", "detail": "", "times": "x", "until": 0.0, "password_version": ""}},
        {JID: {"failure": "bad_password", "detail": "", "times": 1, "until": None, "password_version": ""}},
        {JID: {"failure": "bad_password", "detail": "", "times": 1, "until": 0.0}},
        {JID: {"failure": "bad_password", "detail": "", "times": 1, "until": 0.0, "password_version": "", "more": 1}},
    ],
)
def test_something_else_than_a_dump_is_refused_whole(data: dict[str, Any]) -> None:
    backoff, now = refused(1)
    with pytest.raises((TypeError, ValueError, KeyError)):
        backoff.load(data)
    assert backoff.waiting(JID, "1", now) is not None
