"""The committed dashboards, read as Grafana reads them: panels, queries, variables, annotations and links."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "dashboards"

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Query:
    """One query of a panel or an annotation, `where` it stands for messages."""

    where: str
    letter: str
    expr: str
    instant: bool
    table: bool = False
    legend: str = ""
    min_step: str = ""
    """The least step, as Grafana's duration, such as `5m`; empty for the data source's own."""
    hidden: bool = False


@dataclass(frozen=True)
class Dashboard:
    """A dashboard and its JSON."""

    json: Json

    @property
    def uid(self) -> str:
        return str(self.json.get("uid", ""))

    @property
    def places(self) -> Sequence[Json]:
        """Panels and rows as they stand on the dashboard, those of collapsed rows after their row."""
        return [inner for panel in self.json["panels"] for inner in (panel, *panel.get("panels", ()))]

    @property
    def panels(self) -> Sequence[Json]:
        return [panel for panel in self.places if panel["type"] != "row"]

    @property
    def variables(self) -> Sequence[Json]:
        return self.json["templating"]["list"]  # type: ignore[no-any-return]

    @property
    def annotations(self) -> Sequence[Json]:
        """Without Grafana's own."""
        return [each for each in self.json["annotations"]["list"] if not each.get("builtIn")]

    def where(self, panel: Json) -> str:
        return f"{self.uid} > {panel.get('title', '?')}"

    def variable(self, name: str) -> Json | None:
        return next((each for each in self.variables if each["name"] == name), None)

    def queries_of(self, panel: Json) -> Iterator[Query]:
        for target in panel.get("targets", ()):
            yield from _of_target(f"{self.where(panel)} > {target['refId']}", target, panel)

    def queries(self) -> Iterator[Query]:
        """Of all panels and annotations."""
        for panel in self.panels:
            yield from self.queries_of(panel)
        for each in self.annotations:
            target = {"refId": "", "expr": each.get("expr", ""), "interval": each.get("step", "")} | each.get(
                "target", {}
            )
            yield from _of_target(f"{self.uid} > annotation {each['name']}", {"range": True} | target, {})


def _of_target(where: str, target: Json, panel: Json) -> Iterator[Query]:
    kinds = [instant for instant, asked in ((True, target.get("instant")), (False, target.get("range"))) if asked]
    for instant in kinds or [False]:
        yield Query(
            where=where,
            letter=target["refId"],
            expr=target["expr"],
            instant=instant,
            table=target.get("format") == "table",
            legend=target.get("legendFormat", ""),
            min_step=target.get("interval") or panel.get("interval") or "",
            hidden=target.get("hide", False),
        )


@cache
def dashboards(folder: Path = FOLDER) -> Mapping[str, Dashboard]:
    """All of the folder, by the name of the file."""
    return {file.name: Dashboard(json.loads(file.read_text())) for file in sorted(folder.glob("*.json"))}


def strings(json_: object) -> Iterator[str]:
    """Every text in a piece of JSON, keys left out."""
    if isinstance(json_, str):
        yield json_
    elif isinstance(json_, Mapping):
        for value in json_.values():
            yield from strings(value)
    elif isinstance(json_, Sequence):
        for value in json_:
            yield from strings(value)
