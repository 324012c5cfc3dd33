"""A second session of an account, begun beside the first one, for who will need both."""

import asyncio

from xmpp_exporter.wire.errors import LoginFailed, WireError
from xmpp_exporter.wire.network import Target
from xmpp_exporter.wire.session import Session


class Ahead:
    """Connects `session` at once, and keeps it from using the password before somebody asks for it.

    By then the first session has shown that the password is right: a wrong one is guessed once. Owns the task.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._wanted = session.hold = asyncio.Event()
        self._opening = asyncio.create_task(session.__aenter__())

    async def logged_in_at(self, target: Target) -> Session | None:
        """The session, logged in; None when it is of no use: it is elsewhere, or broke while it waited.

        Raises LoginFailed. `close` ends the session.
        """
        if self._session.target != target:
            return None
        self._wanted.set()
        await asyncio.wait([self._opening])
        try:
            return self._opening.result()
        except LoginFailed:
            raise
        except WireError:
            return None

    async def close(self) -> None:
        """End the session, in whatever state it is."""
        self._opening.cancel()
        try:
            await asyncio.wait([self._opening])
            if not self._opening.cancelled():
                self._opening.exception()  # nobody asks for it any more
        finally:
            await self._session.close()
