"""What badges say: of what is known, of what is not, of a server that is down, and of what is old."""

import pytest

from xmpp_badges import badge, colours
from xmpp_badges.badge import expiry, percentage
from xmpp_badges.details import CheckState
from xmpp_badges.memory import Known
from xmpp_badges.summary import Counts, Summary
from xmpp_exporter.catalogue import checks

SUITE = ("cs2023", "advanced")


def server(**known: object) -> Summary:
    return Summary("example.org", listed=True, **{"up": True, **known})  # type: ignore[arg-type]


def of_counts(supported: int, unsupported: int, unknown: int = 0) -> badge.Badge:
    return badge.of_suite(server(scores={SUITE: Counts(supported, unsupported, unknown)}), *SUITE)


@pytest.mark.parametrize(
    ("counts", "message", "colour"),
    [
        ((26, 0), "100% (26/26)", "green"),
        ((24, 2), "92% (24/26)", "yellowgreen"),
        ((299, 1), "99% (299/300)", "yellowgreen"),
        ((20, 6), "76% (20/26)", "yellow"),
        ((13, 13), "50% (13/26)", "orange"),
        ((0, 26), "0% (0/26)", "red"),
        ((24, 0, 2), "100% (24/24)", "yellowgreen"),
    ],
)
def test_a_score(counts: tuple[int, ...], message: str, colour: str) -> None:
    shown = of_counts(*counts)
    assert (shown.message, shown.colour) == (message, colours.GOOD[colour])


@pytest.mark.parametrize(
    ("counts", "share"),
    [((4, 0, 0), 1.0), ((3, 1, 0), 0.75), ((4, 0, 4), 0.99), ((4, 0, 5), None), ((0, 0, 0), None), ((0, 2, 1), 0.0)],
)
def test_a_colour_says_no_more_than_is_known(counts: tuple[int, ...], share: float | None) -> None:
    assert Counts(*counts).share == share


def test_little_evidence_is_not_praised() -> None:
    shown = of_counts(1, 0, 22)
    assert shown.colour == colours.UNKNOWN
    assert shown.title.endswith("1 of 1 requirements met, 22 not decided")


def test_nothing_decided_is_unknown_and_down_is_down() -> None:
    assert of_counts(0, 0, 26).message == "unknown"
    assert not of_counts(0, 0, 26).known
    assert badge.of_suite(server(), *SUITE).message == "unknown"
    down = badge.of_suite(server(up=False), *SUITE)
    assert (down.message, down.colour) == ("server down", colours.GOOD["red"])


@pytest.mark.parametrize(
    ("verdict", "message", "colour"),
    [
        ("supported", "supported", colours.GOOD["green"]),
        ("unsupported", "not supported", colours.GOOD["red"]),
        ("broken", "broken", colours.GOOD["red"]),
        ("unknown", "unknown", colours.UNKNOWN),
    ],
)
def test_a_check(verdict: str, message: str, colour: str) -> None:
    shown = badge.of_check(server(), CheckState(checks()["xep0313"], verdict))
    assert (shown.label, shown.message, shown.colour) == ("Message Archive Management", message, colour)


def test_availability_of_a_server_that_is_down_now_is_still_a_number() -> None:
    shown = badge.of_availability(server(up=False, availability={"30d": 0.98766}), "30d")
    assert (shown.label, shown.message) == ("XMPP up, 30 days", "98.76%")
    assert badge.of_availability(server(up=False), "30d").message == "unknown"


@pytest.mark.parametrize(
    ("days", "message"), [(60.9, "expires in 60 days"), (1.2, "expires in 1 day"), (-2.5, "expired 2 days ago")]
)
def test_a_certificate(days: float, message: str) -> None:
    assert badge.of_certificate(server(certificate_days=days)).message == message == expiry(days)


def test_what_is_old_says_so_and_has_another_colour() -> None:
    known = Known(of_counts(26, 0), asked=1_790_000_000.0, stale=True)
    shown = badge.aged(known)
    assert shown.message == "100% (26/26) as of 21 Sep 14:13"
    assert shown.colour == colours.STALE
    assert shown.title.endswith("(as of 2026-09-21 14:13 UTC)")
    assert badge.aged(Known(of_counts(26, 0), asked=1_790_000_000.0)) == of_counts(26, 0)


@pytest.mark.parametrize(
    ("share", "text"),
    [(1, "100%"), (0.99999, "99.99%"), (0.9, "90%"), (0.5, "50%"), (0.0, "0%"), (0.29, "29%"), (0.57, "57%")],
)
def test_only_all_of_it_is_100_percent(share: float, text: str) -> None:
    assert percentage(share) == text
