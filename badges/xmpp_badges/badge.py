"""What a badge says: a few words about one thing, made of what is known."""

import math
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from xmpp_badges import colours
from xmpp_badges.details import CheckState
from xmpp_badges.history import Day
from xmpp_badges.memory import Known
from xmpp_badges.queries import WINDOWS
from xmpp_badges.summary import Counts, Summary
from xmpp_exporter.catalogue.suite import suites


@dataclass(frozen=True, slots=True)
class Badge:
    """`title` says it in full; `known` is False for a badge that says only why there is nothing to say."""

    label: str
    message: str
    colour: str
    title: str = ""
    known: bool = True
    stale: bool = False
    days: tuple[Day, ...] = ()
    """For a strip."""


UNKNOWN_SERVER = Badge("XMPP", "unknown server", colours.UNKNOWN, "Nobody watches this server here", known=False)
UNAVAILABLE = Badge("XMPP", "not available", colours.UNKNOWN, "The measurements cannot be had just now", known=False)


def of_suite(summary: Summary, suite: str, level: str) -> Badge:
    """The score: `92% (24/26)`."""
    label = "XMPP compliance"
    return _of_counts(label, suites()[suite].title, summary.scores.get((suite, level)), summary)


def of_category(summary: Summary, counts: Counts | None, suite: str, category: str) -> Badge:
    """The same for one category of a suite."""
    title = next(each.title for each in suites()[suite].categories if each.id == category)
    return _of_counts(f"XMPP {title}", f"{suites()[suite].title}, {title}", counts, summary)


def _of_counts(label: str, what: str, counts: Counts | None, summary: Summary) -> Badge:
    if counts is None or counts.percent is None:
        return _missing(label, what, summary)
    message = f"{counts.percent}% ({counts.supported}/{counts.counted})"
    colour = colours.UNKNOWN if counts.share is None else colours.of_share(counts.share)
    open_ = f", {counts.unknown} not decided" if counts.unknown else ""
    return Badge(label, message, colour, f"{what}: {counts.supported} of {counts.counted} requirements met{open_}")


def of_check(summary: Summary, state: CheckState) -> Badge:
    label, colour = state.check.title, {"supported": "green", "unsupported": "red", "broken": "red"}.get(state.verdict)
    if colour is None:
        return _missing(label, label, summary)
    message = {"unsupported": "not supported"}.get(state.verdict, state.verdict)
    return Badge(label, message, colours.GOOD[colour], f"{label}: {message}")


def of_availability(summary: Summary, window: str) -> Badge:
    label, share = f"XMPP up, {WINDOWS[window]}", summary.availability.get(window)
    if share is None:
        return _missing(label, label, replace(summary, up=None))
    text = percentage(share)
    return Badge(label, text, colours.of_availability(share), f"Available {text} of the last {WINDOWS[window]}")


def of_certificate(summary: Summary) -> Badge:
    label, days = "certificate", summary.certificate_days
    if days is None:
        return _missing(label, "The certificate", summary)
    message = expiry(days)
    return Badge(label, message, colours.of_days(days), f"The first certificate {message}")


def of_days(summary: Summary, days: tuple[Day, ...]) -> Badge:
    """A strip with a cell for each day."""
    known = [day.value for day in days if day.value is not None]
    label = f"XMPP, {len(days)} days"
    if not known:
        return replace(_missing(label, label, replace(summary, up=None)), days=days)
    mean = sum(known) / len(known)
    title = f"Compliance over {len(days)} days: {percentage(mean)} on average, known on {len(known)}"
    return Badge(label, f"{percentage(mean)} on average", colours.of_share(mean), title, days=days)


def _missing(label: str, what: str, summary: Summary) -> Badge:
    """Down is not the same as failing."""
    if summary.up is False:
        return Badge(label, "server down", colours.GOOD["red"], f"{what}: the server is down")
    return Badge(label, "unknown", colours.UNKNOWN, f"{what}: not known", known=False)


def aged(badge: Known[Badge]) -> Badge:
    """With the time at which it was known, if it could not be had anew."""
    if not badge.stale or not badge.value.known:
        return replace(badge.value, stale=badge.stale)
    asked = datetime.fromtimestamp(badge.asked, UTC)
    message = f"{badge.value.message} as of {asked:%d %b %H:%M}"
    title = f"{badge.value.title} (as of {asked:%Y-%m-%d %H:%M} UTC)"
    return replace(badge.value, message=message, colour=colours.STALE, title=title, stale=True)


def percentage(share: float) -> str:
    """Rounded down to what the number of nines needs: only all of it is 100%."""
    return f"{math.floor(round(share * 10_000, 6)) / 100:.4g}%" if share < 1 else "100%"


def expiry(days: float) -> str:
    number = math.floor(abs(days))
    unit = "day" if number == 1 else "days"
    return f"expires in {number} {unit}" if days >= 0 else f"expired {number} {unit} ago"
