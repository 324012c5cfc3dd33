"""How many probes run at once: over all, and per address, so that many domains on one machine do not add up there."""

import asyncio
import contextlib
import itertools
import time
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Collection, Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import TypeVar

from xmpp_exporter.model import ProbeKind

Key = TypeVar("Key")

_Admitted = asyncio.Future[None]
"""One who waits; cancelled when it gives up."""


@dataclass(eq=False, slots=True)
class _Group:
    """Those who wait with the same wish, in the order of arrival: their numbers, and since when they wait."""

    kind: ProbeKind
    addresses: frozenset[str]
    waiters: OrderedDict[_Admitted, tuple[int, float]] = field(default_factory=OrderedDict)

    def drop_cancelled(self) -> None:
        """Forget those in front who have given up."""
        while self.waiters and next(iter(self.waiters)).cancelled():
            self.waiters.popitem(last=False)

    @property
    def first(self) -> tuple[int, float]:
        """The number of the first, and since when it waits. For a group that is not empty."""
        return next(iter(self.waiters.values()))


_Line = list[tuple[int, _Group]]
"""A heap of groups, by the number of their first."""


@dataclass
class Admission:
    """Lets probes in, first come first served.

    `concurrent` holds for each kind of probe. At one address `per_address` availability probes run at a time, and one
    compliance probe: that keeps most of the connections until it ends and needs another now and then, so that two of
    them could wait for each other's.

    A probe takes its place among all and at its addresses at the same moment: a slow machine with a thousand domains
    holds up its own domains, nobody else's. Those who want the same addresses wait as a group, and a group in one line
    only: at an address that is full, or else, ready, with its kind. At an address only as many groups of a kind are
    ready as could go in; so who leaves calls up a few, however many thousands wait.
    """

    concurrent: int = 100
    per_address: int = 2
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _addresses: Counter[tuple[ProbeKind, str]] = field(default_factory=Counter)
    _running: Counter[ProbeKind] = field(default_factory=Counter)
    _waiting: dict[tuple[ProbeKind, frozenset[str]], _Group] = field(default_factory=dict)
    _ready: dict[ProbeKind, _Line] = field(default_factory=lambda: {kind: [] for kind in ProbeKind})
    _called: Counter[tuple[ProbeKind, str]] = field(default_factory=Counter)
    """How many groups of a kind are ready for an address."""
    _parked: dict[tuple[ProbeKind, str], _Line] = field(default_factory=dict)

    @contextlib.asynccontextmanager
    async def enter(self, kind: ProbeKind, addresses: Collection[str]) -> AsyncIterator[float]:
        """Waits for a place for a probe of these addresses and holds it; yields the seconds waited."""
        wish, since = frozenset(addresses), time.monotonic()
        admitted: _Admitted = asyncio.get_running_loop().create_future()
        group = self._waiting.get((kind, wish)) or _Group(kind, wish)
        group.waiters[admitted] = (next(self._numbers), since)
        if (kind, wish) not in self._waiting:
            self._waiting[kind, wish] = group
            self._queue(group)
        self._admit()
        try:
            await admitted
            yield time.monotonic() - since
        finally:
            if admitted.done() and not admitted.cancelled():
                self._leave(kind, wish)
            else:
                admitted.cancel()
                group.waiters.pop(admitted, None)  # the group itself is forgotten when its turn comes

    def running(self, kind: ProbeKind) -> int:
        """Probes of this kind that are in now."""
        return self._running[kind]

    def longest_wait(self, kind: ProbeKind) -> float:
        """For how many seconds the first probe of this kind that waits has waited."""
        waiting = (group for group in self._waiting.values() if group.kind is kind and group.waiters)
        since = min((group.first[1] for group in waiting), default=None)
        return time.monotonic() - since if since is not None else 0.0

    def _queue(self, group: _Group) -> None:
        """Put the group at the first of its addresses that is full; without one it is ready."""
        group.drop_cancelled()
        if not group.waiters:
            del self._waiting[group.kind, group.addresses]
            return
        kind, number = group.kind, group.first[0]
        full = next((address for address in group.addresses if self._is_full(kind, address)), None)
        if full is not None:
            heappush(self._parked.setdefault((kind, full), []), (number, group))
        else:
            self._called.update((kind, address) for address in group.addresses)
            heappush(self._ready[kind], (number, group))

    def _is_full(self, kind: ProbeKind, address: str) -> bool:
        """Whether enough are in or ready."""
        limit = self.per_address if kind is ProbeKind.AVAILABILITY else 1
        return self._addresses[kind, address] + self._called[kind, address] >= limit

    def _admit(self) -> None:
        """Let in who is ready, as far as there are places."""
        while lines := [line for kind, line in self._ready.items() if line and self._running[kind] < self.concurrent]:
            _number, group = heappop(min(lines))
            _take_off(self._called, [(group.kind, address) for address in group.addresses])
            group.drop_cancelled()
            if group.waiters:
                admitted, _ = group.waiters.popitem(last=False)
                self._running[group.kind] += 1
                self._addresses.update((group.kind, address) for address in group.addresses)
                admitted.set_result(None)
            self._queue(group)
            self._call(group.kind, group.addresses)

    def _call(self, kind: ProbeKind, addresses: Collection[str]) -> None:
        """Call up who waits at these addresses, as far as there is room now."""
        for address in addresses:
            line = self._parked.get((kind, address))
            if line is None:
                continue
            while line and not self._is_full(kind, address):
                self._queue(heappop(line)[1])
            if not line:
                del self._parked[kind, address]

    def _leave(self, kind: ProbeKind, addresses: frozenset[str]) -> None:
        self._running[kind] -= 1
        _take_off(self._addresses, [(kind, address) for address in addresses])
        self._call(kind, addresses)
        self._admit()


def _take_off(counts: Counter[Key], keys: Collection[Key]) -> None:
    for key in keys:
        counts[key] -= 1
        if not counts[key]:
            del counts[key]
