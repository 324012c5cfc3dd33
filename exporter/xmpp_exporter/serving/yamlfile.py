"""YAML files as typed objects, whose errors name the file, the line and the key.

`load` reads a file into plain data and remembers where everything stands; `validate` turns that into a pydantic model.
All that is wrong is told at once, one `file:line: path.to.key: message` each.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from xmpp_exporter.serving import yamlmodel, yamlnodes
from xmpp_exporter.serving.yamlproblem import KeyPath, Problem, key_text

__all__ = ["MAX_BYTES", "Document", "KeyPath", "YamlError", "load", "validate"]

MAX_BYTES = 10_000_000

ModelT = TypeVar("ModelT", bound=BaseModel)


class YamlError(Exception):
    """A YAML file that cannot be used; `errors` has one line for each thing that is wrong."""

    def __init__(self, errors: Sequence[str]) -> None:
        super().__init__("\n".join(errors))
        self.errors = list(errors)


@dataclass(frozen=True)
class Document:
    """A YAML file in memory.

    `data` is made of dict (its keys are text), list, str, int, float, bool and None; an empty file is None.
    """

    file: Path
    data: Any
    lines: Mapping[KeyPath, int]

    def line(self, path: KeyPath) -> int:
        """The line, from 1, of the key or list item at `path`; of its nearest ancestor where the file lacks it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def error(self, path: KeyPath, message: str) -> str:
        """`file:line: path.to.key: message`, also for what a caller finds wrong by itself."""
        return _error(self.file, Problem(path, message, self.line(path)))


def load(path: Path) -> Document:
    """Read one YAML document of at most 10 MB.

    Raises YamlError: unreadable, too large, not UTF-8, broken syntax, a second document, duplicate keys, keys that are
    no text, tags that make objects, aliases that expand without end.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise YamlError([f"{path}: cannot be read: {error.strerror or error}"]) from error
    if len(content) > MAX_BYTES:
        raise YamlError([f"{path}: is larger than {MAX_BYTES // 1_000_000} MB"])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise YamlError([f"{path}:{line}: is not UTF-8 (byte 0x{content[error.start]:02x})"]) from error
    try:
        data, lines = yamlnodes.read(text)
    except yamlnodes.NodesError as error:
        raise YamlError(_sorted_errors(path, error.problems)) from error
    return Document(path, data, lines)


def validate(document: Document, model_type: type[ModelT], *, context: Mapping[str, Any] | None = None) -> ModelT:
    """The document as a model; an empty document counts as an empty mapping.

    `context` reaches the model's validators (`info.context`). Raises YamlError with every error; an unknown key comes
    with the known one that it resembles.
    """
    data = {} if document.data is None else document.data
    try:
        return model_type.model_validate(data, context=None if context is None else dict(context))
    except ValidationError as error:
        problems = yamlmodel.problems(error, data, model_type)
        placed = (problem._replace(line=document.line(problem.path)) for problem in problems)
        raise YamlError(_sorted_errors(document.file, placed)) from error


def _sorted_errors(file: Path, problems: Iterable[Problem]) -> list[str]:
    return [_error(file, problem) for problem in sorted(problems, key=lambda problem: problem.line or 0)]


def _error(file: Path, problem: Problem) -> str:
    parts = (f"{file}:{problem.line}" if problem.line else str(file), key_text(problem.path), problem.message)
    return ": ".join(part for part in parts if part)
