"""What reaches a terminal: consoles, and texts of strangers made harmless."""

import sys

from rich.console import Console

_UNLIMITED = 1_000_000
"""Columns where nobody watches: a program that reads lines wants each of them whole."""


def stdout_console() -> Console:
    """For results: colours and the terminal's width on a terminal, plain lines of any length elsewhere."""
    console = Console(file=sys.stdout, highlight=False, markup=False, emoji=False)
    return console if console.is_terminal else Console(file=sys.stdout, width=_UNLIMITED, color_system=None)


def stderr_console() -> Console:
    """For what goes on meanwhile."""
    return Console(file=sys.stderr, highlight=False, markup=False, emoji=False)


def printable(text: str) -> str:
    """`text` in one line without anything that a terminal would obey or hide: escapes, bells, changes of direction."""
    return "".join(char if char.isprintable() else " " if char.isspace() else "\ufffd" for char in text)
