"""What was made on servers and is still to be removed: noted before it is made, so that a crash forgets nothing."""

import json
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path

import structlog

from xmpp_exporter.files import write_atomically

log = structlog.get_logger(__name__)

COMPACT_AFTER = 10_000
"""Lines about what is long gone, after which the file is written anew."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing of kind `kind` (see checks/leavings.py) that the account `account` makes at `address`.

    `address` is a room's JID, a node's name, …; `item` is the item's id where a single item is meant.
    """

    id: str
    account: str
    kind: str
    address: str
    item: str = ""


class Journal:
    """Append-only lines of JSON in `path`; without a path it lasts as long as the process.

    A line reaches the operating system before the call returns: what a killed process noted is still there.
    Raises OSError when the file can't be written.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._entries: dict[str, Entry] = {}
        self._lines = 0
        self._torn = False
        if path is not None:
            self._load(path)

    def _load(self, path: Path) -> None:
        text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
        for line in filter(None, text.split("\n")):
            try:
                self._replay(json.loads(line))
            except (ValueError, TypeError, KeyError, RecursionError):
                # the last line of a machine that lost power; the others are whole
                log.warning("a damaged line in the journal was left out", path=str(path), line=line[:80])
        self._rewrite(path)

    def _replay(self, record: dict[str, str]) -> None:
        """Raises TypeError or KeyError for what is no record of ours."""
        if not isinstance(record, dict) or not all(isinstance(value, str) for value in record.values()):
            raise TypeError("not an object of strings")
        if "removed" in record:
            self._entries.pop(record["removed"], None)
        else:
            entry = Entry(**record)
            self._entries[entry.id] = entry

    def _rewrite(self, path: Path) -> None:
        lines = [_line(asdict(entry)) for entry in self._entries.values()]
        write_atomically(path, "".join(lines).encode())
        self._lines, self._torn = len(lines), False

    def _append(self, record: dict[str, str]) -> None:
        if self._path is None:
            return
        with self._path.open("a", encoding="utf-8") as file:
            # a disk that was full may have half of the line before
            before, self._torn = "\n" * self._torn, True
            file.write(before + _line(record))
            file.flush()
            self._torn = False
        self._lines += 1

    def note(self, account: str, kind: str, address: str, item: str = "") -> Entry:
        """Call this before making the thing."""
        entry = Entry(uuid.uuid4().hex, account, kind, address, item)
        self._append(asdict(entry))
        self._entries[entry.id] = entry
        return entry

    def removed(self, entry: Entry) -> None:
        """Call this when the thing is gone for certain."""
        self._append({"removed": entry.id})
        self._entries.pop(entry.id, None)
        if self._path is not None and self._lines > len(self._entries) + COMPACT_AFTER:
            self._rewrite(self._path)

    def left(self, account: str) -> list[Entry]:
        """What is noted for the account and not removed."""
        return [entry for entry in self._entries.values() if entry.account == account]


def _line(record: dict[str, str]) -> str:
    return json.dumps(record) + "\n"
