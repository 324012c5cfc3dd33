"""The consoles that results and progress are written to."""

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
