"""Temporary accounts that are to be removed: a file each, so that a killed process forgets none of them."""

import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from xmpp_exporter.cli.state import not_writable, state_folder
from xmpp_exporter.config.values import jid_domain


@dataclass
class Remains:
    """One account. Its file is locked until the end of the context, which tells that somebody still uses it."""

    jid: str
    password: str = field(repr=False)
    path: Path
    file: TextIO = field(repr=False)
    forgotten: bool = False

    def __enter__(self) -> "Remains":
        return self

    def __exit__(self, *_exception: object) -> None:
        self.file.close()

    def forget(self) -> None:
        """Call this when the account is gone for certain, or never came to be."""
        self.path.unlink(missing_ok=True)
        self.forgotten = True


def note(jid: str, password: str) -> Remains:
    """Call this before making the account. Raises CannotRun where the note cannot be kept."""
    path = _folder() / jid.partition("@")[0]
    try:
        file = os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600), "r+", encoding="utf-8")
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(f"{jid}\n{password}\n")
        file.flush()
    except OSError as error:
        raise not_writable(error) from error
    return Remains(jid, password, path, file)


def notes_of(domain: str) -> Iterator[Remains]:
    """The accounts of the domain whose processes ended without removing them. Raises CannotRun."""
    for path in sorted(_folder().iterdir()):
        remains = _read(path)
        if remains is not None and jid_domain(remains.jid) == domain:
            yield remains
        elif remains is not None:
            remains.file.close()


def _read(path: Path) -> Remains | None:
    """The account of a note that nobody has locked; None while it is in use, half-written or already gone."""
    try:
        file = path.open("r+", encoding="utf-8")
    except OSError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        jid, password = file.read().splitlines()
    except (OSError, ValueError):
        file.close()
        return None
    return Remains(jid, password, path, file)


def _folder() -> Path:
    folder = state_folder() / "temporary-accounts"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise not_writable(error) from error
    return folder
