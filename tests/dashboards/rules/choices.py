"""Variables: each is used, and each that is used exists."""

from collections.abc import Iterator, Mapping

from tests.dashboards.dashboard import Dashboard, strings
from tests.dashboards.interpolation import references
from tests.dashboards.rules import Rule


def every_variable_is_used(dashboard: Dashboard, _: Mapping[str, Dashboard]) -> Iterator[str]:
    """In a panel, in an annotation, or in the query of another variable: not only taken along by a link."""
    rest = (dashboard.panels, dashboard.annotations)
    used = {name for text in strings(rest) if not text.startswith("/d/") for name in references(text)}
    for variable in dashboard.variables:
        others = [each for each in dashboard.variables if each is not variable]
        of_variables = {name for text in strings(others) for name in references(text)}
        if variable["name"] not in used | of_variables:
            yield f"${variable['name']} is not used"


def every_variable_that_is_used_exists(dashboard: Dashboard, _: Mapping[str, Dashboard]) -> Iterator[str]:
    known = {each["name"] for each in dashboard.variables}
    for text in strings(dashboard.json):
        for name in sorted(references(text) - known):
            if not name.startswith("__"):
                yield f"there is no variable ${name}: {text[:80]}"


def several_are_matched_as_such(dashboard: Dashboard, _: Mapping[str, Dashboard]) -> Iterator[str]:
    """Where several values can be chosen, they come as a regular expression."""
    many = {each["name"] for each in dashboard.variables if each.get("multi") or each.get("includeAll")}
    for text in [query.expr for query in dashboard.queries()] + [str(each["query"]) for each in dashboard.variables]:
        for name in many:
            for sign in ('="$' + name + '"', '="${' + name + '}"'):
                if sign in text.replace("=~", "~").replace("!=", "="):
                    yield f"${name} may be several, and is compared as one: {text[:80]}"


def annotations_ask_alike(dashboard: Dashboard, _: Mapping[str, Dashboard]) -> Iterator[str]:
    """Older and newer Grafanas look for the query in different places."""
    for annotation in dashboard.annotations:
        if annotation["expr"] != annotation.get("target", annotation)["expr"]:
            yield f"{annotation['name']} has two different queries"


RULES: Mapping[str, Rule] = {
    "annotations ask alike": annotations_ask_alike,
    "every variable is used": every_variable_is_used,
    "every variable that is used exists": every_variable_that_is_used_exists,
    "several are matched as such": several_are_matched_as_such,
}
