"""The kinds of panels, each a function from what differs to a Panel. Only panels that every Grafana brings."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from dashboards.targets import DATASOURCE, Json, Queries, Target, now, over_time
from dashboards.texts import Steps, Texts, mapping, thresholds

PLUGIN_VERSION = "10.0.0"
"""The oldest Grafana that these options are written for; newer ones bring them up to date."""

Lines = Mapping[str, Mapping[str, object]]
"""What differs for single series, by the name in their legend: properties of the field configuration."""


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel without its place. `width` of 24 columns; `height` in Grafana's units of about 30 pixels."""

    type: str
    title: str
    description: str
    width: int
    height: int
    targets: tuple[Target, ...]
    defaults: Json
    options: Json
    overrides: tuple[Json, ...] = ()
    transformations: tuple[Json, ...] = ()

    def sized(self, width: int, height: int) -> "Panel":
        return replace(self, width=width, height=height)

    def json(self, id_: int, x: int, y: int) -> Json:
        panel: Json = {
            "id": id_,
            "type": self.type,
            "title": self.title,
            "description": self.description,
            "gridPos": {"h": self.height, "w": self.width, "x": x, "y": y},
            "fieldConfig": {"defaults": self.defaults, "overrides": list(self.overrides)},
            "options": self.options,
            "pluginVersion": PLUGIN_VERSION,
        }
        if self.targets:
            panel["datasource"] = DATASOURCE
            panel["targets"] = [target.json(index) for index, target in enumerate(self.targets)]
        if self.transformations:
            panel["transformations"] = list(self.transformations)
        return panel


def field(
    unit: str,
    none: str,
    texts: Texts | None = None,
    steps: Steps | None = None,
    custom: Json | None = None,
    links: Iterable[Json] = (),
    scale: Mapping[str, float] | None = None,
) -> Json:
    """The field configuration. `none`: what is shown without data; `scale`: min, max, decimals."""
    coloured = bool(texts or steps)
    return {
        "color": {"mode": "thresholds" if coloured else "palette-classic"},
        "custom": custom or {},
        "links": list(links),
        "mappings": mapping(texts or {}),
        "noValue": none,
        "thresholds": thresholds(steps or ((None, "text" if coloured else "green"),)),
        "unit": unit,
        **(scale or {}),
    }


def override(name: str, properties: Mapping[str, object], matcher: str = "byName") -> Json:
    return {
        "matcher": {"id": matcher, "options": name},
        "properties": [{"id": id_, "value": value} for id_, value in properties.items()],
    }


def lines(names: Lines) -> tuple[Json, ...]:
    return tuple(override(name, properties) for name, properties in names.items())


def titled(titles: Mapping[str, str]) -> Lines:
    """Series that the legend names by an id, and people by a title."""
    return {name: {"displayName": title} for name, title in titles.items()}


def coloured(colours: Mapping[str, str]) -> Lines:
    """Series by legend that have a colour of their own."""
    return {name: {"color": {"mode": "fixed", "fixedColor": colour}} for name, colour in colours.items()}


def stat(
    title: str,
    description: str,
    queries: Queries,
    *,
    unit: str = "short",
    none: str = "No data",
    texts: Texts | None = None,
    steps: Steps | None = None,
    width: int = 3,
    height: int = 4,
    name_only: bool = False,
    series: Lines | None = None,
    links: Iterable[Json] = (),
    decimals: int | None = None,
) -> Panel:
    """Big values as they are at the end of the shown time. `name_only` shows the legends instead of the values."""
    several = not isinstance(queries, str)
    scale = {} if decimals is None else {"decimals": decimals}
    return Panel(
        "stat",
        title,
        description,
        width,
        height,
        now(queries),
        field(unit, none, texts, steps, links=links, scale=scale),
        {
            "colorMode": "none" if name_only else "value",
            "graphMode": "none",
            "justifyMode": "auto",
            "orientation": "auto",
            "reduceOptions": _reduce(),
            "showPercentChange": False,
            "textMode": "name" if name_only else "value_and_name" if several else "value",
            "wideLayout": True,
        },
        lines(series or {}),
    )


def bar_gauge(
    title: str,
    description: str,
    queries: Mapping[str, str],
    *,
    unit: str = "short",
    none: str = "No data",
    steps: Steps | None = None,
    width: int = 12,
    height: int = 8,
    series: Lines | None = None,
    links: Iterable[Json] = (),
    **scale: float,
) -> Panel:
    """A bar with its value for each series, as they are at the end of the shown time."""
    return Panel(
        "bargauge",
        title,
        description,
        width,
        height,
        now(queries),
        field(unit, none, None, steps, links=links, scale={"min": 0, **scale}),
        {
            "displayMode": "basic",
            "legend": _legend("list", show=False),
            "maxVizHeight": 40,
            "minVizHeight": 16,
            "minVizWidth": 8,
            "namePlacement": "left",
            "orientation": "horizontal",
            "reduceOptions": _reduce(),
            "showUnfilled": True,
            "sizing": "auto",
            "valueMode": "color",
        },
        lines(series or {}),
    )


def timeseries(
    title: str,
    description: str,
    queries: Mapping[str, str],
    *,
    unit: str = "short",
    none: str = "No data",
    width: int = 12,
    height: int = 9,
    stacked: bool = False,
    series: Lines | None = None,
    links: Iterable[Json] = (),
    **scale: float,
) -> Panel:
    """Lines over the shown time, by legend; where nothing is known there is a gap."""
    custom: Json = {
        "drawStyle": "line",
        "fillOpacity": 30 if stacked else 8,
        "lineInterpolation": "linear",
        "lineWidth": 1,
        "showPoints": "auto",
        "spanNulls": False,
        "stacking": {"group": "A", "mode": "normal" if stacked else "none"},
    }
    return Panel(
        "timeseries",
        title,
        description,
        width,
        height,
        over_time(queries),
        field(unit, none, custom=custom, links=links, scale=scale),
        {"legend": _legend("table", "lastNotNull", "min", "max"), "tooltip": {"mode": "multi", "sort": "desc"}},
        lines(series or {}),
    )


def state_timeline(
    title: str,
    description: str,
    queries: Mapping[str, str],
    texts: Texts,
    *,
    none: str = "No data",
    width: int = 24,
    height: int = 8,
    series: Lines | None = None,
    links: Iterable[Json] = (),
) -> Panel:
    """A band for each series with its states in words; where nothing is known there is a gap."""
    return Panel(
        "state-timeline",
        title,
        description,
        width,
        height,
        over_time(queries),
        field("none", none, texts, custom={"fillOpacity": 70, "lineWidth": 0}, links=links),
        {
            "alignValue": "left",
            "legend": _legend("list"),
            "mergeValues": True,
            "perPage": 30,
            "rowHeight": 0.9,
            "showValue": "auto",
            "tooltip": {"mode": "single", "sort": "none"},
        },
        lines(series or {}),
    )


def text(title: str, description: str, markdown: str, *, width: int, height: int) -> Panel:
    return Panel("text", title, description, width, height, (), {}, {"content": markdown, "mode": "markdown"})


def _legend(mode: str, *calculations: str, show: bool = True) -> Json:
    return {"calcs": list(calculations), "displayMode": mode, "placement": "bottom", "showLegend": show}


def _reduce() -> Json:
    return {"calcs": ["lastNotNull"], "fields": "", "values": False}
