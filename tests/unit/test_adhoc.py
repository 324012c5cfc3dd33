"""Probes on request: joined, fresh but seldom, and never in anybody's way."""

import asyncio

import pytest

from tests.unit.golden_page import GOOD, GOOD_AVAILABILITY
from tests.unit.virtual_time import run
from xmpp_exporter.adhoc import FRESH_EVERY, AdHoc, Interrupted
from xmpp_exporter.config import ServerConfig
from xmpp_exporter.model import ProbeKind, ProbeReport
from xmpp_exporter.wire.trace import Trace

AVAILABILITY = ProbeKind.AVAILABILITY


class Stub:
    """A probe of some seconds that leaves a line in its trace; and the schedule's, if one is to run."""

    def __init__(self, seconds: float = 5.0) -> None:
        self.runs = 0
        self.cleaned = 0
        self.seconds = seconds
        self.scheduled: asyncio.Task[ProbeReport] | None = None
        self.adhoc = AdHoc(self.probe, lambda domain, kind: self.scheduled)

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


def test_the_end_cleans_up_and_nothing_begins_any_more() -> None:
    async def main() -> None:
        stub = Stub()
        waiting = asyncio.create_task(stub.adhoc.report(GOOD, AVAILABILITY, 60))
        await asyncio.sleep(1)
        await stub.adhoc.close()
        assert stub.cleaned == 1
        with pytest.raises(Interrupted):
            await waiting
        with pytest.raises(Interrupted):
            await stub.adhoc.report(GOOD, AVAILABILITY, 60)
        assert stub.runs == 1

    run(main())
