"""Results for people and for programs."""

import datetime
import os
import platform
import sys
from collections.abc import Mapping
from dataclasses import asdict
from itertools import groupby

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tests.bench.figures import Figure, Results, Step
from xmpp_exporter import __version__

BAR = 40
"""Columns of the bars that show when steps began and ended."""


def as_json(results: Mapping[str, Results]) -> dict[str, object]:
    """All results by the benchmark's name, and what they were measured with."""
    return {
        "measured_at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "version": __version__,
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "benchmarks": {name: asdict(result) for name, result in results.items()},
    }


def print_results(name: str, results: Results, console: Console) -> None:
    """The figures in a table, and the steps in the order of their ends."""
    parts: list[Text | Table] = [Text(name, "bold")]
    parts += [_figures(subject, list(group)) for subject, group in groupby(results.figures, lambda each: each.subject)]
    parts += [_steps(subject, list(group)) for subject, group in groupby(results.steps, lambda each: each.subject)]
    if console.is_terminal:
        console.print(*parts, "", sep="\n")
        return
    with console.capture() as captured:
        console.print(*parts, "", sep="\n")
    sys.stdout.write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))


def _table() -> Table:
    return Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")


def _figures(subject: str, figures: list[Figure]) -> Table:
    table = _table()
    table.add_column(subject, no_wrap=True)
    for column in ("value", "", "at most"):
        table.add_column(column, justify="left" if not column else "right", no_wrap=True)
    for figure in figures:
        limit = "" if figure.limit is None else f"{figure.limit:g}"
        style = {None: "", True: "green", False: "bold red"}[figure.kept]
        table.add_row(f"  {figure.name}", Text(_number(figure), style), figure.unit, limit)
    return table


def _number(figure: Figure) -> str:
    whole = not figure.unit and figure.value == int(figure.value)
    return f"{figure.value:,.0f}" if whole or figure.value >= 1000 else f"{figure.value:,.1f}"


def _steps(subject: str, steps: list[Step]) -> Table:
    table = _table()
    table.add_column(f"{subject}: steps, in round trips", no_wrap=True)
    for column in ("began", "ended", "asked", "turns"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    end = max(step.ended for step in steps)
    for step in steps:
        table.add_row(
            f"  {step.name}",
            f"{step.began:.1f}",
            f"{step.ended:.1f}",
            str(step.requests),
            str(step.turns),
            _bar(step, BAR / end),
        )
    return table


def _bar(step: Step, scale: float) -> str:
    start, end = round(step.began * scale), round(step.ended * scale)
    return " " * start + "▇" * max(1, end - start)
