"""Badges as SVG: valid whatever they say, as wide as their texts, and readable."""

import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmpp_badges import colours
from xmpp_badges.badge import Badge
from xmpp_badges.history import Day
from xmpp_badges.svg import STYLES, badge_svg
from xmpp_badges.widths import text_width

TREE = Path(__file__).parents[2]
SVG = "{http://www.w3.org/2000/svg}"
BADGE = Badge("XMPP compliance", "92% (24/26)", colours.GOOD["green"], "24 of 26 requirements met")
ANY_TEXT = st.text(st.characters(codec=None), max_size=80)


def drawn(badge: Badge, style: str = "flat") -> ElementTree.Element:
    """The document, which must be XML of which nothing is doubtful."""
    root = ElementTree.fromstring(badge_svg(badge, style).encode())
    assert root.tag == f"{SVG}svg"
    return root


@pytest.mark.parametrize("style", STYLES)
@given(label=ANY_TEXT, message=ANY_TEXT, title=ANY_TEXT)
def test_any_text_gives_a_badge_that_says_it(style: str, label: str, message: str, title: str) -> None:
    root = drawn(Badge(label, message, "#1a7f37", title), style)
    texts = [element.text or "" for element in root.iter(f"{SVG}text")]
    assert len(texts) == bool(label) + bool(message)
    assert float(root.attrib["width"]) == pytest.approx(
        sum(float(each.attrib["width"]) for each in rects(root)), abs=0.1
    )


def rects(root: ElementTree.Element) -> list[ElementTree.Element]:
    """The grounds of the texts; the clipping path has one of its own."""
    return [rect for group in root.findall(f"{SVG}g") for rect in group.findall(f"{SVG}rect")]


def test_markup_in_a_label_is_text() -> None:
    nasty = '"><script>alert(1)</script>&amp;'
    root = drawn(Badge(nasty, "ok", "#1a7f37"))
    assert [element.text for element in root.iter(f"{SVG}text")] == [nasty, "ok"]
    assert root.find(f".//{SVG}script") is None


def test_it_says_to_everybody_what_it_shows() -> None:
    root = drawn(BADGE)
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-label"] == "XMPP compliance: 92% (24/26)"
    title = root.find(f"{SVG}title")
    assert title is not None
    assert title.text == "24 of 26 requirements met"


@pytest.mark.parametrize("style", STYLES)
def test_texts_stand_inside_of_their_grounds(style: str) -> None:
    root = drawn(BADGE, style)
    for ground, text in zip(rects(root), root.iter(f"{SVG}text"), strict=True):
        left, width = float(ground.attrib["x"]), float(ground.attrib["width"])
        start, length = float(text.attrib["x"]), float(text.attrib["textLength"])
        assert left + 4 < start
        assert start + length < left + width - 4


def test_letters_have_their_own_widths() -> None:
    assert text_width("W", 11) > 2 * text_width("i", 11)
    assert text_width("WW", 11) == 2 * text_width("W", 11)
    assert text_width("a", 11, "bold") > text_width("a", 11)
    assert text_width("漢", 11) == 11
    assert text_width("e\u0301", 11) == pytest.approx(text_width("e", 11), abs=0.01)


def test_the_widths_are_those_of_the_font() -> None:
    result = subprocess.run(
        [sys.executable, "-c", "import measure, sys; sys.exit(measure.table() != measure.FILE.read_text())"],
        cwd=TREE / "badges",
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, f"{result.stderr}\nneeds fonts-dejavu-core; python badges/measure.py writes it anew"


@pytest.mark.parametrize("colour", [*colours.NAMED.values(), colours.LABEL, colours.UNKNOWN, colours.STALE])
def test_a_text_can_be_read_on_its_ground(colour: str) -> None:
    assert colours.contrast(colours.text_on(colour), colour) >= 4.5


@given(st.from_regex(r"[0-9a-fA-F]{3}([0-9a-fA-F]{3})?", fullmatch=True))
def test_any_colour_can_be_asked_for_and_read(text: str) -> None:
    colour = colours.parse(text)
    assert colours.contrast(colours.text_on(colour), colour) >= 4.5


@pytest.mark.parametrize("text", ["", "ff", "12345", "url(#c)", 'red"/>', "gren"])
def test_what_is_no_colour_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="color is one of"):
        colours.parse(text)


def test_unknown_and_stale_look_like_nothing_else() -> None:
    assert len({*colours.GOOD.values(), colours.UNKNOWN, colours.STALE}) == len(colours.GOOD) + 2


def test_a_strip_has_a_cell_for_each_day() -> None:
    first = date(2026, 10, 1)
    values = [None, 1.0, 0.5]
    days = tuple(Day(first + timedelta(days=number), value) for number, value in enumerate(values))
    root = drawn(Badge("XMPP, 3 days", "75% on average", "#1a7f37", days=days))
    cells = [rect for rect in root.iter(f"{SVG}rect") if rect.find(f"{SVG}title") is not None]
    assert [cell.findtext(f"{SVG}title") for cell in cells] == [
        "2026-10-01: not known",
        "2026-10-02: 100%",
        "2026-10-03: 50%",
    ]
    assert [cell.attrib["fill"] for cell in cells] == [colours.NOTHING, colours.GOOD["green"], colours.GOOD["orange"]]


@pytest.mark.parametrize(("stale", "ground"), [(False, colours.LABEL), (True, colours.STALE)])
def test_a_strip_shows_that_it_is_old(stale: bool, ground: str) -> None:
    days = (Day(date(2026, 10, 1), 1.0),)
    root = drawn(Badge("XMPP, 1 day", "100% on average", "#1a7f37", days=days, stale=stale))
    label = root.find(f"{SVG}rect")
    assert label is not None
    assert label.attrib["fill"] == ground
