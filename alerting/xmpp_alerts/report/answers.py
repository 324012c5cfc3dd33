"""Prometheus's answers about all servers at once, sorted by server."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from xmpp_alerts.report.findings import Counts, Server, SuiteScore
from xmpp_badges.prometheus import Sample
from xmpp_exporter.catalogue.suite import suites

Value = TypeVar("Value")
Levels = Mapping[tuple[str, str], Counts]
"""By suite and level."""


@dataclass(frozen=True, slots=True)
class Common:
    """What is asked once for all servers; each by server."""

    changed: Mapping[Server, list[str]]
    """Checks."""
    before: Mapping[Server, Levels]
    now: Mapping[Server, Levels]
    certificates: Mapping[Server, list[float]]
    """Days to the first expiry."""
    failing_logins: Mapping[Server, list[float]]
    problems: Mapping[Server, list[tuple[str, str]]]
    """Checks and why they are not supported."""
    software: Mapping[Server, list[str]]


def server_of(sample: Sample) -> Server:
    return Server(sample.labels.get("domain", ""), sample.labels.get("job", ""))


def check(sample: Sample) -> str:
    return sample.labels.get("check", "")


def problem(sample: Sample) -> tuple[str, str]:
    return check(sample), sample.labels.get("reason", "")


def by_server(samples: Iterable[Sample], value: Callable[[Sample], Value]) -> dict[Server, list[Value]]:
    found: dict[Server, list[Value]] = defaultdict(list)
    for sample in samples:
        found[server_of(sample)].append(value(sample))
    return found


def scores(samples: Iterable[Sample]) -> dict[Server, Levels]:
    """By server, then by suite and level."""
    numbers: dict[Server, dict[tuple[str, str], dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
    for sample in samples:
        labels = sample.labels
        level = labels.get("suite", ""), labels.get("level", "")
        numbers[server_of(sample)][level][labels.get("outcome", "")] = int(sample.value)
    return {
        server: {
            level: Counts(each.get("supported", 0), each.get("unsupported", 0), each.get("unknown", 0))
            for level, each in levels.items()
        }
        for server, levels in numbers.items()
    }


def suite_scores(now: Levels, before: Levels) -> list[SuiteScore]:
    """All levels of our suites, in the catalogue's order, also those without data; then those of others."""
    ours = [(suite.id, level.id) for suite in suites().values() for level in suite.categories[0].levels]
    all_levels = dict.fromkeys([*ours, *sorted({*now, *before})])
    return [SuiteScore(*level, now.get(level), before.get(level)) for level in all_levels]
