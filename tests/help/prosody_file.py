"""Changes to Prosody's configuration file as a page of help asks for them, made as somebody with an editor would."""

import re
from collections.abc import Iterator

from xmpp_exporter.catalogue.help_page import Snippet

_HEAD = re.compile(r"^(?:VirtualHost|Component)\b.*$", re.MULTILINE)
_OPTION = re.compile(r"^[ \t]*(\w+)[ \t]*=", re.MULTILINE)


def change(text: str, snippet: Snippet) -> str:
    """The file's text with the change in it. Raises ValueError where there is nothing to change."""
    if snippet.into == "end":
        return f"{text.rstrip()}\n\n{snippet.text}"
    start, end = _section(text, snippet.section)
    section = text[start:end]
    if not snippet.into:
        for name, option in _options(snippet.text):
            section = _without(section, name) if snippet.action == "remove" else _with(section, name, option)
    elif snippet.action == "remove":
        section = _shorter(section, snippet.into, snippet.text.strip().rstrip(";,"))
    else:
        section = _longer(section, snippet.into, snippet.text)
    return text[:start] + section + text[end:]


def _section(text: str, head: str) -> tuple[int, int]:
    """Where the part below a head is; without one, the part above all heads."""
    heads = list(_HEAD.finditer(text))
    if not head:
        return 0, heads[0].start() if heads else len(text)
    for number, found in enumerate(heads):
        if found.group().strip() == head:
            return found.end(), heads[number + 1].start() if number + 1 < len(heads) else len(text)
    raise ValueError(f"the file has no {head}")


def _options(text: str) -> Iterator[tuple[str, str]]:
    """Each option with all its lines: a table ends where its braces do."""
    position = 0
    while found := _OPTION.search(text, position):
        position = _end_of_option(text, found.end())
        yield found[1], text[found.start() : position]


def _end_of_option(text: str, start: int) -> int:
    depth = 0
    for position in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[position], 0)
        if text[position] == "\n" and depth == 0:
            return position + 1
    return len(text)


def _with(section: str, name: str, option: str) -> str:
    return f"{_without(section, name, must=False).rstrip()}\n{option.rstrip()}\n\n"


def _without(section: str, name: str, must: bool = True) -> str:
    for found, option in _options(section):
        if found == name:
            return section.replace(option, "", 1)
    if must:
        raise ValueError(f"there is no option {name}")
    return section


def _longer(section: str, name: str, entries: str) -> str:
    for found, option in _options(section):
        if found == name:
            return section.replace(option, f"{option.rstrip().removesuffix('}')}\n{entries.rstrip()}\n}}\n", 1)
    return _with(section, name, f"{name} = {{\n{entries}}}\n")


def _shorter(section: str, name: str, entry: str) -> str:
    for found, option in _options(section):
        if found == name and entry in option:
            return section.replace(option, re.sub(re.escape(entry) + "[;,]?", "", option, count=1), 1)
    raise ValueError(f"{entry} is not in {name}")
