"""Variables in queries, filled in as Grafana does for Prometheus."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tests.dashboards import durations
from tests.dashboards.dashboard import Query

REFERENCE = re.compile(r"\$(\w+)|\$\{(\w+)(?:\.[^:}]*)?(?::(\w+))?(?::[^}]*)?\}|\[\[(\w+)(?::(\w+))?\]\]")
"""`$name`, `${name}`, `${name.field}`, `${name:format}` and `[[name]]`."""


class UnknownVariableError(Exception):
    """A text refers to a variable that the dashboard does not have."""


@dataclass(frozen=True)
class Value:
    """What is chosen of a variable."""

    chosen: Sequence[str]
    many: bool = False
    """Whether several values could be chosen: then each is a regular expression's part."""
    raw: bool = False
    """Filled in as it is, such as a custom value for all."""


Values = Mapping[str, Value]

_FORMATS: Mapping[str, Callable[[Sequence[str]], str]] = {
    "regex": lambda chosen: _alternatives([re.sub(r"([$^*{}\[\]+?.()|\\/-])", r"\\\1", each) for each in chosen]),
    "pipe": "|".join,
    "raw": ",".join,
    "csv": ",".join,
    "text": " + ".join,
    "doublequote": lambda chosen: ",".join(f'"{each}"' for each in chosen),
}


def references(text: str) -> set[str]:
    """The variables that a text refers to."""
    names = {match[1] or match[2] or match[4] for match in REFERENCE.finditer(text)}
    return {name for name in names if not name.isdigit()}


def interpolated(text: str, values: Values) -> str:
    """Raises UnknownVariableError."""

    def replaced(match: re.Match[str]) -> str:
        name, format_ = match[1] or match[2] or match[4], match[3] or match[5]
        if name.isdigit():
            return match[0]  # a group of label_replace
        if name not in values:
            raise UnknownVariableError(f"${name} in {text}")
        value = values[name]
        if format_ and not value.raw:
            return _FORMATS[format_](value.chosen)
        return "".join(value.chosen) if value.raw else _in_query(value)

    return REFERENCE.sub(replaced, text)


def query_text(query: Query, values: Values, shown: float) -> tuple[str, float]:
    """The query as it is sent when `shown` seconds are looked at, and its step in seconds."""
    min_step = durations.seconds(query.min_step) if query.min_step else 0.0
    step = durations.step(shown, min_step)
    own = times(shown, step, durations.rate_interval(step, min_step))
    return interpolated(query.expr, {**values, **own}), step


def times(shown: float, step: float, rate_interval: float) -> Values:
    """The variables that Grafana itself has."""
    given = {
        "__interval": durations.text(step),
        "__interval_ms": f"{step * 1000:.0f}",
        "__rate_interval": durations.text(rate_interval),
        "__range": f"{shown:.0f}s",
        "__range_s": f"{shown:.0f}",
        "__range_ms": f"{shown * 1000:.0f}",
    }
    return {name: Value([value], raw=True) for name, value in given.items()}


def _in_query(value: Value) -> str:
    """Inside a quoted string: backslashes doubled, and escaped what means something in a regular expression."""
    if not value.many:
        return value.chosen[0].replace("\\", "\\\\").replace("'", "\\\\'") if value.chosen else ""
    escaped = [re.sub(r"([$^*{}\[\]'+?.()|])", r"\\\\\1", each.replace("\\", "\\\\\\\\")) for each in value.chosen]
    return _alternatives(escaped)


def _alternatives(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"({'|'.join(parts)})"
