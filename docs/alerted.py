"""The alerts as alerting/rules/alerts.yml has them, each with the comment above it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import yaml

from docs.recorded import FILE as RECORDING
from docs.recorded import joined

FILE = RECORDING.with_name("alerts.yml")

_COMMENTED = re.compile(r"^((?: *#.*\n)*) *- alert: \S+$", re.MULTILINE)
_TO_DO = "To do:"


@dataclass(frozen=True, slots=True)
class Alert:
    """One alerting rule; several may have the same name and another severity."""

    name: str
    expression: str
    severity: str
    meaning: str
    to_do: str
    annotations: Mapping[str, str]


@cache
def alerts() -> tuple[Alert, ...]:
    """All alerting rules, in the order of the file. Raises ValueError for one whose comment says not what to do."""
    text = FILE.read_text()
    rules = [rule for group in yaml.safe_load(text)["groups"] for rule in group["rules"] if "alert" in rule]
    return tuple(_alert(rule, joined(comment)) for rule, comment in zip(rules, _COMMENTED.findall(text), strict=True))


def _alert(rule: Mapping[str, str | dict[str, str]], comment: str) -> Alert:
    meaning, marked, to_do = comment.partition(_TO_DO)
    labels, annotations = rule["labels"], rule["annotations"]
    if not marked or not isinstance(labels, dict) or not isinstance(annotations, dict):
        raise ValueError(f"{rule['alert']}: the comment has no `{_TO_DO}`, or labels or annotations are missing")
    to_do = to_do.strip()
    return Alert(
        str(rule["alert"]),
        str(rule["expr"]),
        labels["severity"],
        meaning.strip(),
        to_do[:1].upper() + to_do[1:],
        annotations,
    )
