"""What panels make of the answers: the names of series, and the columns of tables."""

import re
from collections.abc import Iterator, Mapping, Sequence

from tests.dashboards.asking import Series
from tests.dashboards.dashboard import Json

LEGEND = re.compile(r"\{\{\s*(\w+)\s*\}\}")


def legend_labels(legend: str) -> set[str]:
    """The labels that a legend format names."""
    return set(LEGEND.findall(legend))


def name(legend: str, series: Series) -> str:
    """The name that a legend format gives a series."""
    return LEGEND.sub(lambda match: series.labels.get(match[1], ""), legend)


def columns(answers: Mapping[str, Sequence[Series]]) -> set[str]:
    """The columns of a table, before any is left out; `answers` by the query's letter."""
    labels = {label for found in answers.values() for series in found for label in series.labels}
    # Grafana adds the letter where several queries find something
    return labels | {"Time", "Value"} | {f"Value #{letter}" for letter, found in answers.items() if found}


def named_columns(panel: Json) -> Iterator[str]:
    """The columns that a table's transformations and overrides name as they come from Prometheus."""
    for transformation in panel.get("transformations", ()):
        options = transformation["options"]
        if transformation["id"] == "filterFieldsByName":
            yield from options["include"]["names"]
        if transformation["id"] == "organize":
            for key in ("indexByName", "renameByName", "excludeByName"):
                yield from options.get(key, {})
        if transformation["id"] == "groupingToMatrix":
            yield from (options["columnField"], options["rowField"], options["valueField"])
    if not any(each["id"] == "groupingToMatrix" for each in panel.get("transformations", ())):
        yield from (each["matcher"]["options"] for each in panel["fieldConfig"]["overrides"] if _by_name(each))


def _by_name(override: Json) -> bool:
    return bool(override["matcher"]["id"] == "byName")
