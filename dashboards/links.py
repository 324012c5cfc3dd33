"""Links between dashboards, which keep the time range and the variables, and to the pages of xmpp-badges."""

from collections.abc import Collection

from dashboards.targets import Json

PREFIX = "xmpp-"

DASHBOARDS = {
    "fleet": "XMPP fleet",
    "server": "XMPP server",
    "check": "XMPP check",
    "federation": "XMPP federation",
    "exporter": "XMPP exporter",
}
"""Titles by name; `xmpp-NAME` is the uid, which never changes."""


ONE_DOMAIN = "server"
"""The dashboard that shows one domain at a time: "all" of another one's domains would mean nothing to it."""
BESIDES_DOMAIN = ("suite", "level", "category", "pages")
"""What it takes of other dashboards' variables, where they have them."""


def menu(name: str, variables: Collection[object]) -> list[Json]:
    """The links at the top of a dashboard, which has these `variables`: to all others."""
    taken = " ".join(each for each in BESIDES_DOMAIN if each in variables)
    return [_menu_entry(other, title, taken) for other, title in DASHBOARDS.items() if other != name]


def _menu_entry(name: str, title: str, taken: str) -> Json:
    """With all variables, but for the dashboard that takes one domain: that gets those `taken`."""
    kept = f"?{_kept(taken)}" if name == ONE_DOMAIN else ""
    return {
        "asDropdown": False,
        "icon": "dashboard",
        "includeVars": not kept,
        "keepTime": True,
        "tags": [],
        "targetBlank": False,
        "title": title.removeprefix("XMPP ").capitalize(),
        "tooltip": f"{title}, with the same time and variables",
        "type": "link",
        "url": f"/d/{PREFIX}{name}{kept}",
    }


def _kept(more: str = "") -> str:
    """The data source, the job and `more` variables as they are, for a link's address."""
    return "&".join(f"${{{variable}:queryparam}}" for variable in ("datasource", "job", *more.split()))


def to(name: str, title: str, keep: str = "", **variables: str) -> Json:
    """A link from a cell or series to a dashboard.

    `keep` names the variables that go with it as they are, besides the data source and the job; `variables` get their
    value from the cell's row (a field's name) or, with a dot, from any expression of Grafana's, such as
    `__field.labels.check`.
    """
    given = "".join(f"&var-{variable}=${{{_value(value)}}}" for variable, value in variables.items())
    return {
        "title": title,
        "url": f"/d/{PREFIX}{name}?{_kept(keep)}{given}&${{__url_time_range}}",
        "targetBlank": False,
    }


def help_page(title: str) -> Json:
    """A link from a row with a check and a software to what the server's operator can do."""
    path = "/".join(("help", "${__data.fields.software}", "${__data.fields.check}"))
    return {"title": title, "url": f"${{pages:raw}}/{path}", "targetBlank": True}


def _value(value: str) -> str:
    return value if "." in value else f"__data.fields.{value}"
