"""What the command line remembers from one run to the next: what is still to be removed from servers."""

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import typer

from xmpp_exporter.cli.errors import CannotRun
from xmpp_exporter.journal import Journal

_VARIABLE = "XDG_STATE_HOME"


def state_folder() -> Path:
    """`$XDG_STATE_HOME/xmpp-exporter`, by default in `~/.local/state`, made for this user alone.

    Raises CannotRun where it cannot be made.
    """
    try:
        # XDG Base Directory Specification: relative paths are invalid and ignored
        base = Path(os.environ.get(_VARIABLE, ""))
        folder = (base if base.is_absolute() else Path.home() / ".local" / "state") / "xmpp-exporter"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (OSError, RuntimeError) as error:
        raise not_writable(error) from error
    return folder


@contextlib.contextmanager
def account_journal(jid: str) -> Iterator[Journal]:
    """The journal of what is made with the account, which one process at a time may have; others wait.

    What a killed run left is in it, for the next run to remove. Raises CannotRun where it cannot be written.
    """
    # An account each, since a journal rewrites its file; a localpart may be longer than a file's name.
    path = state_folder() / f"journal-{hashlib.sha256(jid.encode()).hexdigest()[:16]}.jsonl"
    with contextlib.ExitStack() as stack:
        try:
            lock = stack.enter_context(path.with_suffix(".lock").open("w"))
            _lock(lock, jid)
            journal = Journal(path)
        except OSError as error:
            raise not_writable(error) from error
        yield journal


def _lock(file: TextIO, jid: str) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        typer.echo(f"note: waiting for another check of {jid} to end", err=True)
        fcntl.flock(file, fcntl.LOCK_EX)


def not_writable(error: Exception) -> CannotRun:
    """What to do when the state cannot be kept: without it, nothing may be made on a server."""
    return CannotRun(
        f"cannot keep a journal of what is made on the server: {error}; "
        f"set {_VARIABLE} to a folder that you may write to"
    )
