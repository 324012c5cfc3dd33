"""Where panels stand: side by side on 24 columns, none above another, and no hole."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from tests.dashboards.dashboard import Dashboard, Json
from tests.dashboards.rules import Rule

COLUMNS = 24


def cells(panel: Json) -> set[tuple[int, int]]:
    """The cells that a panel covers, as column and line."""
    place = panel["gridPos"]
    return {(place["x"] + column, place["y"] + line) for column in range(place["w"]) for line in range(place["h"])}


def no_overlaps(dashboard: Dashboard, _: Mapping[str, Dashboard]) -> Iterator[str]:
    """Those of a collapsed row, too: that is where they are once it is opened."""
    for places in _pages(dashboard):
        covered = Counter(cell for panel in places for cell in cells(panel))
        if twice := sorted(cell for cell, count in covered.items() if count > 1):
            names = [panel["title"] for panel in places if cells(panel) & set(twice)]
            yield f"these overlap: {', '.join(names)}"


def no_holes(dashboard: Dashboard, _: Mapping[str, Dashboard]) -> Iterator[str]:
    """Every line from the first to the last has all of its columns."""
    for places in _pages(dashboard):
        covered = {cell for panel in places for cell in cells(panel)}
        lines = {line for _, line in covered}
        for line in range(min(lines), max(lines) + 1):
            columns = {column for column, of_line in covered if of_line == line}
            if columns != set(range(COLUMNS)):
                yield f"line {line} has {len(columns)} of {COLUMNS} columns, to the column {max(columns, default=0)}"
                break


def unique_ids(dashboard: Dashboard, _: Mapping[str, Dashboard]) -> Iterator[str]:
    ids = Counter(panel["id"] for panel in dashboard.places)
    yield from (f"{count} panels with the id {id_}" for id_, count in ids.items() if count > 1)


def panels_in_rows(dashboard: Dashboard, _: Mapping[str, Dashboard]) -> Iterator[str]:
    """A collapsed row holds its panels, an open one is only followed by them."""
    for place in dashboard.json["panels"]:
        if place["type"] == "row" and bool(place["panels"]) != place["collapsed"]:
            yield f"{place['title']}: collapsed and without panels, or open with panels in it"


def _pages(dashboard: Dashboard) -> Iterator[Sequence[Json]]:
    """What is seen together: all with every row closed that is, and each closed row when it is opened."""
    yield dashboard.json["panels"]
    yield from ([row, *row["panels"]] for row in dashboard.json["panels"] if row.get("panels"))


RULES: Mapping[str, Rule] = {
    "no overlaps": no_overlaps,
    "no holes": no_holes,
    "unique ids": unique_ids,
    "panels in rows": panels_in_rows,
}
