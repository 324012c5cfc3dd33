"""Compliance suites as data: categories, levels, and which checks decide each requirement. A new one is one file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from xmpp_exporter.catalogue.yamltext import read_yaml


@dataclass(frozen=True, slots=True)
class Rule:
    """What decides a requirement: all, or any, of checks (by id) or of further rules."""

    kind: Literal["all_of", "any_of"]
    parts: "tuple[str | Rule, ...]"

    def checks(self) -> Iterator[str]:
        """The ids of all checks in it."""
        for part in self.parts:
            if isinstance(part, Rule):
                yield from part.checks()
            else:
                yield part


@dataclass(frozen=True, slots=True)
class Requirement:
    """One row of a suite's table. `id` is unique in its category; `providers` are specifications: `XEP-0313`."""

    id: str
    title: str
    providers: tuple[str, ...]
    rule: Rule | None
    """None for what cannot be told from outside; `untestable` says why."""
    untestable: str = ""

    @property
    def checks(self) -> tuple[str, ...]:
        """The checks that decide it, each once."""
        return tuple(dict.fromkeys(self.rule.checks())) if self.rule is not None else ()


@dataclass(frozen=True, slots=True)
class Level:
    """What a category asks for at one level beyond the levels before."""

    id: str
    title: str
    requirements: tuple[Requirement, ...]


@dataclass(frozen=True, slots=True)
class Category:
    """Levels from the lowest to the highest. Each level counts the requirements of those before it, too."""

    id: str
    title: str
    levels: tuple[Level, ...]
    requires: str | None = None
    """A category before this one, whose requirements of the same level count here as well."""


@dataclass(frozen=True, slots=True)
class Suite:
    """`id` is the file's name and the label `suite`."""

    id: str
    title: str
    link: str
    categories: tuple[Category, ...]

    def requirements(self) -> Iterator[tuple[Category, Level, Requirement]]:
        """Each requirement once, where it stands."""
        for category in self.categories:
            for level in category.levels:
                for requirement in level.requirements:
                    yield category, level, requirement


@cache
def suites() -> Mapping[str, Suite]:
    """All suites by id."""
    paths = sorted(files(__package__).joinpath("suites").iterdir(), key=lambda path: path.name)
    read = [parse_suite(read_yaml(path.read_text(encoding="utf-8"))) for path in paths]
    return {suite.id: suite for suite in read}


def parse_suite(data: Mapping[str, Any]) -> Suite:
    """A file of suites/, whose head explains the keys. Raises ValueError for what makes no sense."""
    categories: list[Category] = []
    for entry in data["categories"]:
        if entry.get("requires") not in (None, *(category.id for category in categories)):
            raise ValueError(f"{data['id']}: {entry['id']} requires a category that does not stand before it")
        categories.append(_category(entry, data["levels"]))
    if len({category.id for category in categories}) < len(categories):
        raise ValueError(f"{data['id']}: two categories have the same id")
    return Suite(data["id"], data["title"], data["link"], tuple(categories))


def _category(entry: Mapping[str, Any], titles: Mapping[str, str]) -> Category:
    if unknown := entry.keys() - titles.keys() - {"id", "title", "requires"}:
        raise ValueError(f"{entry['id']}: neither levels nor keys: {', '.join(sorted(unknown))}")
    levels = tuple(
        Level(level, title, tuple(_requirement(each) for each in entry.get(level, ())))
        for level, title in titles.items()
    )
    ids = [requirement.id for level in levels for requirement in level.requirements]
    if len(set(ids)) < len(ids):
        raise ValueError(f"{entry['id']}: two requirements have the same id")
    return Category(entry["id"], entry["title"], levels, entry.get("requires"))


def _requirement(entry: Mapping[str, Any]) -> Requirement:
    about = {"id", "title", "providers"}
    if not about <= entry.keys() or len(entry) != len(about) + 1:
        raise ValueError(f"{entry.get('id')}: needs id, title, providers, and one thing that decides")
    rule = None if "untestable" in entry else _rule({key: entry[key] for key in entry.keys() - about})
    return Requirement(entry["id"], entry["title"], tuple(entry["providers"]), rule, entry.get("untestable", ""))


def _rule(entry: Mapping[str, Any]) -> Rule:
    match dict(entry):
        case {"check": str(check)} if len(entry) == 1:
            return Rule("all_of", (check,))
        case {"all_of": [_, *_] as parts} if len(entry) == 1:
            return Rule("all_of", tuple(_part(part) for part in parts))
        case {"any_of": [_, *_] as parts} if len(entry) == 1:
            return Rule("any_of", tuple(_part(part) for part in parts))
    raise ValueError(f"{dict(entry)!r} is no rule: write check, all_of or any_of")


def _part(part: str | Mapping[str, Any]) -> str | Rule:
    return part if isinstance(part, str) else _rule(part)
