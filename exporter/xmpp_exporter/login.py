"""Logging in to a server as its configuration says: endpoints in turn, one password guess, never two at a time."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from xmpp_exporter.backoff import LoginBackoff, Refusal
from xmpp_exporter.config import Account, PasswordError
from xmpp_exporter.model import Failure
from xmpp_exporter.wire.errors import LoginFailed, TemporaryRefusal, WireError
from xmpp_exporter.wire.network import Network, Target, Timeouts, most_telling
from xmpp_exporter.wire.session import Credentials, Session
from xmpp_exporter.wire.trace import Trace

_REFUSALS = frozenset({Failure.BAD_PASSWORD, Failure.ACCOUNT_DISABLED, Failure.AUTH_FAILED})
"""Failures that count as a guess at the password; the others say nothing about it."""


class AccountLocks:
    """One user of an account at a time: two probes of it would see each other's messages and leavings."""

    def __init__(self) -> None:
        self._locks: dict[str, asyncio.Lock] = {}
        self._users: Counter[str] = Counter()

    @contextlib.asynccontextmanager
    async def hold(self, jid: str) -> AsyncIterator[bool]:
        """Waits until nobody else uses the account; yields whether it was free at once."""
        lock, free = self._locks.setdefault(jid, asyncio.Lock()), not self.in_use(jid)
        self._users[jid] += 1
        try:
            async with lock:
                yield free
        finally:
            self._users[jid] -= 1
            if not self._users[jid]:
                del self._users[jid], self._locks[jid]

    def in_use(self, jid: str) -> bool:
        """Whether somebody holds the account now, or is about to."""
        return jid in self._users


AnySession = TypeVar("AnySession", bound=Session)
MakeSession = Callable[[Network, Target, Credentials, Timeouts, Trace], AnySession]
"""Session itself, or a kind of it."""


@dataclass(frozen=True, slots=True)
class Door:
    """What logging in needs besides the account."""

    network: Network
    backoff: LoginBackoff
    timeouts: Timeouts
    trace: Trace


def credentials_of(account: Account) -> Credentials:
    """The account with its password, read now. Raises LoginFailed when there is no readable password."""
    try:
        return Credentials(account.jid, account.read_password(), account.allow_plain)
    except PasswordError as error:
        raise LoginFailed(Failure.INTERNAL, str(error)) from error


def _password_version(account: Account) -> str:
    """Changes when the password file does; empty for a password that is in no file."""
    try:
        status = account.password_path().stat()
    except (PasswordError, OSError):
        return ""
    return f"{status.st_mtime_ns}-{status.st_size}-{status.st_ino}"


def refusal_of(backoff: LoginBackoff, account: Account) -> Refusal | None:
    """The refused login because of which this account must not try to log in now; None if it may."""
    return backoff.waiting(account.jid, _password_version(account), time.time())


async def log_in(door: Door, account: Account, targets: Sequence[Target]) -> Session:
    """A session at the first of `targets` that lets us in; close it. Raises as `log_in_with` does."""
    return await log_in_with(Session, door, account, targets)


async def log_in_with(
    make: MakeSession[AnySession], door: Door, account: Account, targets: Sequence[Target]
) -> AnySession:
    """A session of the kind that `make` makes, at the first of `targets` that lets us in; close it.

    A target that cannot be reached leads to the next one, a refused login does not: another guess at the password would
    be one too many. Raises LoginFailed (also while an earlier refusal is waited for) or the most telling WireError of
    those targets.
    """
    version = _password_version(account)
    waiting = refusal_of(door.backoff, account)
    if waiting is not None:
        until = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(waiting.until))
        raise LoginFailed(waiting.failure, f"{waiting.detail} (not tried again before {until})")
    credentials = credentials_of(account)
    failures: list[WireError] = []
    for target in targets:
        session = make(door.network, target, credentials, door.timeouts, door.trace)
        try:
            await session.__aenter__()
        except LoginFailed as error:
            if error.failure in _REFUSALS and not isinstance(error, TemporaryRefusal):
                door.backoff.refused(account.jid, error.failure, error.detail, version, time.time())
            raise
        except WireError as error:
            failures.append(error)
            continue
        door.backoff.accepted(account.jid)
        return session
    raise most_telling(failures)
