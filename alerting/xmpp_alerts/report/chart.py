"""A server's period as a small picture, a PNG: mail programs show no SVG.

Its background is transparent, and its colours are seen well on white and on black.
"""

import io
from collections.abc import Iterable
from datetime import date, timedelta
from functools import cache

from PIL import Image, ImageDraw, ImageFont

from xmpp_alerts.report.availability import State
from xmpp_alerts.report.changes import Fate
from xmpp_alerts.report.findings import Findings
from xmpp_alerts.report.period import Period, Span

WIDTH, HEIGHT = 600, 54
"""Pixels as shown; the picture has SCALE times as many, for fine screens. On a phone it is half as wide."""
SCALE = 2
COLOURS = {State.UP: "#26864a", State.DOWN: "#d83b3b", State.MAINTENANCE: "#3579b8", State.UNKNOWN: "#767676"}
LOST, GAINED = "#d83b3b", "#26864a"
_GREY = "#767676"
_TOP, _BOTTOM = 12, 28
"""Of the bar; above it are the marks of checks, below it the days."""
_HEIGHTS = {State.UP: 1.0, State.DOWN: 1.0, State.MAINTENANCE: 0.5, State.UNKNOWN: 0.125}
"""Share of the bar's: what colours say is seen without them, too."""
_LEAST = 2.0
"""Width of the shortest outage; a minute of a week would be a twentieth of a pixel."""
_TEXT = 20
"""Size of the days' names, which are to be read on a phone, too."""
_LABELS = 8
"""So many days have their names below the bar, at the most."""


def chart(findings: Findings, period: Period) -> bytes:
    """The PNG: up, down, maintenance and no data as a bar, with marks where checks got lost or gained."""
    picture = Image.new("RGBA", (WIDTH * SCALE, HEIGHT * SCALE), (0, 0, 0, 0))
    drawing = _Drawing(picture, period)
    ordered = sorted(findings.segments, key=lambda part: part.state is State.DOWN)  # outages are not painted over
    for part in ordered:
        drawing.bar(part.span, part.state)
    drawing.marks((change.at for change in findings.of(Fate.GAINED)), GAINED, up=True)
    drawing.marks((change.at for change in findings.of(Fate.LOST)), LOST, up=False)
    drawing.days()
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue()


class _Drawing:
    """A canvas in pixels as shown, whose horizontal axis is time."""

    def __init__(self, picture: Image.Image, period: Period) -> None:
        self._draw = ImageDraw.Draw(picture)
        self._period = period

    def bar(self, span: Span, state: State) -> None:
        left, right = self._x(span.start), self._x(span.end)
        if state is State.DOWN:
            right = max(right, left + _LEAST)
            left = min(left, WIDTH - _LEAST)
        margin = (_BOTTOM - _TOP) * (1 - _HEIGHTS[state]) / 2
        box = (left, _TOP + margin, right, _BOTTOM - margin)
        x0, y0, x1, y1 = (round(edge * SCALE) for edge in box)
        if x1 > x0:
            self._draw.rectangle((x0, y0, x1 - 1, y1 - 1), fill=COLOURS[state])

    def marks(self, moments: Iterable[float], colour: str, *, up: bool) -> None:
        """Triangles above the bar that point up or down."""
        tip, base = (1, _TOP - 2) if up else (_TOP - 2, 1)
        for moment in moments:
            x = min(max(self._x(moment), 5.0), WIDTH - 5.0)
            corners = ((x - 5, base), (x + 5, base), (x, tip))
            self._draw.polygon([(a * SCALE, b * SCALE) for a, b in corners], fill=colour)

    def days(self) -> None:
        """A line where each day begins, and its name where there is room."""
        days = self._period.days
        every = -(-days // _LABELS)
        for number in range(0, days, every):
            day = self._period.since + timedelta(days=number)
            x = self._x(Period(days, day, self._period.zone).end)
            self._draw.line((x * SCALE, _BOTTOM * SCALE, x * SCALE, (_BOTTOM + 4) * SCALE), fill=_GREY, width=SCALE)
            self._draw.text(((x + 3) * SCALE, (_BOTTOM + 3) * SCALE), _name(day, days), fill=_GREY, font=_font())

    def _x(self, moment: float) -> float:
        period = self._period
        return (moment - period.start) / (period.end - period.start) * WIDTH


def _name(day: date, days: int) -> str:
    return f"{day:%a} {day.day}" if days <= _LABELS else f"{day.day} {day:%b}"


@cache
def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(_TEXT * SCALE)
