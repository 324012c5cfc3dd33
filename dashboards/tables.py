"""Tables: which columns they have, in which order, and what a cell shows and leads to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from dashboards.panels import Panel, override
from dashboards.panels import field as field_configuration
from dashboards.targets import Json, Queries, rows
from dashboards.texts import Steps, Texts, mapping, thresholds


@dataclass(frozen=True, slots=True)
class Column:
    """A label's values (`domain`) or, as `#`, a query's (`#Up` where there are several queries).

    A cell shows the text of a mapped value, and links see that text, too: columns from which links take values have
    none. `hidden` columns are only for links; the texts of `long` ones are wrapped, and open at a click.
    """

    name: str
    title: str = ""
    unit: str = ""
    texts: Texts = field(default_factory=dict)
    steps: Steps = ()
    links: tuple[Json, ...] = ()
    width: int = 0
    decimals: int | None = None
    hidden: bool = False
    long: bool = False

    def override(self, matcher: tuple[str, str]) -> Json:
        properties: Json = {"displayName": self.title} if self.title else {}
        if self.unit:
            properties["unit"] = self.unit
        if self.decimals is not None:
            properties["decimals"] = self.decimals
        if self.texts:
            properties["mappings"] = mapping(self.texts)
        if self.steps:
            properties["thresholds"] = thresholds(self.steps)
        if self.steps or any(colour for _, colour in self.texts.values()):
            properties["custom.cellOptions"] = {"type": "color-text"}
        if self.long:
            properties["custom.cellOptions"] = {"type": "auto", "wrapText": True}
            properties["custom.inspect"] = True
        if self.links:
            properties["links"] = list(self.links)
        if self.width:
            properties["custom.width"] = self.width
        if self.hidden:
            properties["custom.hidden"] = True
        id_, options = matcher
        return override(options, properties, id_)


def table(
    title: str,
    description: str,
    queries: Queries,
    columns: Sequence[Column],
    *,
    none: str = "No data",
    width: int = 24,
    height: int = 9,
    sort: str = "",
    descending: bool = False,
) -> Panel:
    """Rows of instant queries, several merged where their labels agree. `sort`: the title of a column."""
    refs = [] if isinstance(queries, str) else list(queries)
    names = [name for column in columns for name in _names(column.name, refs)]
    return Panel(
        "table",
        title,
        description,
        width,
        height,
        rows(queries),
        field_configuration(
            "none",
            none,
            steps=((None, "text"),),
            custom={"align": "auto", "cellOptions": {"type": "auto"}, "filterable": True, "inspect": False},
        ),
        _options(sort, descending),
        tuple(column.override(_matcher(column.name, refs)) for column in columns),
        tuple(_arranged(names, merged=len(refs) > 1)),
    )


def matrix(
    title: str,
    description: str,
    query: str,
    row: str,
    column: str,
    *,
    unit: str = "none",
    texts: Texts | None = None,
    steps: Steps | None = None,
    none: str = "No data",
    width: int = 24,
    height: int = 14,
) -> Panel:
    """A table with a row for each value of one label and a column for each of another."""
    heading = f"{row.capitalize()} to {column}"
    custom: Json = {"align": "center", "cellOptions": {"type": "color-text"}, "filterable": False, "inspect": False}
    return Panel(
        "table",
        title,
        description,
        width,
        height,
        rows(query),
        field_configuration(unit, none, texts, steps, custom),
        _options(heading),
        (
            override(
                f"{row}\\{column}",
                {"displayName": heading, "custom.align": "left", "custom.cellOptions": {"type": "auto"}},
            ),
        ),
        (
            {"id": "sortBy", "options": {"fields": {}, "sort": [{"field": column}]}},
            {
                "id": "groupingToMatrix",
                "options": {"columnField": column, "emptyValue": "null", "rowField": row, "valueField": "Value"},
            },
        ),
    )


def _options(sort: str, descending: bool = False) -> Json:
    return {
        "cellHeight": "sm",
        "footer": {"countRows": False, "enablePagination": True, "reducer": ["sum"], "show": False},
        "frameIndex": 0,
        "showHeader": True,
        "sortBy": [{"desc": descending, "displayName": sort}] if sort else [],
    }


def _names(name: str, refs: Sequence[str]) -> tuple[str, ...]:
    """The fields that a column may be. Grafana names values plainly when only one of several queries finds anything."""
    if not name.startswith("#"):
        return (name,)
    named = f"Value #{name[1:]}"
    return ("Value",) if not refs else (named, "Value") if name[1:] == refs[0] else (named,)


def _matcher(name: str, refs: Sequence[str]) -> tuple[str, str]:
    names = _names(name, refs)
    return ("byName", names[0]) if len(names) == 1 else ("byRegexp", f"/^Value( #{name[1:]})?$/")


def _arranged(names: Iterable[str], merged: bool) -> Iterable[Json]:
    if merged:
        yield {"id": "merge", "options": {}}
    order = {name: index for index, name in enumerate(names)}
    yield {"id": "filterFieldsByName", "options": {"include": {"names": list(order)}}}
    yield {"id": "organize", "options": {"excludeByName": {}, "indexByName": order, "renameByName": {}}}
