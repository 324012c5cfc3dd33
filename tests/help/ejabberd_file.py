"""Changes to ejabberd's configuration file as a page of help asks for them: YAML into YAML, key by key."""

from typing import Any

import yaml

from xmpp_exporter.catalogue.help_page import Snippet


def change(text: str, snippet: Snippet) -> str:
    """The file's text with the change in it. Raises ValueError where there is nothing to remove."""
    document, part = yaml.safe_load(text), yaml.safe_load(snippet.text)
    changed = _without(document, part) if snippet.action == "remove" else _with(document, part)
    return yaml.safe_dump(changed, sort_keys=False)


def _with(old: Any, new: Any) -> Any:
    """Mappings are joined, listeners by their port; any other value takes the place of the old one."""
    if isinstance(old, dict) and isinstance(new, dict):
        return {**old, **{key: _with(old[key], value) if key in old else value for key, value in new.items()}}
    if _are_listeners(old) and _are_listeners(new):
        mine = {_port(listener): listener for listener in old}
        return list({**mine, **{_port(each): _with(mine.get(_port(each)), each) for each in new}}.values())
    return new


def _without(old: Any, gone: Any) -> Any:
    """What `gone` names last on each of its branches is taken out of `old`."""
    if isinstance(old, list):
        if missing := [each for each in gone if each not in old]:
            raise ValueError(f"{missing} is not there")
        return [each for each in old if each not in gone]
    if missing := [key for key in gone if key not in old]:
        raise ValueError(f"{missing} is not there")
    return {key: _without(value, gone[key]) if key in gone else value for key, value in old.items() if gone.get(key, 1)}


def _are_listeners(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, dict) and "port" in each for each in value)


def _port(listener: dict[str, Any]) -> tuple[int, str]:
    return listener["port"], listener.get("transport", "tcp")
