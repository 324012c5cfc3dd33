"""pydantic's complaints as problems in a YAML document, in the words of somebody who edits that file."""

import types
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from xmpp_exporter.serving.yamlproblem import KeyPath, Problem


def problems(error: ValidationError, data: Any, model_type: type[BaseModel]) -> list[Problem]:
    """Every complaint once; values are never quoted, since they may be secrets."""
    found: dict[Problem, None] = {}
    for detail in error.errors(include_url=False, include_input=False):
        path = _path_in(data, detail)
        found[Problem(path, _message(detail, path, model_type))] = None
    return list(found)


def _path_in(data: Any, detail: ErrorDetails) -> KeyPath:
    """pydantic's location without what is not in the file: tags of unions, `[key]`, names of validators."""
    path: list[str | int] = []
    for part in detail["loc"]:
        in_mapping = isinstance(data, dict) and part in data
        in_list = isinstance(data, list) and isinstance(part, int) and part < len(data)
        if in_mapping or in_list:
            data = data[part]
            path.append(part)
    if detail["type"] == "missing":
        path.append(detail["loc"][-1])
    return tuple(path)


def _message(detail: ErrorDetails, path: KeyPath, model_type: type[BaseModel]) -> str:
    match detail["type"]:
        case "missing":
            return "is required"
        case "extra_forbidden":
            return "unknown key" + _suggestion(str(path[-1]), _known_keys(model_type, path[:-1]))
        case "value_error" | "assertion_error":
            return str(detail["ctx"]["error"])
        case "model_type" | "model_attributes_type" | "dict_type":
            return "wants a mapping (key: value)"
        case "list_type" | "tuple_type":
            return "wants a list"
    return detail["msg"].replace("Input should be", "should be").replace("Input should", "should")


def _suggestion(key: str, known: Iterable[str]) -> str:
    spellings = {_plain(name): name for name in sorted(known)}
    if close := get_close_matches(_plain(key), spellings, n=1):
        return f"; did you mean {spellings[close[0]]}?"
    return f"; known here: {', '.join(spellings.values())}" if spellings else ""


def _plain(key: str) -> str:
    return key.lower().replace("-", "_")


def _known_keys(model_type: type[BaseModel], path: KeyPath) -> Iterator[str]:
    """The keys that the models allow at `path`."""
    kinds = [model_type]
    for part in path:
        kinds = [inner for kind in kinds for inner in _inner(kind, part)]
    for kind in kinds:
        for name, field in kind.model_fields.items() if _is_model(kind) else ():
            yield field.alias or name


def _inner(kind: Any, part: str | int) -> Iterator[Any]:
    """The types that the value at `part` of a `kind` may have, optional and annotated ones unwrapped."""
    if _is_model(kind):
        for name, field in kind.model_fields.items():
            if part in (name, field.alias):
                yield from _alternatives(field.annotation)
    elif isinstance(part, int):
        for argument in get_args(kind):
            yield from _alternatives(argument)
    elif len(arguments := get_args(kind)) == 2:
        yield from _alternatives(arguments[1])


def _alternatives(annotation: Any) -> Iterator[Any]:
    if get_origin(annotation) is Annotated:
        yield from _alternatives(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, types.UnionType):
        for argument in get_args(annotation):
            yield from _alternatives(argument)
    else:
        yield annotation


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
