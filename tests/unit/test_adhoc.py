"""Probes on request: joined, fresh but seldom, and never in anybody's way."""

import asyncio
from dataclasses import replace

import pytest

from tests.unit.golden_page import GOOD, GOOD_AVAILABILITY
from tests.unit.virtual_time import run, wall_clock
from xmpp_exporter.adhoc import FRESH_EVERY, AdHoc, Interrupted
from xmpp_exporter.config import ServerConfig
from xmpp_exporter.model import ProbeKind, ProbeReport
from xmpp_exporter.wire.trace import Trace

AVAILABILITY = ProbeKind.AVAILABILITY
FOREIGN = ServerConfig(domain="foreign.test")
PROMISED = {ProbeKind.AVAILABILITY: 15 * 60.0, ProbeKind.COMPLIANCE: 24 * 3600.0}
"""Seconds between probes of a foreign server."""


class Stub:
    """A probe of some seconds that leaves a line in its trace; and the schedule's, if one is to run."""

    def __init__(self, seconds: float = 5.0) -> None:
        self.runs = 0
        self.cleaned = 0
        self.seconds = seconds
        self.scheduled: asyncio.Task[ProbeReport] | None = None
        self.known: ProbeReport | None = None
        self.adhoc = AdHoc(self.probe, lambda domain, kind: self.scheduled, lambda domain, kind: self.known)

    async def probe(self, config: ServerConfig, kind: ProbeKind, trace: Trace) -> ProbeReport:
        self.runs += 1
        trace.note("hello")
        try:
            await asyncio.sleep(self.seconds)
        finally:
            self.cleaned += 1
        return GOOD_AVAILABILITY


def test_those_who_ask_together_share_one_run() -> None:
    async def main() -> None:
        stub = Stub()
        answers = await asyncio.gather(*(stub.adhoc.report(GOOD, AVAILABILITY, 60) for _ in range(5)))
        assert stub.runs == 1
        assert answers == [(GOOD_AVAILABILITY, [])] * 5

    run(main())


@pytest.mark.parametrize("kind", ProbeKind)
def test_a_fresh_run_comes_only_after_a_while(kind: ProbeKind) -> None:
    async def main() -> None:
        stub = Stub()
        await stub.adhoc.report(GOOD, kind, 60)
        await asyncio.sleep(FRESH_EVERY[kind] - 6)
        await stub.adhoc.report(GOOD, kind, 60)
        assert stub.runs == 1
        await asyncio.sleep(2)
        await stub.adhoc.report(GOOD, kind, 60)
        assert stub.runs == 2

    run(main())


def test_a_run_that_takes_longer_than_the_pause_is_joined_and_not_doubled() -> None:
    async def main() -> None:
        stub = Stub(seconds=100)
        with pytest.raises(TimeoutError):
            await stub.adhoc.report(GOOD, AVAILABILITY, 50)
        await stub.adhoc.report(GOOD, AVAILABILITY, 60)
        assert stub.runs == 1

    run(main())


def test_who_waits_no_longer_leaves_the_run_to_the_next_one() -> None:
    async def main() -> None:
        stub = Stub(seconds=10)
        with pytest.raises(TimeoutError):
            await stub.adhoc.report(GOOD, AVAILABILITY, 1)
        report, _ = await stub.adhoc.report(GOOD, AVAILABILITY, 60)
        assert (report, stub.runs) == (GOOD_AVAILABILITY, 1)

    run(main())


def test_who_goes_away_leaves_the_run_to_the_others() -> None:
    async def main() -> None:
        stub = Stub(seconds=10)
        gone = asyncio.create_task(stub.adhoc.report(GOOD, AVAILABILITY, 60))
        waiting = asyncio.create_task(stub.adhoc.report(GOOD, AVAILABILITY, 60))
        await asyncio.sleep(1)
        gone.cancel()
        assert (await waiting)[0] == GOOD_AVAILABILITY

    run(main())


def test_a_running_scheduled_probe_is_joined() -> None:
    async def main() -> None:
        stub = Stub()
        stub.scheduled = asyncio.create_task(stub.probe(GOOD, AVAILABILITY, Trace()))
        assert await stub.adhoc.report(GOOD, AVAILABILITY, 60, traced=True) == (GOOD_AVAILABILITY, [])
        assert stub.runs == 1

    run(main())


def test_a_scheduled_probe_that_is_stopped_interrupts_who_has_joined_it() -> None:
    async def main() -> None:
        stub = Stub()
        stub.scheduled = asyncio.create_task(stub.probe(GOOD, AVAILABILITY, Trace()))
        waiting = asyncio.create_task(stub.adhoc.report(GOOD, AVAILABILITY, 60))
        await asyncio.sleep(1)
        stub.scheduled.cancel()
        with pytest.raises(Interrupted):
            await waiting

    run(main())


