"""Files that are whole or not there: written beside and moved into place; a damaged one is set aside, never a crash."""

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)


def write_atomically(path: Path, content: bytes, mode: int | None = None, owner: tuple[int, int] | None = None) -> None:
    """Replace the file by `content`; whoever reads it sees the old or the new. One writer at a time. Raises OSError.

    `mode` and `owner` (user and group id) are those of the new file from its first byte on.
    """
    # always as short: a name that is just allowed must not become too long by what is put around it
    temporary = path.with_name(f".{hashlib.sha256(path.name.encode()).hexdigest()[:16]}.new")
    with temporary.open("wb") as file:
        if owner is not None:
            os.fchown(file.fileno(), *owner)
        if mode is not None:
            os.fchmod(file.fileno(), mode)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def set_aside(path: Path, error: Exception) -> None:
    """Move a file that can't be used out of the way, for somebody to look at."""
    aside = path.with_name(f"{path.name}.damaged")
    with contextlib.suppress(OSError):  # where it can't be moved either, the next write says so
        path.replace(aside)
    log.warning("a damaged file was set aside", path=str(path), aside=str(aside), error=str(error)[:200])


class FolderInUse(OSError):
    """Another process keeps its files there."""


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Makes the folder where it is missing, and keeps other processes that ask for it out, for as long as we live.

    Raises FolderInUse, or the OSError that says why the folder can't be used.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FolderInUse("another exporter keeps its files there") from None
        yield
