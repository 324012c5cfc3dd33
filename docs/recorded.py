"""The recording rules as alerting/rules/recording.yml has them, each with the comment above it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from xmpp_exporter.families import FAMILIES

FILE = Path(__file__).parents[1] / "alerting" / "rules" / "recording.yml"

_COMMENTED = re.compile(r"^((?: *#.*\n)*) *- record: (\S+)$", re.MULTILINE)
_RECORDED = re.compile(r"\b\w+:xmpp_\w+:\w+")
_RAW = re.compile(r"(?<![\w:])xmpp_\w+")
_KEPT = re.compile(r"\b(by|without) ?\(([^)]*)\)")
_TARGET = ("job", "instance")
"""The labels that Prometheus adds to what it scrapes."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One recorded series: its expression, what it means, and how often it is evaluated (`1m`)."""

    record: str
    expression: str
    meaning: str
    group: str
    interval: str


@cache
def recorded() -> dict[str, Rule]:
    """All rules by the name that they record, in the order of the file."""
    text = FILE.read_text()
    meanings = {record: joined(comment) for comment, record in _COMMENTED.findall(text)}
    return {
        rule["record"]: Rule(
            rule["record"], rule["expr"].strip(), meanings[rule["record"]], group["name"], group["interval"]
        )
        for group in yaml.safe_load(text)["groups"]
        for rule in group["rules"]
    }


def labels(rule: Rule) -> tuple[str, ...]:
    """What a rule leaves: the labels of its first aggregation, or else those of the first series that it reads."""
    kept = _KEPT.search(rule.expression)
    if kept is not None and kept[1] == "by":
        return tuple(kept[2].split(", "))
    dropped = set(kept[2].split(", ")) if kept is not None else set()
    return tuple(label for label in _first_series(rule) if label not in dropped)


def _first_series(rule: Rule) -> Iterator[str]:
    """The labels of the first series in the expression, recorded or raw."""
    if earlier := _RECORDED.search(rule.expression):
        yield from labels(recorded()[earlier[0]])
    elif raw := _RAW.search(rule.expression):
        yield from _TARGET
        yield from next(family.labels for family in FAMILIES if family.name == raw[0])


def joined(comment: str) -> str:
    """The lines of a YAML comment as one."""
    return " ".join(line.strip().removeprefix("#").strip() for line in comment.splitlines())
