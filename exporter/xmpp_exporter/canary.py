"""Hosts that should always answer: when none of them does, it is our own network that is down."""

import asyncio
import contextlib
import time
from collections.abc import Sequence

import structlog

from xmpp_exporter.config import HostPort
from xmpp_exporter.wire.dns import Lookups
from xmpp_exporter.wire.errors import WireError
from xmpp_exporter.wire.network import Network, Target, Timeouts, connect_tcp

log = structlog.get_logger(__name__)

INTERVAL = 15.0
"""Seconds between two rounds, when nobody asks for one."""
PAUSE = 1.0
"""Seconds between two rounds at the least, however many probes fail."""
PATIENCE = 10.0
"""Seconds that a canary has to answer."""

_LONG_AGO = float("-inf")


class Canaries:
    """Tells whether the prober's network works. Without canaries it is taken to work."""

    def __init__(self) -> None:
        self.up = True
        self._watched = False
        self._began = self._failed = _LONG_AGO
        self._wanted = asyncio.Event()
        self._round = asyncio.Event()

    async def watch(self, network: Network, canaries: Sequence[HostPort]) -> None:
        """Ask all canaries, again and again, until cancelled."""
        self._watched = bool(canaries)
        self.up = self.up or not canaries
        try:
            while canaries:
                self._wanted.clear()
                began = time.monotonic()
                answers = await asyncio.gather(*(_answers(network, canary) for canary in canaries))
                self._note(any(answers), began)
                await asyncio.sleep(PAUSE)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wanted.wait(), INTERVAL - PAUSE)
        finally:
            self._watched = False
            self._round.set()

    async def worked(self, since: float) -> bool:
        """Whether the network has worked since then (`time.monotonic()`) and still does: waits for a round from now on.

        A failed probe is the server's fault only then.
        """
        asked = time.monotonic()
        while self._watched and self._began < asked:
            self._wanted.set()
            await self._round.wait()
        return self.up and self._failed < since

    def _note(self, up: bool, began: float) -> None:
        if up != self.up:
            log.warning("the prober's network is " + ("up again" if up else "down: no canary answers"))
        self.up, self._began = up, began
        if not up:
            self._failed = time.monotonic()
        self._round.set()
        self._round = asyncio.Event()


async def _answers(network: Network, canary: HostPort) -> bool:
    """Whether some address of the canary accepts a connection."""
    lookups = Lookups(network.resolver)
    try:
        async with asyncio.timeout(PATIENCE):
            for address in await lookups.addresses(canary.host):
                target = Target(canary.host, canary.host, address, canary.port, direct_tls=False, allow_private=True)
                with contextlib.suppress(WireError):
                    _reader, writer = await connect_tcp(target, Timeouts(connect=PATIENCE / 2))
                    writer.close()
                    return True
    except (WireError, TimeoutError):
        return False
    finally:
        await lookups.close()
    return False
