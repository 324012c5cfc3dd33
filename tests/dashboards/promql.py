"""PromQL, parsed: what an expression selects, and which functions it applies to that."""

from collections.abc import Iterator
from dataclasses import dataclass

import promql_parser as promql

_OPERATORS = {"MatchOp.Equal": "=", "MatchOp.NotEqual": "!=", "MatchOp.Re": "=~", "MatchOp.NotRe": "!~"}


@dataclass(frozen=True)
class Matcher:
    label: str
    operator: str
    value: str


@dataclass(frozen=True)
class Selector:
    metric: str
    matchers: tuple[Matcher, ...]


@dataclass(frozen=True)
class Applied:
    """A function applied to the range of a selector; `range` in seconds."""

    function: str
    selector: Selector
    range: float


def nodes(expr: str) -> list[promql.Expr]:
    """Every node of the expression. Raises ValueError where it does not parse."""
    found: list[promql.Expr] = []
    promql.walk(promql.parse(expr), found.append)
    return found


def selector(node: promql.VectorSelector) -> Selector:
    """Raises ValueError for a selector without the name of a metric: nobody can tell what it means."""
    matchers = tuple(Matcher(each.name, _OPERATORS[str(each.op)], each.value) for each in node.matchers.matchers)
    named = [each.value for each in matchers if each.label == "__name__" and each.operator == "="]
    name = node.name or (named[0] if named else "")
    if not name:
        raise ValueError(f"{node} names no metric")
    return Selector(name, tuple(each for each in matchers if each.label != "__name__"))


def selectors(expr: str) -> list[Selector]:
    return [selector(node) for node in nodes(expr) if isinstance(node, promql.VectorSelector)]


def metrics_of(expr: str) -> frozenset[str]:
    return frozenset(each.metric for each in selectors(expr))


def applied(expr: str) -> Iterator[Applied]:
    """The functions over a selector's range."""
    for node in nodes(expr):
        if isinstance(node, promql.Call):
            for argument in node.args:
                if isinstance(argument, promql.MatrixSelector):
                    range_ = argument.range.total_seconds()
                    yield Applied(node.func.name, selector(argument.vector_selector), range_)


def instants(expr: str) -> list[Selector]:
    """The selectors that are read at an instant, not over a range."""
    ranged = [each.selector for each in applied(expr)]
    return [each for each in selectors(expr) if each not in ranged]
