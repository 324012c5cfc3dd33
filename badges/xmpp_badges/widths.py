"""How wide a text is, from the metrics of DejaVu Sans, whose letters are as wide as Verdana's.

What the font lacks is counted as browsers show it with another one: wide characters (UAX #11) as one em, marks that sit
on others as nothing.
"""

import json
import unicodedata
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Literal

Weight = Literal["regular", "bold"]

_USUAL = 0.65
"""In em, of a letter that the font lacks."""


def text_width(text: str, size: float, weight: Weight = "regular") -> float:
    """In the unit of `size`, which is that of one em."""
    widths = _widths(weight)
    return sum(widths.get(ord(character)) or _other(character) for character in text) * size


def _other(character: str) -> float:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0.0
    return 1.0 if unicodedata.east_asian_width(character) in "WF" else _USUAL


@cache
def _widths(weight: Weight) -> Mapping[int, float]:
    """In em, by code point."""
    table = json.loads(files(__package__).joinpath("data/widths.json").read_text())[weight]
    return {
        int(start, 16) + place: width / table["units"]
        for start, run in table["runs"].items()
        for place, width in enumerate(run)
    }
