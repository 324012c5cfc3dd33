"""What people read: titles, descriptions, legends, and words for values."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from tests.dashboards.dashboard import Dashboard
from tests.dashboards.rules import Rule

SENTENCE = re.compile(r"[A-Z\d].{20,}[.!]", re.DOTALL)
"""At least one whole sentence."""

COUNT = re.compile(r"\b(?:increase|changes|resets) ?\([^\[]*\[\$__rate_interval\]")
"""How often something happened, unlike a rate."""

STATES = frozenset({"state-timeline"})
"""Panels that show values as nothing but colours, unless they have words for them."""


def descriptions(dashboard: Dashboard, _: Mapping[str, Dashboard]) -> Iterator[str]:
    """Whole sentences, and not the title once more."""
    for panel in dashboard.panels:
        description = panel["description"]
        if not SENTENCE.fullmatch(description):
            yield f"{panel['title']}: {description!r} is no sentence"
        if re.search(r"\bxmpp_\w+|\w+:\w+:\w+|PromQL", description):
            yield f"{panel['title']}: the description speaks of queries"


def titles(dashboard: Dashboard, _: Mapping[str, Dashboard]) -> Iterator[str]:
    """Each once, but for those of panels of different rows."""
    found = Counter(panel["title"] for panel in dashboard.panels)
    yield from (f"{count} panels called {title}" for title, count in found.items() if count > 1)


def legends(dashboard: Dashboard, _: Mapping[str, Dashboard]) -> Iterator[str]:
    """Without one, Grafana shows the labels in braces."""
    for panel in dashboard.panels:
        lone_value = panel["type"] == "stat" and len(panel["targets"]) == 1 and panel["options"]["textMode"] == "value"
        for target in panel.get("targets", ()):
            if target["format"] != "table" and not target.get("legendFormat") and not lone_value:
                yield f"{panel['title']}: query {target['refId']} has no legend"
            if target.get("legendFormat") == "__auto":
                yield f"{panel['title']}: query {target['refId']} leaves its legend to Grafana"


def words_for_states(dashboard: Dashboard, _: Mapping[str, Dashboard]) -> Iterator[str]:
    """Colours alone are not seen by everybody."""
    for panel in dashboard.panels:
        if panel["type"] in STATES and not panel["fieldConfig"]["defaults"].get("mappings"):
            yield f"{panel['title']} shows states as colours only"


def words_for_nothing(dashboard: Dashboard, _: Mapping[str, Dashboard]) -> Iterator[str]:
    """What is shown without data: nothing could as well be an error."""
    for panel in dashboard.panels:
        if "targets" in panel and not panel["fieldConfig"]["defaults"].get("noValue"):
            yield f"{panel['title']} does not say what it means when there is nothing"


def counts_over_time(dashboard: Dashboard, _: Mapping[str, Dashboard]) -> Iterator[str]:
    """$__rate_interval is longer than a step, so that an event counts at several points: bars would look countable."""
    for panel in dashboard.panels:
        counts = any(COUNT.search(target["expr"]) for target in panel.get("targets", ()))
        if counts and panel["fieldConfig"]["defaults"]["custom"]["drawStyle"] == "bars":
            yield f"{panel['title']} counts what happened at several points, and has bars"
        if counts and not re.search(r"within .+ before", panel["description"]):
            yield f"{panel['title']} does not say within what time it counts"


RULES: Mapping[str, Rule] = {
    "counts over time": counts_over_time,
    "descriptions": descriptions,
    "titles": titles,
    "legends": legends,
    "words for states": words_for_states,
    "words for nothing": words_for_nothing,
}
