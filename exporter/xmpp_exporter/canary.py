"""Hosts that should always answer: when none of them does, it is our own network that is down."""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from ipaddress import ip_address

import structlog

from xmpp_exporter.config import HostPort
from xmpp_exporter.wire.dns import Lookups, Resolver
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
    """Tells whether the prober's network works. Without canaries it is taken to work. Close it at the end."""

    def __init__(self) -> None:
        self.up = True
        self._task: asyncio.Task[None] | None = None
        self._began = self._failed = _LONG_AGO
        self._wanted = asyncio.Event()
        self._round = asyncio.Event()

    async def watch(self, network: Network, canaries: Sequence[HostPort]) -> None:
        """Ask these canaries from now on, again and again, in the place of those before."""
        await self.close()
        if canaries:
            self._task = asyncio.create_task(self._ask(network, canaries))
        else:
            self.up = True

    async def close(self) -> None:
        """Ask nobody any more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None
            self._end_round()

    async def _ask(self, network: Network, canaries: Sequence[HostPort]) -> None:
        resolver = network.resolver.apart()
        while True:
            self._wanted.clear()
            began = time.monotonic()
            answers = await asyncio.gather(*(_answers(resolver, canary) for canary in canaries))
            self._note(any(answers), began)
            await asyncio.sleep(PAUSE)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wanted.wait(), INTERVAL - PAUSE)

    async def worked(self, since: float) -> bool:
        """Whether the network has worked since then (`time.monotonic()`) and still does: waits for a round from now on.

        A failed probe is the server's fault only then.
        """
        asked = time.monotonic()
        while self._task is not None and self._began < asked:
            self._wanted.set()
            await self._round.wait()
        return self.up and self._failed < since

    def _note(self, up: bool, began: float) -> None:
        if up != self.up:
            log.warning("the prober's network is " + ("up again" if up else "down: no canary answers"))
        self.up, self._began = up, began
        if not up:
            self._failed = time.monotonic()
        self._end_round()

    def _end_round(self) -> None:
        # A new event for the next round: one that stays set would let nobody wait for it.
        self._round.set()
        self._round = asyncio.Event()


async def _answers(resolver: Resolver, canary: HostPort) -> bool:
    """Whether some address of the canary accepts a connection."""
    lookups = Lookups(resolver)
    try:
        async with asyncio.timeout(PATIENCE):
            for address in await _addresses(lookups, canary.host):
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


async def _addresses(lookups: Lookups, host: str) -> list[str]:
    try:
        return [str(ip_address(host))]
    except ValueError:
        return await lookups.addresses(host)
