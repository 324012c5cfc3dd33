"""What can be chosen of a dashboard's variables, asked of Prometheus as Grafana asks."""

import re
from collections.abc import Mapping, Sequence

from tests.dashboards.dashboard import Dashboard, Json
from tests.dashboards.interpolation import Value, Values, interpolated, times
from tests.servers.prometheus import Prometheus

ALL = "$__all"

LABEL_VALUES = re.compile(r"label_values\((?:(.+),\s*)?(\w+)\)", re.DOTALL)
QUERY_RESULT = re.compile(r"query_result\((.+)\)", re.DOTALL)


def query_of(variable: Json) -> str:
    """The text of a query variable, which newer Grafanas keep in an object."""
    query = variable["query"]
    return str(query if isinstance(query, str) else query["query"])


def expression_of(variable: Json) -> str:
    """The PromQL in it; empty where all values of a label are asked for."""
    text = query_of(variable)
    if match := LABEL_VALUES.fullmatch(text):
        return match[1] or ""
    if match := QUERY_RESULT.fullmatch(text):
        return match[1]
    raise ValueError(f"{variable['name']}: neither label_values nor query_result: {text}")


def choose(
    dashboard: Dashboard, prometheus: Prometheus, until: float, shown: float, choices: Mapping[str, Sequence[str]]
) -> Values:
    """Fills in one variable after the other; `choices` by name, ALL for all, otherwise what Grafana starts with."""
    values: dict[str, Value] = dict(times(shown, 60, 60))
    for variable in dashboard.variables:
        options = options_of(variable, prometheus, values, until, shown)
        values[variable["name"]] = _value(variable, options, choices.get(variable["name"]))
    return values


def options_of(variable: Json, prometheus: Prometheus, values: Values, until: float, shown: float) -> Sequence[str]:
    """In the order of the list. Raises ProgramError where Prometheus refuses the query."""
    if variable["type"] == "query":
        found = _asked(interpolated(query_of(variable), values), prometheus, until, shown)
        return _filtered(found, variable.get("regex", ""))
    if variable["type"] == "custom":
        parts = re.split(r"(?<!\\),", query_of(variable))
        return [part.rpartition(" : ")[2].strip() for part in parts]
    return [query_of(variable)]


def _asked(query: str, prometheus: Prometheus, until: float, shown: float) -> Sequence[str]:
    span = {"start": f"{until - shown:.0f}", "end": f"{until:.0f}"}
    if match := LABEL_VALUES.fullmatch(query):
        matching = {"match[]": match[1]} if match[1] else {}
        return sorted(prometheus.get(f"/api/v1/label/{match[2]}/values", **matching, **span))
    match = QUERY_RESULT.fullmatch(query)
    assert match, query
    result = prometheus.get("/api/v1/query", query=match[1], time=f"{until:.0f}")["result"]
    return [_line(each) for each in result]


def _line(sample: Json) -> str:
    """A sample of `query_result` as the text that the variable's regular expression is applied to."""
    labels = dict(sample["metric"])
    name = labels.pop("__name__", "")
    given = ",".join(f'{label}="{value}"' for label, value in labels.items())
    moment, value = sample["value"]
    return f"{name}{{{given}}} {value} {moment * 1000:.0f}"


def _filtered(found: Sequence[str], regex: str) -> Sequence[str]:
    if not regex:
        return found
    pattern = re.compile(regex.strip("/"))
    matches = [match for each in found if (match := pattern.search(each))]
    return list(dict.fromkeys(match[1] if pattern.groups else match.string for match in matches))


def _value(variable: Json, options: Sequence[str], choice: Sequence[str] | None) -> Value:
    all_of_it = variable.get("includeAll", False)
    many = bool(all_of_it or variable.get("multi"))
    chosen = choice or ([ALL] if all_of_it else _first(variable, options))
    if list(chosen) != [ALL]:
        return Value(chosen, many)
    if variable.get("allValue"):
        return Value([variable["allValue"]], raw=True)
    return Value(options, many)


def _first(variable: Json, options: Sequence[str]) -> Sequence[str]:
    """What is chosen when nobody chose: what is saved if it exists, otherwise the first."""
    saved = variable.get("current", {}).get("value")
    return [saved] if saved in options else list(options[:1])
