"""Dashboards hold nothing but what classic.schema.yml knows: Grafana ignores what it does not know without a word."""

from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from tests.dashboards.dashboard import Dashboard, dashboards
from tests.dashboards.example import Mistake, example, panel, target, variable

SCHEMA = yaml.safe_load((Path(__file__).parent / "classic.schema.yml").read_text())

MISTAKES: dict[str, Mistake] = {
    "an unknown property": lambda board: board.update(titel="Fleet"),
    "an unknown property of a panel": lambda board: panel(board, "Servers").update(describtion="?"),
    "no description": lambda board: panel(board, "Servers").pop("description"),
    "an unknown type of panel": lambda board: panel(board, "Servers up").update(type="graph"),
    "another data source": lambda board: panel(board, "Servers up").update(datasource={"type": "loki", "uid": "x"}),
    "another data source of a query": lambda board: target(board, "Servers up").update(datasource="Prometheus"),
    "a table without pages": lambda board: panel(board, "Servers")["options"]["footer"].pop("enablePagination"),
    "a mapping without a text": lambda board: panel(board, "Up and down")["fieldConfig"]["defaults"]["mappings"][0][
        "options"
    ]["0"].pop("text"),
    "thresholds that begin with a number": lambda board: panel(board, "Servers up")["fieldConfig"]["defaults"][
        "thresholds"
    ]["steps"][0].update(value=1),
    "an override of nothing that is known": lambda board: panel(board, "Servers")["fieldConfig"]["overrides"][0][
        "properties"
    ][0].update(id="link"),
    "an unknown transformation": lambda board: panel(board, "Servers")["transformations"][0].update(id="marge"),
    "a colour that no theme has": lambda board: board["annotations"]["list"][0].update(iconColor="rgba(0,0,0,1)"),
    "a variable without a label": lambda board: variable(board, "job").pop("label"),
    "a wrong duration": lambda board: target(board, "Failed probes").update(interval="5min"),
    "wider than the screen": lambda board: panel(board, "Servers")["gridPos"].update(w=25),
}


def complaints(dashboard: Dashboard) -> list[str]:
    return [
        f"{'/'.join(str(part) for part in error.absolute_path)}: {error.message}"
        for error in Draft202012Validator(SCHEMA).iter_errors(dashboard.json)
    ]


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("dashboard", [*dashboards().values(), example()], ids=lambda dashboard: dashboard.uid)
def test_a_dashboard_fits_the_schema(dashboard: Dashboard) -> None:
    assert complaints(dashboard) == []


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_found(mistake: Mistake) -> None:
    assert complaints(example(mistake))
