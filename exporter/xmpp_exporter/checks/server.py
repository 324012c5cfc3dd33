"""The server under probe as a check sees it: what is shared between checks, and what a check may leave behind."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar, cast

from xmpp_exporter.checks.leavings import remove
from xmpp_exporter.checks.verdicts import Undecided
from xmpp_exporter.config import ServerConfig
from xmpp_exporter.journal import Entry, Journal
from xmpp_exporter.memo import Memo
from xmpp_exporter.model import Outcome, ProbeReport, Reason
from xmpp_exporter.wire.ahead import Ahead
from xmpp_exporter.wire.disco import Disco
from xmpp_exporter.wire.dns import Lookups
from xmpp_exporter.wire.endpoints import Endpoint
from xmpp_exporter.wire.errors import WireError
from xmpp_exporter.wire.http import Http
from xmpp_exporter.wire.network import Network, Timeouts
from xmpp_exporter.wire.session import Session
from xmpp_exporter.wire.stream import Stream
from xmpp_exporter.wire.trace import Trace

Shared = TypeVar("Shared")


@dataclass
class Server:
    """What the checks of one probe share. Everything asked of the server through it is asked once."""

    config: ServerConfig
    network: Network
    lookups: Lookups
    http: Http
    journal: Journal
    endpoints: list[Endpoint]
    front: Stream
    """A stream without login, up to its features."""
    trace: Trace
    login: Session | None = None
    """The session that all checks use together; None without one, and then `no_session` says why."""
    no_session: Outcome | None = None
    login_failure: WireError | None = None
    """Why the login failed, if one was tried."""
    ahead: list[Ahead] = field(default_factory=list)
    """Sessions of the account on their way, for checks that will need their own; the probe closes them."""
    log_in_second: Callable[[], Awaitable[Session]] | None = None
    """Opens the session of the second account, which the probe closes; None without such an account."""
    running: frozenset[str] = frozenset()
    """The checks that this probe runs."""
    previous: ProbeReport | None = None
    """The last compliance report of this server, to tell what is down from what was never there."""
    services: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """JIDs of the services found, by role; for the report."""
    peers: tuple[str, ...] = ()
    """Domains to ping, to see that the server federates."""
    _shared: Memo[str, object] = field(default_factory=Memo)
    _stack: contextlib.AsyncExitStack = field(default_factory=contextlib.AsyncExitStack)

    @property
    def domain(self) -> str:
        return self.config.domain

    @property
    def timeouts(self) -> Timeouts:
        return Timeouts(self.config.timeouts.connect, self.config.timeouts.reply)

    @property
    def session(self) -> Session:
        """The shared session. Raises Undecided without one."""
        if self.login is None:
            outcome = self.no_session
            reason = outcome.reason if outcome is not None and outcome.reason is not None else Reason.NO_ACCOUNT
            raise Undecided(reason, outcome.detail if outcome else "needs an account")
        return self.login

    @property
    def account(self) -> str:
        """The bare JID of the probe's account. Raises Undecided without a session."""
        return self.session.bare_jid

    @property
    def disco(self) -> Disco:
        if self._disco is None:
            self._disco = Disco(self.session, self.domain)
        return self._disco

    _disco: Disco | None = None

    async def share(self, name: str, work: Callable[[], Awaitable[Shared]]) -> Shared:
        """The result of `work`, done once for all checks that share it under this name."""
        return cast(Shared, await self._shared.get(name, work))

    async def other_resource(self) -> Session:
        """A second session of the account, for what one of its devices sees of the other; the same for all checks."""
        return await self.share("other resource", lambda: self._stack.enter_async_context(self.begun_session()))

    @contextlib.asynccontextmanager
    async def begun_session(self) -> AsyncIterator[Session]:
        """A second session of the account for a check that `needs` one: it is on its way already."""
        while self.ahead:
            ahead = self.ahead.pop()
            try:
                if session := await ahead.logged_in_at(self.session.target):
                    yield session
                    return
            finally:
                await ahead.close()
        async with self.own_session() as session:
            yield session

    @contextlib.asynccontextmanager
    async def own_session(self, *, end_point: bool = False) -> AsyncIterator[Session]:
        """A second session of the account, for a check that disturbs its stream, or logs in with channel binding."""
        shared = self.session
        session = Session(
            self.network, shared.target, shared.credentials, self.timeouts, self.trace, end_point=end_point
        )
        async with session:
            yield session

    @contextlib.asynccontextmanager
    async def leaving(self, kind: str, address: str, item: str = "") -> AsyncIterator[None]:
        """For the time that something exists on the server: noted before, removed afterwards.

        What cannot be removed now, because the stream has died, stays in the journal for the next probe.
        """
        entry = self.journal.note(self.account, kind, address, item)
        try:
            yield
        finally:
            await finish(remove(self.session, self.journal, entry), self.timeouts.reply)

    def leave(self, kind: str, address: str, item: str = "") -> Entry:
        """Note what is made now and stays until the probe ends, because several checks share it.

        The entry is for the journal's `removed`, should it not come to be made.
        """
        return self.journal.note(self.account, kind, address, item)

    async def sweep(self) -> None:
        """Remove all that the journal has of this account, of this probe or an earlier one that died."""
        session = self.session
        await asyncio.gather(*(remove(session, self.journal, entry) for entry in self.journal.left(self.account)))

    async def close(self) -> None:
        """Remove what is left and end what is shared."""
        await self._shared.close()
        await self._stack.aclose()
        if self.login is not None and self.login.alive:
            await finish(self.sweep(), self.timeouts.reply)
        if self._disco is not None:
            await self._disco.close()


async def finish(work: Awaitable[None], limit: float) -> None:
    """Let a clean-up come to its end within `limit` seconds, even if the task around it is being cancelled."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait([task], timeout=limit)
    except asyncio.CancelledError:
        await asyncio.wait([task], timeout=limit)
        raise
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait([task])
        if not task.cancelled():
            task.result()
