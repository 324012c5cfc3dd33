"""The dashboard without a mistake, and ways to make one in it."""

from collections.abc import Callable
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.dashboards.dashboard import Dashboard

Mistake = Callable[[Any], object]
"""Changes the JSON of the example."""


@cache
def _example() -> Any:
    return yaml.safe_load((Path(__file__).parent / "example.yml").read_text())


def example(mistake: Mistake = lambda _: None) -> Dashboard:
    """The example, with a mistake."""
    board = deepcopy(_example())
    mistake(board)
    return Dashboard(board)


def panel(board: Any, title: str) -> Any:
    """A panel of the example's JSON."""
    return next(each for each in Dashboard(board).places if each["title"] == title)


def target(board: Any, title: str) -> Any:
    """The first query of a panel."""
    return panel(board, title)["targets"][0]


def variable(board: Any, name: str) -> Any:
    return next(each for each in board["templating"]["list"] if each["name"] == name)