def test_a_trace_is_kept_for_a_run_that_was_begun_for_it() -> None:
    async def main() -> None:
        stub = Stub()
        _, trace = await stub.adhoc.report(GOOD, AVAILABILITY, 60, traced=True)
        assert [line.partition("#")[2] for line in trace] == [" hello"]
        await asyncio.sleep(60)
        assert (await stub.adhoc.report(GOOD, AVAILABILITY, 60))[1] == []

    run(main())


def test_other_settings_are_probed_afresh() -> None:
    async def main() -> None:
        stub = Stub()
        await stub.adhoc.report(GOOD, AVAILABILITY, 60)
        await stub.adhoc.report(GOOD.model_copy(update={"exclude": ("turn",)}), AVAILABILITY, 60)
        assert stub.runs == 2

    run(main())


@pytest.mark.parametrize("kind", ProbeKind)
def test_a_foreign_server_is_probed_no_more_often_than_promised_whoever_asks(kind: ProbeKind) -> None:
    async def main() -> None:
        stub = Stub()
        for _ in range(20):
            assert (await stub.adhoc.report(FOREIGN, kind, 60))[0] == GOOD_AVAILABILITY
            await asyncio.sleep((PROMISED[kind] - 10) / 20)
        assert stub.runs == 1
        await stub.adhoc.report(FOREIGN, kind, 60)
        await asyncio.sleep(15)
        await stub.adhoc.report(FOREIGN, kind, 60)
        assert stub.runs == 2

    run(main())


@pytest.mark.parametrize("kind", ProbeKind)
def test_the_schedules_last_probe_of_a_foreign_server_counts_too(kind: ProbeKind) -> None:
    async def main() -> None:
        stub = Stub()
        stub.known = replace(GOOD_AVAILABILITY, domain="foreign.test", probe=kind, started=wall_clock() - 30)
        assert await stub.adhoc.report(FOREIGN, kind, 60, traced=True) == (stub.known, [])
        await asyncio.sleep(PROMISED[kind] - 31)
        await stub.adhoc.report(FOREIGN, kind, 60)
        assert stub.runs == 0
        await asyncio.sleep(2)
        await stub.adhoc.report(FOREIGN, kind, 60)
        assert stub.runs == 1

    run(main())


def test_other_settings_are_no_reason_to_probe_a_foreign_server_again() -> None:
    async def main() -> None:
        stub = Stub()
        await stub.adhoc.report(FOREIGN, AVAILABILITY, 60)
        await stub.adhoc.report(FOREIGN.model_copy(update={"exclude": ("turn",)}), AVAILABILITY, 60)
        assert stub.runs == 1

    run(main())


def test_the_interval_of_a_foreign_server_may_be_longer_than_the_least() -> None:
    async def main() -> None:
        stub, hourly = Stub(), ServerConfig.model_validate({"domain": "slow.test", "intervals": {"availability": "1h"}})
        await stub.adhoc.report(hourly, AVAILABILITY, 60)
        await asyncio.sleep(3500)
        await stub.adhoc.report(hourly, AVAILABILITY, 60)
        assert stub.runs == 1
        await asyncio.sleep(101)
        await stub.adhoc.report(hourly, AVAILABILITY, 60)
        assert stub.runs == 2

    run(main())


def test_what_is_known_of_a_server_that_agreed_keeps_nobody_from_a_fresh_look() -> None:
    async def main() -> None:
        stub = Stub()
        stub.known = replace(GOOD_AVAILABILITY, started=wall_clock() - 1)
        await stub.adhoc.report(GOOD, AVAILABILITY, 60)
        assert stub.runs == 1

    run(main())


def test_the_end_cleans_up_and_nothing_begins_any_more() -> None:
    async def main() -> None:
        stub = Stub()
        waiting = asyncio.create_task(stub.adhoc.report(GOOD, AVAILABILITY, 60))
        await asyncio.sleep(1)
        await stub.adhoc.close()
        assert stub.cleaned == 1
        with pytest.raises(Interrupted):
            await waiting
        for kind in ProbeKind:
            with pytest.raises(Interrupted):
                await stub.adhoc.report(GOOD, kind, 60)
        assert stub.runs == 1

    run(main())


def test_the_end_does_not_wait_for_ever_for_a_server_that_does_not_let_us_clean_up() -> None:
    async def main() -> None:
        stub = Stub()
        broken_off = []

        async def probe(config: ServerConfig, kind: ProbeKind, trace: Trace) -> ProbeReport:
            try:
                await asyncio.Event().wait()
            finally:
                try:
                    await asyncio.sleep(1000)
                finally:
                    broken_off.append(wall_clock())
            return GOOD_AVAILABILITY

        adhoc = AdHoc(probe, lambda domain, kind: stub.scheduled, lambda domain, kind: stub.known)
        waiting = asyncio.create_task(adhoc.report(GOOD, AVAILABILITY, 5000))
        await asyncio.sleep(1)
        told = wall_clock()
        await adhoc.close(asyncio.get_running_loop().time() + 20)
        with pytest.raises(Interrupted):
            await waiting
        assert broken_off == [told + 20]

    run(main())
