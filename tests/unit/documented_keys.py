"""The keys that a configuration's document lists in its tables, and those that the models really have."""

import re
from collections.abc import Collection, Iterator
from typing import Any, get_args

import yaml
from pydantic import BaseModel

from xmpp_exporter.config import parse_duration


def rows(text: str) -> dict[str, re.Match[str]]:
    """The rows of all tables by their key; the columns are key, type, default and meaning."""
    return {
        row[1]: row for row in re.finditer(r"^\| `([a-z0-9_.]+)` \| (.+?) \| (.+?) \| (.+) \|$", text, re.MULTILINE)
    }


def blocks(text: str) -> list[str]:
    """The examples in YAML."""
    return re.findall(r"^```yaml\n(.+?)^```$", text, re.MULTILINE | re.DOTALL)


def models_of(annotation: Any) -> list[type[BaseModel]]:
    """The section that a field holds, if it holds one: also through `| None`, or several in a list."""
    kinds = [annotation, *get_args(annotation)]
    return [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]


def keys(model: type[BaseModel], prefix: str = "", without: Collection[str] = ()) -> Iterator[str]:
    """Every key as it is documented; those in `without` are taken as a whole."""
    for name, field in model.model_fields.items():
        key = f"{prefix}{field.alias or name}"
        below = models_of(field.annotation)
        if below and key not in without:
            yield from keys(below[0], f"{key}.", without)
            if field.default in (None, ()):  # a section that may be left out is a key of its own
                yield key
        else:
            yield key


def documented_default(cell: str, which: int = 0) -> Any:
    """The value in a default's cell; `which` picks one where there are several."""
    values = re.findall("`([^`]+)`", cell)
    if not values:
        return {"none": None, "required": ...}[cell]
    value = yaml.safe_load(values[min(which, len(values) - 1)])
    return parse_duration(value) if isinstance(value, str) and re.fullmatch(r"\d+\w+", value) else value
