"""What is found becomes states, changes and words."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmpp_alerts.report import words
from xmpp_alerts.report.availability import STEP, State, seconds_in, segments, share_up
from xmpp_alerts.report.changes import Fate, change_of
from xmpp_alerts.report.findings import Counts
from xmpp_alerts.report.period import Period, Span

DAY = Period(1, date(2026, 7, 14), ZoneInfo("UTC"))
MINUTES = 24 * 60


def at(minute: int) -> float:
    return DAY.start + minute * STEP


@given(
    st.dictionaries(st.integers(-5, MINUTES + 5), st.sampled_from([0.0, 1.0]), max_size=300),
    st.lists(st.tuples(st.integers(0, MINUTES), st.integers(0, MINUTES)), max_size=4),
)
def test_a_minute_is_what_its_point_says_unless_under_maintenance(
    points: dict[int, float], windows: list[tuple[int, int]]
) -> None:
    maintenance = [Span(at(min(pair)), at(max(pair))) for pair in windows]
    parts = segments(((at(minute), value) for minute, value in points.items()), maintenance, DAY)
    assert [part.span.end for part in parts[:-1]] == [part.span.start for part in parts[1:]]
    assert (parts[0].span.start, parts[-1].span.end) == (DAY.start, DAY.end)
    kept = {
        minute: value
        for minute, value in points.items()
        if 0 <= minute < MINUTES and not any(span.start <= at(minute) < span.end for span in maintenance)
    }
    assert seconds_in(State.UP, parts) == STEP * sum(value == 1 for value in kept.values())
    assert seconds_in(State.DOWN, parts) == STEP * sum(value == 0 for value in kept.values())
    assert share_up(parts) == (sum(kept.values()) / len(kept) if kept else None)


@pytest.mark.parametrize(
    ("values", "fate"),
    [
        ([1, 0], Fate.LOST),
        ([0, 1], Fate.GAINED),
        ([1, 0, 1], Fate.CAME_BACK),
        ([0, 1, 0], Fate.WENT_AGAIN),
        ([1, 1, 0, 0, 1, 0], Fate.LOST),
        ([1, 1, 1], None),
        ([1], None),
        ([], None),
    ],
)
def test_the_ends_decide_what_became_of_a_check(values: list[int], fate: Fate | None) -> None:
    change = change_of("xep0313", [(float(index), float(value)) for index, value in enumerate(values)])
    assert (change and change.fate) == fate


@pytest.mark.parametrize(
    ("share", "text"),
    [(1.0, "100 %"), (0.999999, "99.99 %"), (0.0, "0 %"), (0.9868, "98.68 %"), (None, "no data"), (0.29, "29 %")],
)
def test_a_share_is_never_rounded_up_and_no_data_is_no_number(share: float | None, text: str) -> None:
    assert words.percent(share) == text


@pytest.mark.parametrize(
    ("counts", "text"),
    [
        (Counts(24, 2, 0), "92 % (24 of 26)"),
        (Counts(24, 2, 3), "92 % (24 of 26, 3 not decided)"),
        (Counts(0, 0, 26), "nothing decided (26 requirements)"),
        (Counts(0, 0, 0), "nothing decided"),
        (Counts(0, 4, 0), "0 % (0 of 4)"),
        (None, "no data"),
    ],
)
def test_a_score_says_what_it_is_made_of(counts: Counts | None, text: str) -> None:
    assert words.score(counts) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(60, "1 min"), (3600, "1 h"), (7500, "2 h 5 min"), (90000, "1 d 1 h"), (86460, "1 d 1 min"), (20, "1 min")],
)
def test_a_duration_has_its_two_largest_units(seconds: float, text: str) -> None:
    assert words.duration(seconds) == text


def test_labels_of_others_become_one_line() -> None:
    assert words.clean("a\r\nBcc: b\u202e\x1b[1m" + "x" * 1000) == ("a  Bcc: b\ufffd\ufffd[1m" + "x" * 1000)[:255]
