"""Which server is probed when, over hours, with a stub for the probe."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.unit.virtual_time import run, set_wall_clock, wall_clock
from xmpp_exporter.config import ServerConfig
from xmpp_exporter.limits import Admission
from xmpp_exporter.model import Failure, ProbeKind, ProbeReport
from xmpp_exporter.schedule import Schedule, Turn
from xmpp_exporter.slots import next_slot, offset
from xmpp_exporter.store import Store

AVAILABILITY, COMPLIANCE = ProbeKind.AVAILABILITY, ProbeKind.COMPLIANCE
HOUR = 3600.0


def server(domain: str, **settings: Any) -> ServerConfig:
    return ServerConfig(domain=domain, relation="own", **settings)


def report_of(config: ServerConfig, kind: ProbeKind, failure: Failure | None = None) -> ProbeReport:
    return ProbeReport(config.domain, kind, wall_clock(), 1.0, failure is None, failure)


async def nothing() -> None:
    return


@dataclass
class Stub:
    """Notes when which probe begins and ends, and does what `behaviours` has for its domain."""

    behaviours: dict[str, Callable[[], Awaitable[object]]] = field(default_factory=dict)
    failures: dict[str, Failure] = field(default_factory=dict)
    begun: list[tuple[str, ProbeKind, float]] = field(default_factory=list)
    now: Counter[tuple[str, ProbeKind]] = field(default_factory=Counter)
    most: Counter[tuple[str, ProbeKind]] = field(default_factory=Counter)
    numbers: list[int] = field(default_factory=list)

    async def probe(self, config: ServerConfig, kind: ProbeKind, number: int) -> ProbeReport:
        key = (config.domain, kind)
        self.begun.append((*key, wall_clock()))
        self.numbers.append(number)
        self.now[key] += 1
        self.most[key] = max(self.most[key], self.now[key])
        report = report_of(config, kind, self.failures.get(config.domain))
        try:
            await self.behaviours.get(config.domain, nothing)()
        finally:
            self.now[key] -= 1
        return report

    def times(self, domain: str, kind: ProbeKind = AVAILABILITY) -> list[float]:
        return [time for each, its_kind, time in self.begun if (each, its_kind) == (domain, kind)]


def schedule_of(
    stub: Stub, store: Store | None = None, publish: Callable[[Turn, ProbeReport], None] | None = None
) -> Schedule:
    return Schedule(stub.probe, store or Store(), publish or (lambda turn, report: None))


async def probing(stub: Stub, servers: list[ServerConfig], seconds: float, store: Store | None = None) -> None:
    schedule = schedule_of(stub, store)
    await schedule.configure(servers)
    await asyncio.sleep(seconds)
    await schedule.stop()


def test_a_new_server_is_probed_at_once_and_then_in_its_slots() -> None:
    async def main() -> None:
        stub, start = Stub(), wall_clock()
        await probing(stub, [server("a.test")], HOUR)
        times = stub.times("a.test")
        assert times[0] == start
        assert 60 <= len(times) - 1 <= 61
        for time in times[1:]:
            assert (time - offset("a.test", AVAILABILITY, 60)) % 60 == pytest.approx(0, abs=0.01)
        assert stub.numbers[:2] == [0, 0]
        assert max(stub.numbers) == len(times) - 1

    run(main())


def test_a_known_server_waits_for_its_slot_and_a_restart_changes_none() -> None:
    async def main() -> None:
        store, first, second = Store(), Stub(), Stub()
        await probing(first, [server("a.test")], 100, store)
        expected = next_slot("a.test", AVAILABILITY, 60, wall_clock())
        await probing(second, [server("a.test")], 100, store)
        assert second.times("a.test")[0] == pytest.approx(expected, abs=0.01)
        assert second.times("a.test", COMPLIANCE) == []

    run(main())


def test_an_overdue_server_is_probed_at_once() -> None:
    async def main() -> None:
        store, first, second = Store(), Stub(), Stub()
        await probing(first, [server("a.test")], 10, store)
        await asyncio.sleep(2 * HOUR)
        restarted = wall_clock()
        await probing(second, [server("a.test")], 1, store)
        assert second.times("a.test") == [restarted]
        assert second.times("a.test", COMPLIANCE) == [restarted]

    run(main())


@pytest.mark.parametrize(("number", "seconds"), [(20, 0.0), (600, 12.0)])
def test_a_handful_of_new_servers_start_at_once_and_many_one_after_the_other(number: int, seconds: float) -> None:
    async def main() -> None:
        stub, start = Stub(), wall_clock()
        await probing(stub, [server(f"s{each}.test") for each in range(number)], 14.9)
        firsts = [stub.times(f"s{each}.test")[0] - start for each in range(number)]
        assert 0.9 * seconds <= max(firsts) <= seconds
        assert max(Counter(int(first) for first in firsts).values()) < 100

    run(main())


def test_known_servers_are_spread_over_the_interval() -> None:
    async def main() -> None:
        servers = [server(f"s{number}.test") for number in range(600)]
        store, stub = Store(), Stub()
        for each in servers:
            for kind in ProbeKind:
                store.take(report_of(each, kind))
        start = wall_clock()
        await probing(stub, servers, 59.9, store)
        by_ten_seconds = Counter(int((time - start) // 10) for _, kind, time in stub.begun if kind is AVAILABILITY)
        assert sorted(by_ten_seconds) == list(range(6))
        assert max(by_ten_seconds.values()) < 140

    run(main())


def test_a_probe_that_takes_too_long_skips_slots_and_never_meets_itself() -> None:
    async def main() -> None:
        stub = Stub({"slow.test": lambda: asyncio.sleep(150)})
        await probing(stub, [server("slow.test")], HOUR)
        assert stub.most["slow.test", AVAILABILITY] == 1
        times = stub.times("slow.test")
        assert all(later - earlier >= 150 for earlier, later in itertools.pairwise(times))
        assert len(times) > HOUR / 240
        for time in times[1:]:
            assert (time - offset("slow.test", AVAILABILITY, 60)) % 60 == pytest.approx(0, abs=0.01)

    run(main())


def test_a_server_that_never_ends_delays_no_other() -> None:
    async def main() -> None:
        stub = Stub({"stuck.test": asyncio.Event().wait})
        await probing(stub, [server("stuck.test"), server("a.test")], HOUR)
        assert len(stub.times("stuck.test")) == 1
        assert len(stub.times("a.test")) >= 60
        assert stub.now.total() == 0

    run(main())


def test_a_fault_in_showing_a_report_does_not_end_the_probes() -> None:
    async def main() -> None:
        def publish(turn: Turn, report: ProbeReport) -> None:
            raise RuntimeError("a fault of ours")

        stub = Stub()
        schedule = schedule_of(stub, publish=publish)
        await schedule.configure([server("a.test")])
        await asyncio.sleep(200)
        await schedule.stop()
        assert len(stub.times("a.test")) >= 4

    run(main())


def test_probes_and_failures_are_counted_by_reason() -> None:
    async def main() -> None:
        seen: list[tuple[int, dict[Failure, int]]] = []
        stub = Stub(failures={"a.test": Failure.REFUSED})
        schedule = schedule_of(stub, publish=lambda turn, report: seen.append((turn.total, dict(turn.failures))))
        await schedule.configure([server("a.test", intervals={"compliance": "1d"})])
        await asyncio.sleep(130)
        await schedule.stop()
        assert (1, {Failure.REFUSED: 1}) in seen
        assert seen[-1] == (3, {Failure.REFUSED: 3})

    run(main())


def test_a_reload_leaves_unchanged_servers_alone_starts_new_ones_and_stops_the_others() -> None:
    async def main() -> None:
        cleaned: list[str] = []

        async def until_cancelled() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(2)  # cleaning up on the server
                cleaned.append("gone.test")

        stub = Stub({"same.test": lambda: asyncio.sleep(30), "gone.test": until_cancelled})
        schedule = schedule_of(stub)
        await schedule.configure([server("same.test"), server("gone.test"), server("changed.test")])
        await asyncio.sleep(5)
        running, turn = schedule.running("same.test", AVAILABILITY), schedule.turns["same.test", AVAILABILITY]
        assert running is not None
        reloaded = wall_clock()
        await schedule.configure([server("same.test"), server("changed.test", exclude=("turn",)), server("new.test")])
        assert schedule.running("same.test", AVAILABILITY) is running
        assert schedule.turns["same.test", AVAILABILITY] is turn
        assert schedule.turns["changed.test", AVAILABILITY].config.exclude == ("turn",)
        assert ("gone.test", AVAILABILITY) not in schedule.turns
        await asyncio.sleep(120)
        assert cleaned == ["gone.test", "gone.test"]
        assert stub.times("new.test")[0] - reloaded < 1
        assert len(stub.times("gone.test")) == 1
        assert len(stub.times("same.test")) >= 2
        await schedule.stop()
        assert stub.now.total() == 0

    run(main())


def test_a_server_whose_settings_change_keeps_its_counts_and_its_slot() -> None:
    async def main() -> None:
        stub, store = Stub(failures={"a.test": Failure.DNS}), Store()
        schedule = schedule_of(stub, store)
        await schedule.configure([server("a.test")])
        await asyncio.sleep(300)
        before = schedule.turns["a.test", AVAILABILITY]
        await schedule.configure([server("a.test", exclude=("turn",))])
        turn = schedule.turns["a.test", AVAILABILITY]
        assert turn is not before
        assert (turn.total, turn.failures) == (before.total, before.failures)
        assert turn.total >= 5
        assert turn.due == pytest.approx(next_slot("a.test", AVAILABILITY, 60, wall_clock()), abs=0.01)
        await schedule.stop()

    run(main())


def test_stopping_cancels_what_runs_and_waits_until_it_has_cleaned_up() -> None:
    async def main() -> None:
        cleaned = []

        async def clean_up() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(3)
                cleaned.append(wall_clock())

        stub, start = Stub({"a.test": clean_up}), wall_clock()
        schedule = schedule_of(stub)
        await schedule.configure([server("a.test")])
        await asyncio.sleep(1)
        await schedule.stop()
        assert cleaned == [start + 4, start + 4]
        assert len(asyncio.all_tasks()) == 1

    run(main())


@dataclass
class Silent:
    """A server that never answers, not even when a probe wants to clean up there, for `patience` seconds each time."""

    patience: float = 100.0
    cleaned: list[float] = field(default_factory=list)
    broken_off: list[float] = field(default_factory=list)

    async def __call__(self) -> None:
        async with asyncio.TaskGroup() as group:  # as the checks of a probe run
            group.create_task(self._check())
            group.create_task(asyncio.Event().wait())

    async def _check(self) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            try:
                await asyncio.sleep(self.patience)
                self.cleaned.append(wall_clock())
            except asyncio.CancelledError:
                self.broken_off.append(wall_clock())
                raise


def test_a_server_that_does_not_let_us_clean_up_does_not_hold_up_the_end() -> None:
    silent = Silent()

    async def main() -> tuple[float, float]:
        stub = Stub({"silent.test": silent})
        schedule = schedule_of(stub)
        await schedule.configure([server("silent.test"), server("a.test")])
        await asyncio.sleep(1)
        told = wall_clock()
        await schedule.stop(asyncio.get_running_loop().time() + 20)
        return told, wall_clock()

    told, ended = run(main())
    assert ended - told == pytest.approx(20)
    assert silent.cleaned == []
    assert silent.broken_off == [ended, ended]  # one for each kind of probe, as the event loop ended


def test_a_reload_does_not_wait_until_old_probes_have_cleaned_up_and_the_end_does() -> None:
    async def main() -> None:
        silent = Silent(patience=10)
        stub = Stub({"slow.test": silent})
        schedule = schedule_of(stub)
        await schedule.configure([server("slow.test")])
        await asyncio.sleep(1)
        reloaded = wall_clock()
        await schedule.configure([server("new.test")])
        assert wall_clock() == reloaded
        await asyncio.sleep(1)
        assert len(stub.times("new.test")) == 1
        await schedule.stop()
        assert silent.cleaned == [reloaded + 10] * 2

    run(main())


def test_a_changed_server_is_probed_again_once_its_old_probe_has_cleaned_up() -> None:
    async def main() -> None:
        silent = Silent(patience=10)
        stub = Stub({"a.test": silent})
        schedule = schedule_of(stub)
        await schedule.configure([server("a.test")])
        await asyncio.sleep(1)
        reloaded = wall_clock()
        for exclude in ("turn", "stun", "xep0363"):  # told three times while it cleans up
            await schedule.configure([server("a.test", exclude=(exclude,))])
            await asyncio.sleep(1)
        await asyncio.sleep(60)
        assert stub.times("a.test") == [reloaded - 1, reloaded + 10]
        assert stub.most["a.test", AVAILABILITY] == 1
        await schedule.stop()
        assert len(asyncio.all_tasks()) == 1

    run(main())


def test_a_reload_that_is_cancelled_loses_no_probe_that_cleans_up() -> None:
    async def main() -> None:
        silent = Silent(patience=10)
        stub = Stub({"slow.test": silent})
        schedule = schedule_of(stub)
        await schedule.configure([server("slow.test")])
        await asyncio.sleep(1)
        for step in range(3):
            reload = asyncio.create_task(schedule.configure([server(f"new{step}.test")]))
            await asyncio.sleep(step)
            reload.cancel()
        told = wall_clock()
        await schedule.stop()
        assert len(silent.cleaned) == 2
        assert silent.cleaned[0] > told
        assert len(asyncio.all_tasks()) == 1

    run(main())


def test_a_wall_clock_that_is_set_back_holds_up_no_probe() -> None:
    async def main() -> None:
        stub = Stub()
        schedule = schedule_of(stub)
        await schedule.configure([server("a.test")])
        await asyncio.sleep(10)
        set_wall_clock(by=-HOUR)
        before = len(stub.times("a.test"))
        await asyncio.sleep(200)
        assert len(stub.times("a.test")) - before >= 2
        await schedule.stop()

    run(main())


def test_a_wall_clock_that_is_set_forward_makes_probes_due() -> None:
    async def main() -> None:
        stub = Stub()
        schedule = schedule_of(stub)
        await schedule.configure([server("a.test", intervals={"compliance": "1d"})])
        await asyncio.sleep(10)
        set_wall_clock(by=86_400)
        await asyncio.sleep(61)
        assert len(stub.times("a.test", COMPLIANCE)) == 2
        await schedule.stop()

    run(main())


def test_the_lag_is_that_of_the_most_overdue_probe_that_has_not_begun() -> None:
    async def main() -> None:
        stub = Stub({"stuck.test": asyncio.Event().wait})
        schedule = schedule_of(stub)
        assert schedule.lag(AVAILABILITY, wall_clock()) == 0
        await schedule.configure([server("stuck.test"), server("a.test")])
        await asyncio.sleep(1)
        assert schedule.lag(AVAILABILITY, wall_clock()) == 0
        schedule.turns["a.test", AVAILABILITY].due = wall_clock() - 7
        assert schedule.lag(AVAILABILITY, wall_clock()) == 7
        assert schedule.lag(COMPLIANCE, wall_clock()) == 0
        await schedule.stop()

    run(main())


def test_the_wait_for_a_place_is_known() -> None:
    async def main() -> None:
        admission = Admission(concurrent=1)
        assert admission.longest_wait(AVAILABILITY) == 0

        async def visit(kind: ProbeKind) -> None:
            async with admission.enter(kind, ["192.0.2.1"]):
                await asyncio.sleep(100)

        visits = [asyncio.create_task(visit(AVAILABILITY))]
        await asyncio.sleep(10)
        assert admission.longest_wait(AVAILABILITY) == 0
        for _ in range(2):
            visits.append(asyncio.create_task(visit(AVAILABILITY)))
            await asyncio.sleep(20)
        assert admission.longest_wait(AVAILABILITY) == 40
        assert admission.longest_wait(COMPLIANCE) == 0
        await asyncio.gather(*visits)
        assert admission.longest_wait(AVAILABILITY) == 0

    run(main())
