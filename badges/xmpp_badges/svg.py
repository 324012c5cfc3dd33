"""Badges as SVG: every text is given the width that it is drawn in, so that nothing is cut whatever font there is."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from jinja2 import Environment, PackageLoader

from xmpp_badges import colours
from xmpp_badges.badge import Badge, percentage
from xmpp_badges.widths import Weight, text_width

_templates = Environment(loader=PackageLoader("xmpp_badges"), autoescape=True, trim_blocks=True, lstrip_blocks=True)

CELL, GAP = 5, 1
"""Of a strip, in pixels."""

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no document may hold (XML 1.0 §2.2)."""


@dataclass(frozen=True, slots=True)
class Style:
    """The shape of a badge; lengths in pixels."""

    height: int
    font_size: float
    padding: float
    radius: int
    baseline: float
    capitals: bool = False
    spacing: float = 0
    """Between letters."""
    weight: Weight = "regular"
    """Of the message."""


STYLES: Mapping[str, Style] = {
    "flat": Style(20, 11, 5.5, 3, 14),
    "flat-square": Style(20, 11, 5.5, 0, 14),
    "for-the-badge": Style(28, 10, 12, 0, 17.5, capitals=True, spacing=1.25, weight="bold"),
}


@dataclass(frozen=True, slots=True)
class _Part:
    """One half of a badge: a text on a ground."""

    text: str
    left: float
    width: float
    text_left: float
    text_width: float
    ground: str
    colour: str
    weight: Weight


@lru_cache(maxsize=4096)  # drawing costs more than all the rest of an answer
def badge_svg(badge: Badge, style: str = "flat") -> str:
    """The badge as a document; valid XML whatever its texts are."""
    shape = STYLES[style]
    badge = replace(badge, label=_valid(badge.label), message=_valid(badge.message), title=_valid(badge.title))
    if badge.days:
        ground = colours.STALE if badge.stale else colours.LABEL
        return _strip(badge, shape, _part(badge.label, shape, "regular", 0, ground))
    label = _part(badge.label, shape, "regular", 0, colours.LABEL)
    message = _part(badge.message, shape, shape.weight, label.width, badge.colour)
    parts = [part for part in (label, message) if part.text]
    return _svg("badge.svg.j2", badge, shape, label.width + message.width, parts=parts)


def _strip(badge: Badge, shape: Style, label: _Part) -> str:
    cells = [
        {
            "left": round(label.width + GAP + place * (CELL + GAP), 2),
            "colour": colours.NOTHING if day.value is None else colours.of_share(day.value),
            "title": f"{day.date}: {'not known' if day.value is None else percentage(day.value)}",
        }
        for place, day in enumerate(badge.days)
    ]
    width = label.width + GAP + len(cells) * (CELL + GAP)
    parts = [label] if label.text else []
    return _svg("strip.svg.j2", badge, shape, width, parts=parts, cells=cells, cell=CELL, stale=badge.stale)


def _svg(template: str, badge: Badge, shape: Style, width: float, **more: object) -> str:
    said = ": ".join(filter(None, (badge.label, badge.message)))
    return _templates.get_template(template).render(
        said=said, title=badge.title or said, style=shape, width=round(width, 2), **more
    )


def _valid(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)


def _part(text: str, shape: Style, weight: Weight, left: float, ground: str) -> _Part:
    shown = text.upper() if shape.capitals else text
    drawn = text_width(shown, shape.font_size, weight) + shape.spacing * len(shown)
    width = drawn + 2 * shape.padding if shown else 0
    return _Part(
        shown,
        round(left, 2),
        round(width, 2),
        round(left + shape.padding, 2),
        round(max(drawn - shape.spacing, 0), 2),
        ground,
        colours.text_on(ground),
        weight,
    )
