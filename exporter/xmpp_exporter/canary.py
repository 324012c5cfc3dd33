"""Hosts that should always answer: when none of them does, it is our own network that is down."""

import asyncio
import contextlib
from collections.abc import Sequence

import structlog

from xmpp_exporter.config import HostPort
from xmpp_exporter.wire.dns import Lookups
from xmpp_exporter.wire.errors import WireError
from xmpp_exporter.wire.network import Network, Target, Timeouts, connect_tcp

log = structlog.get_logger(__name__)

INTERVAL = 15.0
"""Seconds between two rounds."""


class Canaries:
    """Tells whether the prober's network works. Without canaries it is taken to work."""

    def __init__(self) -> None:
        self.up = True

    async def watch(self, network: Network, canaries: Sequence[HostPort]) -> None:
        """Ask all canaries, again and again, until cancelled."""
        self.up = True
        while canaries:
            answers = await asyncio.gather(*(_answers(network, canary) for canary in canaries))
            if any(answers) != self.up:
                log.warning("the prober's network is " + ("up again" if any(answers) else "down: no canary answers"))
            self.up = any(answers)
            await asyncio.sleep(INTERVAL)


async def _answers(network: Network, canary: HostPort) -> bool:
    """Whether some address of the canary accepts a connection."""
    lookups = Lookups(network.resolver)
    try:
        for address in await lookups.addresses(canary.host):
            target = Target(canary.host, canary.host, address, canary.port, direct_tls=False, allow_private=True)
            with contextlib.suppress(WireError):
                _reader, writer = await connect_tcp(target, Timeouts(connect=5.0))
                writer.close()
                return True
    except WireError:
        return False
    finally:
        await lookups.close()
    return False
