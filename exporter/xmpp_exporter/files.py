"""Files that are whole or not there: written beside and moved into place; a damaged one is set aside, never a crash."""

import os
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)


def write_atomically(path: Path, content: bytes) -> None:
    """Replace the file by `content`; whoever reads it sees the old or the new. Raises OSError."""
    temporary = path.with_name(f".{path.name}.new")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def set_aside(path: Path, error: Exception) -> None:
    """Move a file that can't be read out of the way, for somebody to look at."""
    aside = path.with_name(f"{path.name}.damaged")
    path.replace(aside)
    log.warning("a damaged file was set aside", path=str(path), aside=str(aside), error=str(error)[:200])
