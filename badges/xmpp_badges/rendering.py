"""Pages as HTML: the templates, and how they say times, numbers and verdicts."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined

from xmpp_badges.badge import expiry, percentage
from xmpp_badges.history import Day
from xmpp_badges.instructions import software_title
from xmpp_badges.queries import WINDOWS
from xmpp_exporter import __version__
from xmpp_exporter.catalogue import topics
from xmpp_exporter.catalogue.suite import suites
from xmpp_exporter.words import FAILURES, REASONS

VERDICTS: Mapping[str, tuple[str, str]] = {
    "supported": ("works", "good"),
    "unsupported": ("not offered", "bad"),
    "broken": ("broken", "bad"),
    "unknown": ("not known", "none"),
}
"""Words and the class that colours them."""
COMPLIANCE: Mapping[str, tuple[str, str]] = {
    "compliant": ("compliant", "good"),
    "not_compliant": ("not compliant", "bad"),
    "undecided": ("undecided", "none"),
}
_REASONS = {reason.value: text for reasons in REASONS.values() for reason, text in reasons.items()}
_FAILURES = {failure.value: text for failure, text in FAILURES.items()}
_UNITS = ((86_400, "day"), (3600, "hour"), (60, "minute"))
_BANDS = ((1.0, "full"), (0.9, "most"), (0.75, "much"), (0.5, "some"), (0.0, "little"))

CHART_WIDTH, CHART_HEIGHT = 720, 120


def ago(moment: float, now: float) -> str:
    """`3 hours ago`."""
    return f"{lasting(now - moment)} ago" if now - moment >= 60 else "just now"


def lasting(seconds: float) -> str:
    """`3 hours`, rounded down."""
    length, unit = next((each for each in _UNITS if seconds >= each[0]), _UNITS[-1])
    number = max(1, int(seconds // length))
    return f"{number} {unit}{'' if number == 1 else 's'}"


def day(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d")


def minute(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M UTC")


def iso(moment: float) -> str:
    """For `<time datetime>`."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def band(value: float | None) -> str:
    """The class of a share's colour."""
    return "none" if value is None else next(name for least, name in _BANDS if value >= least)


def strip_summary(days: Sequence[Day]) -> str:
    """What a strip shows, in words."""
    known = [day.value for day in days if day.value is not None]
    if not known:
        return f"{len(days)} days, of which nothing is known"
    full = sum(value == 1 for value in known)
    return f"{len(days)} days: {len(known)} known, {full} at 100%, the lowest {percentage(min(known))}"


def chart_lines(days: Sequence[Day]) -> list[str]:
    """The points of lines through the days that are known, for CHART_WIDTH by CHART_HEIGHT; a gap ends a line."""
    step = CHART_WIDTH / max(len(days) - 1, 1)
    lines: list[list[str]] = [[]]
    for place, each in enumerate(days):
        if each.value is None:
            lines.append([])
        else:
            lines[-1].append(f"{place * step:.1f},{CHART_HEIGHT * (1 - each.value):.1f}")
    # a line of one point would not be seen
    return [" ".join(line * 2 if len(line) == 1 else line) for line in lines if line]


@cache
def static(name: str) -> str:
    """A file that never changes while the program runs."""
    return files(__package__).joinpath("static", name).read_text(encoding="utf-8")


def reason(name: str) -> str:
    """What a check's reason means."""
    return _REASONS.get(name, "")


def failure(name: str | None) -> str:
    """What a probe's failure means."""
    return _FAILURES.get(name or "", "")


def render(template: str, **context: object) -> str:
    """The page of a template."""
    return _environment().get_template(template).render(**context)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("xmpp_badges"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    for each in (ago, lasting, day, minute, iso, band, percentage, expiry, strip_summary, chart_lines, reason, failure):
        environment.filters[each.__name__] = each
    environment.filters["software"] = software_title
    environment.globals.update(
        verdicts=VERDICTS,
        compliance=COMPLIANCE,
        windows=WINDOWS,
        topics=topics(),
        suites=suites(),
        version=__version__,
        style=hashlib.blake2b(static("style.css").encode(), digest_size=6).hexdigest(),
        chart_width=CHART_WIDTH,
        chart_height=CHART_HEIGHT,
    )
    return environment
