"""Dashboards are built the same each time, and a layout that cannot be is refused."""

from dataclasses import replace
from pathlib import Path

import pytest

from dashboards import build
from dashboards.boards import BOARDS
from dashboards.grid import Row, placed
from dashboards.panels import Panel, stat

ONE = stat("One", "The one.", "vector(1)", width=12)


def named(title: str, width: int = 12, height: int = 4) -> Panel:
    return replace(ONE, title=title, width=width, height=height)


def test_panels_fill_line_after_line() -> None:
    heading, *panels = placed([Row("All", (named("a"), named("b"), named("c", 24, 8)))])
    assert heading["gridPos"] == {"h": 1, "w": 24, "x": 0, "y": 0}
    assert [panel["gridPos"] for panel in panels] == [
        {"h": 4, "w": 12, "x": 0, "y": 1},
        {"h": 4, "w": 12, "x": 12, "y": 1},
        {"h": 8, "w": 24, "x": 0, "y": 5},
    ]


def test_a_collapsed_row_takes_one_line_and_holds_its_panels() -> None:
    first, second = placed([Row(title, (named("a", 24),), collapsed=True) for title in ("First", "Second")])
    assert (first["gridPos"], second["gridPos"]) == (
        {"h": 1, "w": 24, "x": 0, "y": 0},
        {"h": 1, "w": 24, "x": 0, "y": 1},
    )
    assert [panel["title"] for panel in first["panels"]] == ["a"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("panels", "message"),
    [
        ((named("a"), named("b", 13)), "b does not fit"),
        ((named("a"), named("b", height=5)), "b does not fit"),
        ((named("a"),), "12 columns"),
        ((named("a"), named("a")), "the same id"),
    ],
)
def test_what_would_overlap_or_leave_a_hole_is_refused(panels: tuple[Panel, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        placed([Row("All", panels)])


def test_the_id_of_a_panel_does_not_depend_on_those_before_it() -> None:
    alone = placed([Row("All", (named("b", 24),))])
    after = placed([Row("Before", (named("a", 24),)), Row("All", (named("c", 24), named("b", 24)))])
    assert alone[-1]["id"] == after[-1]["id"]


def test_check_tells_what_is_stale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(build, "FOLDER", tmp_path)
    assert build.main([]) == 0
    written = {path: path.read_bytes() for path in tmp_path.iterdir()}
    assert {path.stem for path in written} == {board.name for board in BOARDS}
    assert build.main(["--check"]) == 0
    assert build.main([]) == 0
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == written
    (tmp_path / "fleet.json").write_text("{}")
    assert build.main(["--check"]) == 1
    assert "fleet.json is stale" in capsys.readouterr().err


def test_the_committed_dashboards_are_not_stale() -> None:
    assert build.stale() == [], "run `make dashboards`"
