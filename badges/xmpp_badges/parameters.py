"""What may stand in addresses, and what it means. Everything else is refused with what to write."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from aiohttp import web

from xmpp_badges import colours
from xmpp_badges.config import levels
from xmpp_badges.queries import WINDOWS
from xmpp_badges.svg import STYLES
from xmpp_exporter import labels
from xmpp_exporter.catalogue.suite import suites
from xmpp_exporter.config.values import parse_domain

EARLIEST = datetime(2018, 1, 1, tzinfo=UTC)
"""Before that nobody measured."""
MAX_COMPARED = 6
MAX_DOMAIN = 254
"""Characters: RFC 1035 §2.3.4, with a dot at the end."""
MINUTE = 60

_DAY = re.compile(r"\d{4}-?\d{2}-?\d{2}")


@dataclass(frozen=True, slots=True)
class Look:
    """How somebody wants a badge to look."""

    style: str = "flat"
    label: str | None = None
    """None for the badge's own; empty for none."""
    colour: str | None = None


def refused(text: str) -> web.HTTPBadRequest:
    return web.HTTPBadRequest(text=f"{text}\n")


def look(query: Mapping[str, str]) -> Look:
    """`style`, `label` and `color`. Raises HTTPBadRequest."""
    style = query.get("style", "flat")
    if style not in STYLES:
        raise refused(f"style is one of {', '.join(STYLES)}")
    try:
        colour = colours.parse(query["color"]) if "color" in query else None
    except ValueError as error:
        raise refused(str(error)) from None
    return Look(style, labels.clean(query["label"]) if "label" in query else None, colour)


def suite_level(query: Mapping[str, str], default: tuple[str, str]) -> tuple[str, str]:
    """`suite` and `level`; a suite's highest level without one. Raises HTTPBadRequest."""
    suite = query.get("suite", default[0])
    if suite not in suites():
        raise refused(f"suite is one of {', '.join(suites())}")
    level = query.get("level", default[1] if suite == default[0] else levels(suite)[-1])
    if level not in levels(suite):
        raise refused(f"level is one of {', '.join(levels(suite))}")
    return suite, level


def window(query: Mapping[str, str]) -> str:
    """`window` of availability. Raises HTTPBadRequest."""
    wanted = query.get("window", "30d")
    if wanted not in WINDOWS:
        raise refused(f"window is one of {', '.join(WINDOWS)}")
    return wanted


@lru_cache(maxsize=4096)  # costs as much as all the rest of a badge
def domain(text: str) -> str | None:
    """A domain as Prometheus knows it, however it is written; None if it is none."""
    if len(text) > MAX_DOMAIN:
        return None
    try:
        return parse_domain(text)
    except ValueError:
        return None


def domains(text: str) -> list[str]:
    """Those between commas or blanks, each once. Raises HTTPBadRequest for more than MAX_COMPARED."""
    written = text.replace(",", " ").split()
    found = list(dict.fromkeys(name for each in written[: 2 * MAX_COMPARED] if (name := domain(each))))
    if len(found) > MAX_COMPARED:
        raise refused(f"domains are at most {MAX_COMPARED}")
    return found


def at(query: Mapping[str, str], now: float) -> float | None:
    """`at`: a day in UTC, whose end is meant, or a time; in seconds since the epoch. Raises HTTPBadRequest."""
    text = query.get("at", "").strip()
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        seconds = moment.timestamp()
        if _DAY.fullmatch(text) and seconds <= now:
            seconds = min((moment + timedelta(days=1, seconds=-1)).timestamp(), now)
    except (ValueError, OverflowError):
        raise refused("at is a day or a time, such as 2026-10-01 or 2026-10-01T12:00:00Z") from None
    if not EARLIEST.timestamp() <= seconds <= now:
        raise refused("at is a day since 2018 that has begun")
    return seconds // MINUTE * MINUTE
