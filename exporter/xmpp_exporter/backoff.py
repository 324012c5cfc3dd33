"""After a refused login: when the next attempt may come.

Servers ban addresses that guess passwords (ejabberd: 20 failures, one hour), and every endpoint then looks down.
So one attempt is enough; the next comes when the password file changes, at a reload, or after 15 minutes doubling to
6 hours.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from xmpp_exporter.model import Failure

FIRST_WAIT = 15 * 60.0
LONGEST_WAIT = 6 * 3600.0
_DOUBLINGS = 5
"""After so many the longest wait is reached."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The last refused login of an account: why, how often in a row, and until when to wait (seconds since the epoch).

    `password_version` tells whether the password file has changed since.
    """

    failure: Failure
    detail: str
    times: int
    until: float
    password_version: str


class LoginBackoff:
    """The refusals by account (bare JID)."""

    def __init__(self) -> None:
        self._refusals: dict[str, Refusal] = {}

    def waiting(self, jid: str, password_version: str, now: float) -> Refusal | None:
        """The refusal because of which this account must not try to log in now; None if it may."""
        refusal = self._refusals.get(jid)
        if refusal is None or password_version != refusal.password_version:
            return None
        # a longer wait than the longest is a clock that has been set back since
        return refusal if now < refusal.until <= now + LONGEST_WAIT else None

    def refused(self, jid: str, failure: Failure, detail: str, password_version: str, now: float) -> None:
        """Note a refused login."""
        before = self._refusals.get(jid)
        times = before.times + 1 if before is not None and before.password_version == password_version else 1
        wait = min(FIRST_WAIT * 2 ** min(times - 1, _DOUBLINGS), LONGEST_WAIT)
        self._refusals[jid] = Refusal(failure, detail, times, now + wait, password_version)

    def accepted(self, jid: str) -> None:
        """Note a successful login."""
        self._refusals.pop(jid, None)

    def forget(self) -> None:
        """Let every account try again, as after a reload."""
        self._refusals.clear()

    def dump(self) -> dict[str, Any]:
        """For the store."""
        return {jid: asdict(refusal) for jid, refusal in self._refusals.items()}

    def load(self, data: Mapping[str, Any]) -> None:
        """What `dump` gave. Raises TypeError, ValueError or KeyError for something else, and takes nothing of it."""
        self._refusals = {jid: _refusal(fields) for jid, fields in data.items()}


def _refusal(fields: Mapping[str, Any]) -> Refusal:
    if not isinstance(fields, Mapping):
        raise TypeError("a refusal is a mapping")
    values = {
        **fields,
        "failure": Failure(fields["failure"]),
        "times": int(fields["times"]),
        "until": float(fields["until"]),
    }
    return Refusal(**values)
