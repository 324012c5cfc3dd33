"""What graphs ask for: of all series, those that some query over time selects."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.dashboards.dashboard import dashboards
from tests.dashboards.interpolation import query_text
from tests.dashboards.promql import Matcher, Selector, selectors
from tests.dashboards.variables import choose
from tests.servers.prometheus import Prometheus

_SAMPLE = re.compile(rb"(?m)^([\w:]+)(?:\{(.*)\})? \S+\n")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True)
class Scraped:
    """Samples without comments, and the labels of their target."""

    samples: bytes
    target: Mapping[str, str]


def asked(prometheus: Prometheus, until: float, shown: float, choices: Mapping[str, Sequence[str]]) -> set[Selector]:
    """The selectors of all queries over time, as dashboards are when they are opened."""
    found: set[Selector] = set()
    for dashboard in dashboards().values():
        values = choose(dashboard, prometheus, until, shown, choices)
        for query in dashboard.queries():
            if not query.instant:
                found |= set(selectors(query_text(query, values, shown)[0]))
    return found


def of_scraped(scraped: Scraped, wanted: set[Selector]) -> Scraped:
    """Those samples that some of the selectors selects."""
    by_metric: dict[str, list[Selector]] = {}
    for each in wanted:
        by_metric.setdefault(each.metric, []).append(each)

    def kept() -> Iterator[bytes]:
        for match in _SAMPLE.finditer(scraped.samples):
            if candidates := by_metric.get(match[1].decode()):
                labels = {**scraped.target, **dict(_LABEL.findall((match[2] or b"").decode()))}
                if any(_selects(each, labels) for each in candidates):
                    yield match[0]

    return Scraped(b"".join(kept()), scraped.target)


def of_recorded(prometheus: Prometheus, wanted: set[Selector], moment: float) -> Scraped:
    """What is recorded at that moment, with all of its labels."""
    lines: set[str] = set()
    for each in wanted:
        if ":" in each.metric:
            for found in prometheus.get("/api/v1/query", query=_text(each), time=f"{moment:.0f}")["result"]:
                labels = ",".join(f'{name}="{value}"' for name, value in found["metric"].items() if name != "__name__")
                lines.add(f"{each.metric}{{{labels}}} {found['value'][1]}\n")
    return Scraped("".join(sorted(lines)).encode(), {})


def _selects(selector: Selector, labels: Mapping[str, str]) -> bool:
    return all(_matches(each, labels.get(each.label, "")) for each in selector.matchers)


def _matches(matcher: Matcher, value: str) -> bool:
    equal = re.fullmatch(matcher.value, value) is not None if "~" in matcher.operator else matcher.value == value
    return equal != matcher.operator.startswith("!")


def _text(selector: Selector) -> str:
    matchers = ", ".join(
        f"{each.label}{each.operator}'{each.value}'".replace("\\", "\\\\") for each in selector.matchers
    )
    return f"{selector.metric}{{{matchers}}}"
