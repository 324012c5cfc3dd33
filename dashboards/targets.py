"""Queries of panels as Grafana's targets."""

from collections.abc import Mapping
from dataclasses import dataclass

Json = dict[str, object]

DATASOURCE: Json = {"type": "prometheus", "uid": "${datasource}"}

COUNTER_STEP = "5m"
"""The least step for what is taken over an interval. $__rate_interval becomes at least four of them, which holds for
scrapes every 5 minutes; $__interval as much as one, which holds for rules evaluated every minute or two."""


@dataclass(frozen=True, slots=True)
class Target:
    """One query. `legend` is Grafana's legend format; `table` asks for rows instead of series."""

    expr: str
    legend: str = ""
    ref: str = ""
    instant: bool = False
    table: bool = False

    def json(self, index: int) -> Json:
        """`index`: its place in the panel, which names it (A, B, …) unless it has a name."""
        target: Json = {
            "datasource": DATASOURCE,
            "editorMode": "code",
            "expr": self.expr,
            "format": "table" if self.table else "time_series",
            "instant": self.instant,
            "legendFormat": self.legend,
            "range": not self.instant,
            "refId": self.ref or chr(ord("A") + index),
        }
        if "$__rate_interval" in self.expr or "$__interval" in self.expr:
            target["interval"] = COUNTER_STEP
        return target


Queries = str | Mapping[str, str]
"""One expression, or several by their legend."""


def now(queries: Queries) -> tuple[Target, ...]:
    """Instant queries: the values at the end of the shown time."""
    return tuple(Target(expr, legend, instant=True) for legend, expr in _named(queries))


def over_time(queries: Queries) -> tuple[Target, ...]:
    return tuple(Target(expr, legend) for legend, expr in _named(queries))


def rows(queries: Queries) -> tuple[Target, ...]:
    """Instant queries whose results become rows; several are named by what they are for, as in `Value #Up`."""
    return tuple(Target(expr, ref=name, instant=True, table=True) for name, expr in _named(queries))


def _named(queries: Queries) -> list[tuple[str, str]]:
    return [("", queries)] if isinstance(queries, str) else list(queries.items())
