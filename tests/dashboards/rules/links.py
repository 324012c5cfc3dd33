"""Where links lead: to dashboards that exist, with the same time, data source and variables."""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl, urlsplit

from tests.dashboards.dashboard import Dashboard, Json
from tests.dashboards.interpolation import references
from tests.dashboards.rules import Rule

KEPT = frozenset({"datasource", "job"})
"""What every link between dashboards takes along."""
OWN = frozenset({"domain"})
"""What need not be kept: a link to all servers, or to one of them, is for another choice of domains."""

FIELD = re.compile(r"\$\{__data\.fields(?:\.([\w-]+)|\[\"([^\"]+)\"\])(?::\w+)?\}")
PARAMETER = re.compile(r"\$\{(\w+):queryparam\}")
OF_GRAFANA = re.compile(r"__(data|field|value|series)\b")


def links(dashboard: Dashboard) -> Iterator[tuple[Json | None, Json]]:
    """Every link, with its panel: of the dashboard, of panels, of all fields, and of single ones."""
    yield from ((None, link) for link in dashboard.json["links"])
    for panel in dashboard.panels:
        fields = panel.get("fieldConfig", {})
        found = [*panel.get("links", ()), *fields.get("defaults", {}).get("links", ())]
        for override in fields.get("overrides", ()):
            found += [link for each in override["properties"] if each["id"] == "links" for link in each["value"]]
        yield from ((panel, link) for link in found)


def lead_somewhere(dashboard: Dashboard, all_: Mapping[str, Dashboard]) -> Iterator[str]:
    """To a dashboard that exists, to one of the pages, or to an address outside."""
    for _, link in links(dashboard):
        url = link["url"]
        if url.startswith("/d/"):
            if urlsplit(url).path.removeprefix("/d/") not in all_:
                yield f"{link['title']}: there is no dashboard {url}"
        elif not url.startswith(("https://", "${pages", "${__value.raw}")):
            yield f"{link['title']}: {url} is neither a dashboard nor a page"


def keep_what_is_chosen(dashboard: Dashboard, all_: Mapping[str, Dashboard]) -> Iterator[str]:
    """The time, the data source and the job, and every other choice that both dashboards have."""
    own = {each["name"] for each in dashboard.variables}
    for _, link in links(dashboard):
        url = link["url"]
        if not url.startswith("/d/"):
            continue
        if not (link.get("keepTime") or "${__url_time_range}" in url):
            yield f"{link['title']} does not keep the time"
        kept = set(PARAMETER.findall(url)) | {name for name, _ in _given(url)}
        other = all_.get(urlsplit(url).path.removeprefix("/d/"))
        shared = own & {each["name"] for each in other.variables} - OWN if other else set()
        if not link.get("includeVars") and (missing := (KEPT | shared) - kept):
            yield f"{link['title']} does not keep {', '.join(sorted(missing))}"


def give_one_where_one_is_taken(dashboard: Dashboard, all_: Mapping[str, Dashboard]) -> Iterator[str]:
    """All variables, with "all" or several for a value, are not for a dashboard that takes a single one."""
    several = {each["name"] for each in dashboard.variables if each.get("multi") or each.get("includeAll")}
    for _, link in links(dashboard):
        other = all_.get(urlsplit(link["url"]).path.removeprefix("/d/"))
        if other is None or not link.get("includeVars"):
            continue
        single = {each["name"] for each in other.variables if not each.get("multi") and not each.get("includeAll")}
        if wrong := several & single:
            yield f"{link['title']} gives {other.uid} more than one {', '.join(sorted(wrong))}"


def give_what_is_there(dashboard: Dashboard, all_: Mapping[str, Dashboard]) -> Iterator[str]:
    """Only variables that this dashboard has, and that the other has, too."""
    own = {each["name"] for each in dashboard.variables}
    for _, link in links(dashboard):
        url = link["url"]
        if unknown := {name for name in references(url) - own if not name.startswith("__")}:
            yield f"{link['title']}: there is no variable {', '.join(sorted(unknown))}"
        other = all_.get(urlsplit(url).path.removeprefix("/d/"))
        if other is None:
            continue
        given = set(PARAMETER.findall(url)) | {name for name, _ in _given(url)}
        if useless := given - {each["name"] for each in other.variables}:
            yield f"{link['title']}: {other.uid} has no variable {', '.join(sorted(useless))}"


def take_from_columns_that_exist(dashboard: Dashboard, all_: Mapping[str, Dashboard]) -> Iterator[str]:
    """A value of the row comes from a column that the table keeps."""
    for panel, link in links(dashboard):
        taken = {match[0] or match[1] for match in FIELD.findall(link["url"] + link["title"])}
        kept = _kept_columns(panel) if panel is not None else set()
        if kept is not None and (missing := taken - kept):
            yield f"{link['title']}: there is no column {', '.join(sorted(missing))}"


def _given(url: str) -> list[tuple[str, str]]:
    """The variables that get a value, such as `var-domain=…`."""
    parameters = parse_qsl(urlsplit(url).query)
    return [(name.removeprefix("var-"), value) for name, value in parameters if name.startswith("var-")]


def _kept_columns(panel: Json) -> set[str] | None:
    """The columns that a table keeps, None where it keeps all."""
    for transformation in panel.get("transformations", ()):
        if transformation["id"] == "filterFieldsByName":
            return set(transformation["options"]["include"]["names"])
    return None


RULES: Mapping[str, Rule] = {
    "lead somewhere": lead_somewhere,
    "keep what is chosen": keep_what_is_chosen,
    "give one where one is taken": give_one_where_one_is_taken,
    "give what is there": give_what_is_there,
    "take from columns that exist": take_from_columns_that_exist,
}
