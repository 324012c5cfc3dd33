"""The checks by name: every other part of the project takes ids, titles and topics from here."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from xmpp_exporter.catalogue.yamltext import read_yaml

KINDS = ("feature", "hygiene", "fact")
LEAVES = ("nothing", "removable", "permanent")
NEEDS = ("account", "second_account", "second_session", "no_contacts", "attempt")
"""`account`: a login. `second_account`: one of another account, too. `no_contacts`: an account whose presence and
events reach nobody (implies `account`). `attempt`: runs in any case, after a login was tried if there is an account."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A value that a check measures, which becomes the gauge `metric` (base units) of the domain."""

    metric: str
    help: str


@dataclass(frozen=True, slots=True)
class Check:
    """One entry of checks.yml. `xep` is zero-padded (`0313`), or empty for an RFC."""

    id: str
    xep: str
    title: str
    topic: str
    kind: str
    scored: bool
    description: str
    method: str
    link: str
    needs: frozenset[str]
    leaves: str
    facts: tuple[Fact, ...]


def _check(entry: Mapping[str, Any], topics: Mapping[str, str]) -> Check:
    check = Check(
        id=entry["id"],
        xep=entry.get("xep", ""),
        title=entry["title"],
        topic=entry["topic"],
        kind=entry.get("kind", "feature"),
        scored=entry.get("scored", True),
        description=" ".join(entry["description"].split()),
        method=" ".join(entry["method"].split()),
        link=entry.get("link") or f"https://xmpp.org/extensions/xep-{entry['xep']}.html",
        needs=frozenset(entry.get("needs", ())),
        leaves=entry.get("leaves", "nothing"),
        facts=tuple(Fact(**fact) for fact in entry.get("facts", ())),
    )
    if check.topic not in topics or check.kind not in KINDS or check.leaves not in LEAVES or check.needs - set(NEEDS):
        raise ValueError(f"checks.yml: {check.id}: unknown topic, kind, leaves or needs")
    return check


@cache
def _data() -> dict[str, Any]:
    data: dict[str, Any] = read_yaml(files(__package__).joinpath("checks.yml").read_text(encoding="utf-8"))
    return data


@cache
def topics() -> Mapping[str, str]:
    """Topic id to title, in the order in which people want to read them."""
    return dict(_data()["topics"])


@cache
def checks() -> Mapping[str, Check]:
    """All checks by id, in the order of checks.yml: by topic."""
    return {entry["id"]: _check(entry, topics()) for entry in _data()["checks"]}
