"""The server software that help is written for: how to know it, and how its configuration is changed."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict

from xmpp_exporter.catalogue.yamltext import read_yaml

GENERAL = "general"
"""The folder of what is the same with any software: DNS, TLS, web servers."""

Version = tuple[int, ...]


class Software(BaseModel):
    """An entry of software.yml, whose head explains the keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    caps: tuple[str, ...] = ()
    identities: tuple[str, ...] = ()
    tested: str = ""
    file: str = ""


class File(BaseModel):
    """A file that instructions change, or what is like one: software.yml explains the keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str = ""
    language: str
    apply: str
    reload: str = ""
    restart: str = ""


@cache
def software() -> Mapping[str, Software]:
    """All that is known, by the folder of its help."""
    return {name: Software.model_validate(entry) for name, entry in _data()["software"].items()}


@cache
def changed_files() -> Mapping[str, File]:
    """The files that instructions may change, by path."""
    return {name: File.model_validate(entry) for name, entry in _data()["files"].items()}


def named(name: str) -> str | None:
    """The software that calls itself so (XEP-0092); None for any other."""
    lowered = name.lower()
    return next((known for known in software() if known in lowered), None)


def revealed(caps_nodes: Iterable[str], identities: Iterable[str]) -> str | None:
    """The software that uses one of these nodes of entity capabilities, or else begins one of these identities' names.

    Operators may change the name of an identity; nobody changes the node.
    """
    nodes, names = set(caps_nodes), tuple(identities)
    by_node = (known for known, entry in software().items() if nodes.intersection(entry.caps))
    by_name = (known for known, entry in software().items() if any(each.startswith(entry.identities) for each in names))
    return next(by_node, None) or next(by_name, None)


def parse_version(text: str) -> Version | None:
    """The numbers that a version begins with: `0.12.3`, `23.01-1`, `v4.9.2`; None for `hg:abc` and the like."""
    found = re.match(r"v?(\d+(?:\.\d+)*)", text.strip())
    return tuple(int(number) for number in found[1].split(".")) if found else None


@cache
def _data() -> dict[str, dict[str, dict[str, object]]]:
    data: dict[str, dict[str, dict[str, object]]] = read_yaml(
        files(__package__).joinpath("software.yml").read_text(encoding="utf-8")
    )
    return data
