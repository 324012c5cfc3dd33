"""Admission and connections: never more than allowed, everybody gets in, and nothing is lost when somebody gives up."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xmpp_exporter.limits import Admission
from xmpp_exporter.model import ProbeKind
from xmpp_exporter.wire.network import Connections

LIMIT = 20
ADDRESSES = "abcd"


@dataclass(frozen=True)
class Visit:
    """One probe: what it wants, how many turns of the loop it stays, and after how many it is cancelled, if at all."""

    kind: ProbeKind
    addresses: frozenset[str]
    stays: int
    cancelled_after: int | None


visits = st.lists(
    st.builds(
        Visit,
        st.sampled_from(ProbeKind),
        st.frozensets(st.sampled_from(ADDRESSES), min_size=1),
        st.integers(0, 4),
        st.none() | st.integers(0, 12),
    ),
    max_size=30,
)


@dataclass
class House:
    """Who is in now, and how full it ever was."""

    running: Counter[object] = field(default_factory=Counter)
    most: Counter[object] = field(default_factory=Counter)
    entered: int = 0

    async def visit(self, door: AbstractAsyncContextManager[object], keys: list[object], stays: int) -> None:
        async with door:
            self.entered += 1
            self.running.update(keys)
            self.most |= self.running
            try:
                for _ in range(stays):
                    await asyncio.sleep(0)
            finally:
                self.running.subtract(keys)


async def all_of(
    house: House, visits: list[Visit], door: Callable[[Visit], tuple[AbstractAsyncContextManager[object], list[object]]]
) -> None:
    """Every visit comes, some are cancelled; in the end the house is empty, and nobody was kept waiting."""
    tasks = [asyncio.create_task(house.visit(*door(visit), visit.stays)) for visit in visits]
    async with asyncio.timeout(LIMIT):
        turn = 0
        while not all(task.done() for task in tasks):
            for task, visit in zip(tasks, visits, strict=True):
                if visit.cancelled_after == turn:
                    task.cancel()
            turn += 1
            await asyncio.sleep(0)
    assert all(task.cancelled() or task.exception() is None for task in tasks)
    assert house.entered >= sum(visit.cancelled_after is None for visit in visits)
    assert +house.running == Counter()


@given(visits=visits, concurrent=st.integers(1, 5), per_address=st.integers(1, 3))
@settings(deadline=None)
def test_admission_keeps_both_limits_and_lets_everybody_in(
    visits: list[Visit], concurrent: int, per_address: int
) -> None:
    async def run() -> None:
        admission, house = Admission(concurrent, per_address), House()
        await all_of(
            house,
            visits,
            lambda visit: (
                admission.enter(visit.kind, visit.addresses),
                [visit.kind, *((visit.kind, address) for address in visit.addresses)],
            ),
        )
        assert all(house.most[kind] <= concurrent for kind in ProbeKind)
        assert all(house.most[ProbeKind.AVAILABILITY, address] <= per_address for address in ADDRESSES)
        assert all(house.most[ProbeKind.COMPLIANCE, address] <= 1 for address in ADDRESSES)
        # nothing is held by those who have left
        assert [admission.running(kind) for kind in ProbeKind] == [0] * len(ProbeKind)
        assert not admission._waiting and not admission._addresses
        assert not admission._parked and not admission._called and not any(admission._ready.values())

    asyncio.run(run())


@given(visits=visits, per_address=st.integers(1, 3))
@settings(deadline=None)
def test_connections_to_an_address_are_never_more_than_allowed(visits: list[Visit], per_address: int) -> None:
    async def run() -> None:
        connections, house = Connections(per_address), House()

        def door(visit: Visit) -> tuple[AbstractAsyncContextManager[object], list[object]]:
            address = min(visit.addresses)
            return connections.slot(address), [address]

        await all_of(house, visits, door)
        assert all(house.most[address] <= per_address for address in ADDRESSES)
        assert not connections._gates

    asyncio.run(run())


async def test_a_slow_address_holds_up_nobody_else() -> None:
    admission = Admission(concurrent=4, per_address=1)
    async with asyncio.timeout(LIMIT), admission.enter(ProbeKind.AVAILABILITY, ["slow"]):
        waiting = [asyncio.create_task(House().visit(admission.enter(ProbeKind.AVAILABILITY, ["slow"]), [], 0))] * 1
        waiting += [
            asyncio.create_task(House().visit(admission.enter(ProbeKind.AVAILABILITY, ["slow", f"{n}"]), [], 0))
            for n in range(100)
        ]
        await asyncio.sleep(0)
        async with admission.enter(ProbeKind.AVAILABILITY, ["7"]) as waited:
            assert waited < LIMIT
        async with admission.enter(ProbeKind.COMPLIANCE, ["another"]):
            assert admission.running(ProbeKind.COMPLIANCE) == 1
    async with asyncio.timeout(LIMIT):
        await asyncio.gather(*waiting)
    assert admission.running(ProbeKind.AVAILABILITY) == 0


async def test_who_comes_first_is_let_in_first() -> None:
    admission, order = Admission(concurrent=1), list[int]()

    async def visit(number: int) -> None:
        async with admission.enter(ProbeKind.COMPLIANCE, [str(random.random())]):
            order.append(number)

    async with asyncio.timeout(LIMIT):
        await asyncio.gather(*(visit(number) for number in range(20)))
    assert order == list(range(20))


async def test_who_takes_turns_at_an_address_and_waits_for_a_place_is_not_forgotten() -> None:
    """Both kinds want the same address; the one whose kind is full must not keep the other from it."""
    admission = Admission(concurrent=1, per_address=1)
    async with asyncio.timeout(LIMIT):
        async with admission.enter(ProbeKind.COMPLIANCE, ["slow"]):
            waiting = asyncio.create_task(House().visit(admission.enter(ProbeKind.COMPLIANCE, ["shared"]), [], 0))
            await asyncio.sleep(0)
            async with admission.enter(ProbeKind.AVAILABILITY, ["shared"]) as waited:
                assert waited < LIMIT
        await waiting


@pytest.mark.parametrize(
    "addresses_of",
    [
        lambda number: ["one"],
        lambda number: ["one", "its IPv6"],
        lambda number: [str(number)],
        lambda number: [str(number % 100), "v6" + str(number % 100)],
        lambda number: [("one", "another", "third")[number % 3], ("one", "another", "fourth")[number % 2]],
    ],
    ids=["one address", "one machine", "own addresses", "a hundred machines", "overlapping"],
)
async def test_ten_thousand_who_wait_hold_up_nobody(addresses_of: Callable[[int], list[str]]) -> None:
    """Whoever leaves looks at a few of them only: the work grows with the number, not with its square."""
    admission, looks = Admission(concurrent=50, per_address=2), 0
    queue = admission._queue

    def counted(group: Any) -> None:
        nonlocal looks
        looks += 1
        queue(group)

    admission._queue = counted  # type: ignore[method-assign]
    many = 10_000
    visits = [
        House().visit(admission.enter(list(ProbeKind)[number % 2], addresses_of(number)), [], 1)
        for number in range(many)
    ]
    async with asyncio.timeout(LIMIT):
        await asyncio.gather(*visits)
    assert 0 < looks < 10 * many
    assert not admission._waiting and not admission._parked and not admission._called


async def hold(connections: Connections, inside: asyncio.Semaphore, end: asyncio.Event) -> None:
    async with connections.slot("a"):
        inside.release()
        await end.wait()


async def test_a_new_limit_holds_for_those_who_wait_and_those_who_are_in() -> None:
    connections, inside, end = Connections(2), asyncio.Semaphore(0), asyncio.Event()
    async with asyncio.timeout(LIMIT), asyncio.TaskGroup() as group:
        tasks = [group.create_task(hold(connections, inside, end)) for _ in range(5)]
        await asyncio.sleep(0)
        assert connections._gates["a"].inside == 2
        connections.per_address = 4
        assert connections._gates["a"].inside == 4
        for _ in range(4):
            await inside.acquire()
        connections.per_address = 1
        for task in tasks[:3]:
            task.cancel()
        await asyncio.wait(tasks[:3])
        assert connections._gates["a"].inside == 1, "nobody comes in as long as more are in than may be"
        assert inside.locked()
        end.set()
    assert not connections._gates
