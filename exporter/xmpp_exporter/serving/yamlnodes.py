"""YAML text to plain data, with the line of every key: stricter than YAML itself, and safe with hostile files."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import yaml

from xmpp_exporter.serving.yamlproblem import KeyPath, Problem

MAX_DEPTH = 64
MAX_VALUES = 1_000_000
"""Values once the aliases are expanded: far above any real file, far below what an alias bomb makes."""

# libyaml reads a file of 10,000 servers about ten times as fast.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_TAG = "tag:yaml.org,2002:"
_MERGE = _TAG + "merge"
# A date stays text: pydantic makes a date of it where a model wants one.
_TEXT_TAGS = frozenset(_TAG + name for name in ("str", "timestamp", "value"))
_SCALAR_TAGS = _TEXT_TAGS | frozenset(_TAG + name for name in ("null", "bool", "int", "float"))


_Pairs = dict[str, tuple[yaml.Node, yaml.Node]]


class NodesError(Exception):
    """Text that cannot be made data; `problems` says why, each with its line."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__()
        self.problems = problems


def read(text: str) -> tuple[Any, dict[KeyPath, int]]:
    """The single document in `text` and the line, from 1, of every key and list item; (None, {}) if it is empty.

    Raises NodesError: broken syntax, a second document, duplicate keys, keys that are no text, tags that make objects,
    aliases that contain themselves or expand without end, nesting deeper than 64.
    """
    if strange := yaml.reader.Reader.NON_PRINTABLE.search(text):
        line = text.count("\n", 0, strange.start()) + 1
        raise NodesError([Problem((), f"the character U+{ord(strange[0]):04X} is not allowed", line)])
    try:
        _refuse_deep_nesting(text)
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = ", ".join(part for part in (error.problem, error.context) if part)
        raise NodesError([Problem((), said, mark.line + 1 if mark else None)]) from error
    builder = _Builder()
    data = None if root is None else builder.value(root, ())
    if builder.problems:
        raise NodesError(builder.problems)
    return data, builder.lines


def _refuse_deep_nesting(text: str) -> None:
    """Composing recurses, in libyaml's case on the C stack: nesting is limited before, on the flat list of events."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                line = event.start_mark.line + 1 if event.start_mark else None
                raise NodesError([Problem((), f"is nested deeper than {MAX_DEPTH} levels", line)])
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


class _Builder:
    """Turns nodes into data, noting lines, and collects what is wrong instead of stopping at the first fault."""

    def __init__(self) -> None:
        self.lines: dict[KeyPath, int] = {}
        self.problems: list[Problem] = []
        self._scalars = yaml.constructor.SafeConstructor()
        self._pairs_of: dict[int, _Pairs] = {}
        self._open: set[int] = set()
        self._values = 0

    def value(self, node: yaml.Node, path: KeyPath) -> Any:
        self._count(1, node, path)
        self.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        with self._inside(node, path):
            if isinstance(node, yaml.MappingNode) and node.tag == _TAG + "map":
                return self._mapping(node, path)
            if isinstance(node, yaml.SequenceNode) and node.tag == _TAG + "seq":
                return self._sequence(node, path)
        self._tag_refused(node, path)
        return None

    def _scalar(self, node: yaml.ScalarNode, path: KeyPath) -> Any:
        if node.tag in _TEXT_TAGS:
            return node.value
        if node.tag not in _SCALAR_TAGS:
            self._tag_refused(node, path)
            return None
        try:
            return self._scalars.construct_object(node)
        except (ValueError, KeyError, yaml.YAMLError):
            self.problems.append(_at(node, path, f"is no {node.tag.removeprefix(_TAG)}"))
            return None

    def _sequence(self, node: yaml.SequenceNode, path: KeyPath) -> list[Any]:
        # An alias stands at the line of its anchor; the list item's own line is not kept in the node.
        return [self.value(item, (*path, position)) for position, item in enumerate(node.value)]

    def _mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, Any]:
        data = {}
        for key, (key_node, value_node) in self._pairs(node, path).items():
            self.lines[*path, key] = key_node.start_mark.line + 1
            data[key] = self.value(value_node, (*path, key))
        return data

    def _pairs(self, node: yaml.MappingNode, path: KeyPath) -> _Pairs:
        """The mapping's own keys, then what `<<: *name` or `<<: [*first, *second]` adds; the earlier one wins."""
        if id(node) in self._pairs_of:
            return self._pairs_of[id(node)]
        pairs: _Pairs = {}
        sources: list[yaml.Node] = []
        for key_node, value_node in node.value:
            if key_node.tag == _MERGE:
                sources += value_node.value if isinstance(value_node, yaml.SequenceNode) else [value_node]
            elif (key := self._key(key_node, path)) is None:
                continue
            elif key in pairs:
                first = pairs[key][0].start_mark.line + 1
                self.problems.append(_at(key_node, (*path, key), f"is set twice, first in line {first}"))
            else:
                pairs[key] = (key_node, value_node)
        for source in sources:
            if not isinstance(source, yaml.MappingNode):
                self.problems.append(_at(source, (*path, "<<"), "wants a mapping, or a list of mappings"))
                continue
            with self._inside(source, path):
                merged = self._pairs(source, path)
            self._count(len(merged), source, path)
            pairs = merged | pairs
        self._pairs_of[id(node)] = pairs
        return pairs

    def _key(self, node: yaml.Node, path: KeyPath) -> str | None:
        if isinstance(node, yaml.ScalarNode) and node.tag in _TEXT_TAGS:
            text: str = node.value
            return text
        if isinstance(node, yaml.ScalarNode) and node.tag in _SCALAR_TAGS:
            kind = node.tag.removeprefix(_TAG)
            self.problems.append(_at(node, path, f'the key {node.value} is read as {kind}: write "{node.value}"'))
        else:
            self.problems.append(_at(node, path, "a key must be plain text"))
        return None

    def _count(self, values: int, node: yaml.Node, path: KeyPath) -> None:
        self._values += values
        if self._values > MAX_VALUES:
            raise NodesError([_at(node, path, f"aliases (*name) expand to more than {MAX_VALUES:,} values")])

    @contextmanager
    def _inside(self, node: yaml.Node, path: KeyPath) -> Iterator[None]:
        if id(node) in self._open:
            raise NodesError([_at(node, path, "an alias (*name) stands inside the value that it names")])
        self._open.add(id(node))
        yield
        self._open.remove(id(node))

    def _tag_refused(self, node: yaml.Node, path: KeyPath) -> None:
        self.problems.append(_at(node, path, f"the tag {node.tag.replace(_TAG, '!!')} is not allowed"))


def _at(node: yaml.Node, path: KeyPath, message: str) -> Problem:
    return Problem(path, message, node.start_mark.line + 1)
