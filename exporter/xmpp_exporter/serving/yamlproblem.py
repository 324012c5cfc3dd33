"""What is wrong at one place of a YAML document."""

from typing import NamedTuple

KeyPath = tuple[str | int, ...]
"""Where a value stands: mapping keys and list positions from the root on."""


class Problem(NamedTuple):
    path: KeyPath
    message: str
    line: int | None = None
    """The line, from 1, where it is known better than through `path`."""


def key_text(path: KeyPath) -> str:
    """A path as people write it: `servers[3].account.jid`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")
