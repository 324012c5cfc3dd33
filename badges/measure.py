"""Writes xmpp_badges/data/widths.json: how wide each character is, from the fonts of Debian's fonts-dejavu-core.

`python badges/measure.py`, with fonttools. DejaVu's licence lets anybody use and change the fonts; what is taken are
numbers. Characters that the fonts lack, such as Chinese ones and emoji, are not in it.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from fontTools.ttLib import TTFont

FONTS = {
    "regular": Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"),
    "bold": Path("/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf"),
}
FILE = Path(__file__).parent / "xmpp_badges" / "data" / "widths.json"
LAST = 0x2FFF
"""The last character that is looked at: alphabets, punctuation, arrows and signs come before it."""


def measured(file: Path) -> dict[str, list[int]]:
    """Widths in units of the font, for each run of characters by the first one's code point (hexadecimal)."""
    font = TTFont(file, lazy=True)
    glyphs, metrics = font.getBestCmap(), font["hmtx"]
    widths = {code: metrics[name][0] for code, name in sorted(glyphs.items()) if 0x20 <= code <= LAST}
    return dict(_runs(widths))


def units(file: Path) -> int:
    """Of one em."""
    found: int = TTFont(file, lazy=True)["head"].unitsPerEm
    return found


def _runs(widths: dict[int, int]) -> Iterator[tuple[str, list[int]]]:
    start, run = -1, list[int]()
    for code, width in widths.items():
        if code != start + len(run):
            if run:
                yield f"{start:04x}", run
            start, run = code, []
        run.append(width)
    if run:
        yield f"{start:04x}", run


def table() -> str:
    """The file's text."""
    fonts = {name: {"units": units(file), "runs": measured(file)} for name, file in FONTS.items()}
    return json.dumps({"made_by": "badges/measure.py of DejaVu Sans"} | fonts, separators=(",", ":")) + "\n"


if __name__ == "__main__":
    FILE.write_text(table())
