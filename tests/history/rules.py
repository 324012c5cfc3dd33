"""Recording rules over the history: what Prometheus would have recorded, level by level."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import promql_parser as promql
import yaml

from tests.dashboards.promql import metrics_of

EVERY = 300
"""Seconds between two evaluations over the past, for rules that are evaluated more often."""

FOLDER = Path(__file__).parents[2] / "alerting" / "rules"


@dataclass(frozen=True)
class Rule:
    """One rule; `interval` as its group has it, empty for Prometheus's own."""

    interval: str
    record: str
    """Empty for an alert."""
    alert: str
    expr: str
    labels: Mapping[str, str]


def read_rules(folder: Path = FOLDER) -> tuple[Rule, ...]:
    """All rules of the folder's files, in their order."""
    return tuple(rule for file in sorted(folder.glob("*.yml")) for rule in _rules(file))


def _rules(file: Path) -> Iterator[Rule]:
    for group in yaml.safe_load(file.read_text())["groups"]:
        for rule in group["rules"]:
            yield Rule(
                group.get("interval", ""),
                rule.get("record", ""),
                rule.get("alert", ""),
                str(rule["expr"]),
                rule.get("labels", {}),
            )


def levels(rules: Iterable[Rule]) -> Iterator[Sequence[Rule]]:
    """The recording rules in the order in which they can be evaluated over the past: each after those that it reads.

    What a rule reads of itself is of the evaluation before, and was never recorded.
    """
    waiting = [rule for rule in rules if rule.record]
    while waiting:
        missing = {rule.record for rule in waiting}
        ready = [rule for rule in waiting if not metrics_of(rule.expr) & missing - {rule.record}]
        if not ready:
            raise ValueError(f"rules that read each other: {sorted(missing)}")
        yield ready
        waiting = [rule for rule in waiting if rule not in ready]


def reaching_back(rules: Iterable[Rule]) -> frozenset[str]:
    """The records of which a long past is wanted: those made once an hour, and those that they are made of."""
    by_record = {rule.record: rule for rule in rules if rule.record}
    waiting = [rule.record for rule in by_record.values() if _seconds(rule) >= 3600]
    found: set[str] = set()
    while waiting:
        record = waiting.pop()
        found.add(record)
        waiting += metrics_of(by_record[record].expr) & by_record.keys() - found
    return frozenset(found)


def _seconds(rule: Rule) -> float:
    return promql.parse_duration(rule.interval).total_seconds() if rule.interval else 0.0


def as_file(rules: Iterable[Rule]) -> str:
    """A rule file of the recording rules, with a group for each interval."""
    groups: dict[float, list[dict[str, Any]]] = {}
    for rule in rules:
        entry = {"record": rule.record, "expr": rule.expr} | ({"labels": dict(rule.labels)} if rule.labels else {})
        groups.setdefault(max(_seconds(rule), EVERY), []).append(entry)
    return yaml.safe_dump(
        {
            "groups": [
                {"name": f"every {interval:.0f} s", "interval": f"{interval:.0f}s", "rules": entries}
                for interval, entries in groups.items()
            ]
        }
    )
