"""Dashboard variables, each one function or constant; a dashboard lists those that it uses."""

from collections.abc import Mapping

from dashboards.targets import DATASOURCE, Json

ALL: Json = {"selected": True, "text": ["All"], "value": ["$__all"]}


def _variable(name: str, label: str, type_: str, query: str, description: str, **more: object) -> Json:
    return {
        "name": name,
        "label": label,
        "description": description,
        "type": type_,
        "query": query,
        "hide": 0,
        "skipUrlSync": False,
        "options": [],
        **more,
    }


def values(name: str, label: str, query: str, description: str, *, many: bool) -> Json:
    """The values of a label. `many`: several can be chosen, and all of them."""
    choice: Json = {"allValue": ".+", "current": ALL} if many else {}
    return _variable(
        name,
        label,
        "query",
        query,
        description,
        datasource=DATASOURCE,
        includeAll=many,
        multi=many,
        refresh=2,
        regex="",
        sort=1,
        **choice,
    )


def choice(name: str, label: str, titles: Mapping[str, str], description: str, first: str) -> Json:
    """One of a fixed list, by id, shown by title."""
    escaped = {id_: title.replace(",", "\\,") for id_, title in titles.items()}
    options = [{"selected": id_ == first, "text": title, "value": id_} for id_, title in titles.items()]
    return _variable(
        name,
        label,
        "custom",
        ",".join(f"{title} : {id_}" for id_, title in escaped.items()),
        description,
        options=options,
        current={"selected": True, "text": titles[first], "value": first},
        includeAll=False,
        multi=False,
    )


def textbox(name: str, label: str, value: str, description: str) -> Json:
    option: Json = {"selected": True, "text": value, "value": value}
    return _variable(name, label, "textbox", value, description, options=[option], current=option)


DATA_SOURCE: Json = _variable(
    "datasource",
    "Data source",
    "datasource",
    "prometheus",
    "The Prometheus that scrapes the exporter",
    current={"selected": False, "text": "default", "value": "default"},
    includeAll=False,
    multi=False,
    refresh=1,
    regex="",
)


def job(metric: str = "xmpp_server_listed") -> Json:
    return values("job", "Job", f"label_values({metric}, job)", "Scrape jobs of Prometheus", many=True)


def domain(*, many: bool) -> Json:
    query = 'label_values(xmpp_server_listed{job=~"$job"}, domain)'
    return values("domain", "Domain" if many else "Server", query, "XMPP domains of the servers", many=many)
