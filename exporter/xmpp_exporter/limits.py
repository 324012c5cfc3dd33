"""How many probes run at once: over all, and per address, so that many domains on one machine do not add up there."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, field

from xmpp_exporter.model import ProbeKind


@dataclass(eq=False)
class _Waiter:
    kind: ProbeKind
    addresses: frozenset[str]
    admitted: asyncio.Future[None]
    since: float = field(default_factory=time.monotonic)


@dataclass
class Admission:
    """Lets probes in, first come first served.

    `concurrent` holds for each kind of probe, `per_address` for all kinds together.

    A probe takes its place among all and at its addresses at the same moment: a slow machine with a thousand domains
    holds up its own domains, nobody else's.
    """

    concurrent: int = 100
    per_address: int = 2
    _addresses: Counter[str] = field(default_factory=Counter)
    _running: Counter[ProbeKind] = field(default_factory=Counter)
    _waiting: list[_Waiter] = field(default_factory=list)

    @contextlib.asynccontextmanager
    async def enter(self, kind: ProbeKind, addresses: Collection[str]) -> AsyncIterator[float]:
        """Waits for a place for a probe of these addresses and holds it; yields the seconds waited."""
        waiter = _Waiter(kind, frozenset(addresses), asyncio.get_running_loop().create_future())
        self._waiting.append(waiter)
        self._admit()
        try:
            await waiter.admitted
            yield time.monotonic() - waiter.since
        finally:
            if waiter in self._waiting:
                self._waiting.remove(waiter)
            else:
                self._leave(waiter)

    def running(self, kind: ProbeKind) -> int:
        """Probes of this kind that are in now."""
        return self._running[kind]

    def longest_wait(self, kind: ProbeKind) -> float:
        """For how many seconds the first probe of this kind that waits has waited."""
        since = next((waiter.since for waiter in self._waiting if waiter.kind is kind), None)
        return time.monotonic() - since if since is not None else 0.0

    def _fits(self, waiter: _Waiter) -> bool:
        return self._running[waiter.kind] < self.concurrent and all(
            self._addresses[address] < self.per_address for address in waiter.addresses
        )

    def _admit(self) -> None:
        """Let in whoever fits now."""
        for waiter in list(self._waiting):
            if all(self._running[kind] >= self.concurrent for kind in ProbeKind):
                return
            if not waiter.admitted.done() and self._fits(waiter):
                self._waiting.remove(waiter)
                self._running[waiter.kind] += 1
                self._addresses.update(waiter.addresses)
                waiter.admitted.set_result(None)

    def _leave(self, waiter: _Waiter) -> None:
        self._running[waiter.kind] -= 1
        for address in waiter.addresses:
            self._addresses[address] -= 1
            if not self._addresses[address]:
                del self._addresses[address]
        self._admit()
