"""Rows of panels on Grafana's grid of 24 columns: places are computed, so that nothing overlaps."""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dashboards.panels import Panel
from dashboards.targets import Json

COLUMNS = 24


@dataclass(frozen=True, slots=True)
class Row:
    """A heading and its panels, in reading order. What a collapsed row holds is asked only when it is opened."""

    title: str
    panels: tuple[Panel, ...]
    collapsed: bool = False


def placed(rows: Sequence[Row]) -> list[Json]:
    """All panels with their places. Raises ValueError where a line leaves columns free, or two ids are the same."""
    y = 0
    grid: list[Json] = []
    for row in rows:
        inside, height = _lines(row, y + 1)
        heading = _heading(row, y)
        if row.collapsed:
            grid.append(heading | {"panels": inside})
            y += 1
        else:
            grid.extend((heading, *inside))
            y += 1 + height
    titles: dict[object, object] = {}
    for panel in _all(grid):
        if panel["id"] in titles:
            raise ValueError(f"{panel['title']} and {titles[panel['id']]} have the same id: change the title of one")
        titles[panel["id"]] = panel["title"]
    return grid


def panel_id(row: str, title: str) -> int:
    """Stays the same wherever the panel moves within its row, so that links to it hold."""
    return zlib.crc32(f"{row}/{title}".encode()) % 1_000_000 + 1


def _lines(row: Row, y: int) -> tuple[list[Json], int]:
    """The panels from left to right, line after line from `y`, and the height of all lines."""
    panels: list[Json] = []
    x = line = height = 0
    for panel in row.panels:
        if x == COLUMNS:
            x, height, line = 0, height + line, 0
        if x + panel.width > COLUMNS or (x and panel.height != line):
            raise ValueError(f"{row.title}: {panel.title} does not fit into its line")
        line = panel.height
        panels.append(panel.json(panel_id(row.title, panel.title), x, y + height))
        x += panel.width
    if x != COLUMNS:
        raise ValueError(f"{row.title}: the last line has {x} columns")
    return panels, height + line


def _heading(row: Row, y: int) -> Json:
    return {
        "id": panel_id(row.title, ""),
        "type": "row",
        "title": row.title,
        "collapsed": row.collapsed,
        "gridPos": {"h": 1, "w": COLUMNS, "x": 0, "y": y},
        "panels": [],
    }


def _all(grid: list[Json]) -> Iterator[Json]:
    for panel in grid:
        yield panel
        inside = panel.get("panels", [])
        if isinstance(inside, list):
            yield from inside
