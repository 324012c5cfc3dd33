"""What is remembered of Prometheus: how long it is good, who waits, and what is shown in an outage."""

import asyncio
from collections import Counter

import pytest

from tests.unit.virtual_time import run, wall_clock
from xmpp_badges.api import Away
from xmpp_badges.memory import PATIENCE, Known, Memory, Unanswered, if_answered, patience

FRESH, STALE = 30.0, 3600.0


class Program:
    """Answers with the number of the question, after `delay` seconds, if it is not away."""

    def __init__(self) -> None:
        self.asked = 0
        self.delay = 0.1
        self.away = False

    async def ask(self) -> int:
        self.asked += 1
        number = self.asked
        await asyncio.sleep(self.delay)
        if self.away:
            raise Away("nobody there")
        return number


def test_an_answer_is_good_for_a_while() -> None:
    async def main() -> None:
        memory, program = Memory(FRESH, STALE), Program()
        first = await memory.get("a", program.ask)
        assert first == Known(1, wall_clock())
        await asyncio.sleep(FRESH - 1)
        assert await memory.get("a", program.ask) == first
        await asyncio.sleep(2 * FRESH)
        assert (await memory.get("a", program.ask)).value == 2

    run(main())


def test_a_little_too_old_is_shown_while_it_is_asked_for_anew() -> None:
    async def main() -> None:
        memory, program = Memory(FRESH, STALE), Program()
        await memory.get("a", program.ask)
        await asyncio.sleep(FRESH + 1)
        started = wall_clock()
        found = await memory.get("a", program.ask)
        assert (found.value, found.stale, wall_clock() - started) == (1, False, 0)
        await asyncio.sleep(1)
        assert (await memory.get("a", program.ask)).value == 2

    run(main())


def test_many_who_want_the_same_ask_once() -> None:
    async def main() -> None:
        memory, program = Memory(FRESH, STALE), Program()
        found = await asyncio.gather(*(memory.get("a", program.ask) for _ in range(50)))
        assert {each.value for each in found} == {1}
        await asyncio.gather(memory.get("b", program.ask), memory.get("c", program.ask))
        assert program.asked == 3

    run(main())


def test_nobody_waits_for_a_program_that_hangs_and_the_question_goes_on() -> None:
    async def main() -> None:
        memory, program = Memory(FRESH, STALE), Program()
        program.delay = 4
        started = wall_clock()
        with pytest.raises(Unanswered):
            await memory.get("a", program.ask)
        assert wall_clock() - started == pytest.approx(PATIENCE)
        await asyncio.sleep(4)
        assert (await memory.get("a", program.ask)).value == 1

    run(main())


def test_all_questions_of_a_page_share_its_patience() -> None:
    async def main() -> None:
        memory, program = Memory(FRESH, STALE), Program()
        program.delay = 60
        started = wall_clock()
        with patience(2):
            for key in "abc":
                assert await if_answered(memory.get(key, program.ask), None) is None
        assert wall_clock() - started == pytest.approx(2)
        await memory.close()

    run(main())


def test_in_an_outage_what_is_remembered_is_stale_and_nobody_waits_twice() -> None:
    async def main() -> None:
        became: Counter[str] = Counter()
        memory, program = Memory(FRESH, STALE, lambda word: became.update([word])), Program()
        first = await memory.get("a", program.ask)
        program.away = True
        await asyncio.sleep(2 * FRESH + 1)
        assert await memory.get("a", program.ask) == Known(1, first.asked, stale=True)
        program.delay = 60
        await asyncio.sleep(60)
        started = wall_clock()
        assert (await memory.get("a", program.ask)).stale
        assert wall_clock() - started == 0
        assert became == {"fresh": 1, "stale": 2}
        await memory.close()

    run(main())


def test_what_is_not_answered_is_asked_again_after_a_pause_only() -> None:
    async def main() -> None:
        memory, program = Memory(FRESH, STALE), Program()
        program.away = True
        for _ in range(20):
            with pytest.raises(Unanswered):
                await memory.get("a", program.ask)
            await asyncio.sleep(0.5)
        assert 2 <= program.asked <= 3
        program.away = False
        await asyncio.sleep(5)
        assert not (await memory.get("a", program.ask)).stale

    run(main())


def test_what_is_too_old_is_not_shown_any_more() -> None:
    async def main() -> None:
        memory, program = Memory(FRESH, STALE), Program()
        await memory.get("a", program.ask)
        program.away = True
        await asyncio.sleep(STALE + 1)
        with pytest.raises(Unanswered):
            await memory.get("a", program.ask)

    run(main())


def test_only_so_many_questions_are_asked_at_once() -> None:
    async def main() -> None:
        memory, program = Memory(FRESH, STALE, at_once=3), Program()
        program.delay = 1
        started = wall_clock()
        with patience(60):
            await asyncio.gather(*(memory.get(key, program.ask) for key in range(9)))
        assert wall_clock() - started == pytest.approx(3)

    run(main())


def test_a_fault_of_ours_is_no_answer() -> None:
    async def main() -> None:
        async def ask() -> int:
            raise KeyError("domain")

        with pytest.raises(Unanswered):
            await Memory(FRESH, STALE).get("a", ask)

    run(main())


def test_it_does_not_grow_without_end() -> None:
    async def main() -> None:
        memory, program = Memory(FRESH, STALE, capacity=100), Program()
        program.delay = 0
        for number in range(150):
            await memory.get(number, program.ask)
        await memory.get(100, program.ask)
        assert program.asked == 150
        await memory.get(0, program.ask)
        assert program.asked == 151

    run(main())
