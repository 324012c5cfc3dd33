"""Queries with made-up values for the variables, for all that can be said of them without a Prometheus."""

from tests.dashboards.dashboard import Dashboard, Query
from tests.dashboards.interpolation import Value, Values, interpolated, query_text
from tests.dashboards.variables import expression_of, query_of

DAY = 86400.0


def values(dashboard: Dashboard) -> Values:
    """Two values where several can be chosen."""
    found: dict[str, Value] = {}
    for variable in dashboard.variables:
        if variable["type"] == "query":
            many = bool(variable["multi"])
            found[variable["name"]] = Value(["a.example", "b"] if many else ["a.example"], many)
        else:
            found[variable["name"]] = Value([query_of(variable).partition(",")[0].rpartition(" : ")[2].strip()])
    return found


def text(dashboard: Dashboard, query: Query) -> str:
    """The query as it could be sent."""
    return query_text(query, values(dashboard), DAY)[0]


def variable_expressions(dashboard: Dashboard) -> dict[str, str]:
    """The PromQL of the variables that have some, by the variable's name."""
    found = {each["name"]: expression_of(each) for each in dashboard.variables if each["type"] == "query"}
    return {name: interpolated(expr, values(dashboard)) for name, expr in found.items() if expr}
