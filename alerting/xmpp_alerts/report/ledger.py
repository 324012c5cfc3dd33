"""Which reports were sent already, kept in a file, so that each is sent once."""

import json
import time
from pathlib import Path
from typing import Any

from xmpp_exporter.files import write_atomically

FILE = "reports.json"
KEPT = 400 * 86400.0
"""Seconds; who asks for an older report again, gets it again."""


class DamagedLedger(Exception):
    """The file says nothing that we understand: what was sent is not known, so nothing may be sent."""


class Ledger:
    """The reports that were handed over, by name. Raises OSError, and DamagedLedger, where the file is of no use."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._sent = self._read()
        self._write()  # better now than after the first mail: what cannot be noted must not be sent

    def has(self, name: str) -> bool:
        return name in self._sent

    def add(self, name: str) -> None:
        """It was handed over; that is on the disk when this returns."""
        now = time.time()
        kept = {each: at for each, at in self._sent.items() if at > now - KEPT}
        self._sent = {**kept, name: now}
        self._write()

    def _write(self) -> None:
        write_atomically(self._path, json.dumps({"sent": self._sent}, indent=1).encode(), mode=0o600)

    def _read(self) -> dict[str, float]:
        try:
            document: Any = json.loads(self._path.read_bytes())
            return {str(name): float(at) for name, at in document["sent"].items()}
        except FileNotFoundError:
            return {}
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise DamagedLedger(
                f"{self._path} is damaged, and nobody knows what was sent: take it away to send all of the period"
            ) from error
