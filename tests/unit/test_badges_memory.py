"""What is remembered of Prometheus: how long it is good, who waits, and what is shown in an outage."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest
from structlog.testing import capture_logs

from tests.unit.virtual_time import run, wall_clock
from xmpp_badges.api import Away, Refused
from xmpp_badges.memory import PATIENCE, PAUSE, Known, Memory, Outage, Unanswered, if_answered, patience

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


def remembered(count: Callable[[str], None] = lambda became: None, **limits: int) -> Memory:
    return Memory(FRESH, STALE, Outage("it"), count, **limits)


def test_an_answer_is_good_for_a_while() -> None:
    async def main() -> None:
        memory, program = remembered(), Program()
        first = await memory.get("a", program.ask)
        assert first == Known(1, wall_clock())
        await asyncio.sleep(FRESH - 1)
        assert await memory.get("a", program.ask) == first
        await asyncio.sleep(2 * FRESH)
        assert (await memory.get("a", program.ask)).value == 2

    run(main())


def test_a_little_too_old_is_shown_while_it_is_asked_for_anew() -> None:
    async def main() -> None:
        memory, program = remembered(), Program()
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
        memory, program = remembered(), Program()
        found = await asyncio.gather(*(memory.get("a", program.ask) for _ in range(50)))
        assert {each.value for each in found} == {1}
        await asyncio.gather(memory.get("b", program.ask), memory.get("c", program.ask))
        assert program.asked == 3

    run(main())


def test_nobody_waits_for_a_program_that_hangs_and_the_question_goes_on() -> None:
    async def main() -> None:
        memory, program = remembered(), Program()
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
        memory, program = remembered(), Program()
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
        memory, program = remembered(lambda word: became.update([word])), Program()
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
        memory, program = remembered(), Program()
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
        memory, program = remembered(), Program()
        await memory.get("a", program.ask)
        program.away = True
        await asyncio.sleep(STALE + 1)
        with pytest.raises(Unanswered):
            await memory.get("a", program.ask)

    run(main())


def test_only_so_many_questions_are_asked_at_once() -> None:
    async def main() -> None:
        memory, program = remembered(at_once=3), Program()
        program.delay = 1
        started = wall_clock()
        with patience(60):
            await asyncio.gather(*(memory.get(key, program.ask) for key in range(9)))
        assert wall_clock() - started == pytest.approx(3)

    run(main())


@pytest.mark.parametrize("error", [KeyError("domain"), Refused("too many samples", 422)], ids=str)
def test_a_question_that_is_never_answered_is_asked_seldom_and_told_once(error: Exception) -> None:
    async def main() -> None:
        asked = 0

        async def ask() -> int:
            nonlocal asked
            asked += 1
            raise error

        memory, program = remembered(), Program()
        with capture_logs() as logged:
            for _ in range(2 * int(PAUSE)):
                with pytest.raises(Unanswered):
                    await memory.get("wrong", ask)
                await memory.get("right", program.ask)
                await asyncio.sleep(1)
        assert asked == 2
        assert [(entry["log_level"], entry["question"]) for entry in logged] == [("error", "wrong")]

    run(main())


def test_an_outage_and_its_end_are_told_once() -> None:
    async def main() -> None:
        memory, program = remembered(), Program()
        program.away = True
        with capture_logs() as logged:
            for away in (True, False):
                program.away = away
                await asyncio.sleep(PAUSE)
                await asyncio.gather(*(if_answered(memory.get(key, program.ask), None) for key in range(20)))
        assert [entry["event"] for entry in logged] == [
            "it does not answer, what is known is shown with its age",
            "it answers again",
        ]

    run(main())


def test_no_more_questions_wait_than_there_is_room_for() -> None:
    async def main() -> None:
        memory, program = remembered(at_once=1, waiting=2), Program()
        program.delay = 1
        with patience(60):
            found = await asyncio.gather(*(if_answered(memory.get(key, program.ask), 0) for key in range(9)))
            assert found == [1, 2, 3, 0, 0, 0, 0, 0, 0]
            assert (await memory.get(8, program.ask)).value == 4

    run(main())


def test_a_block_has_no_more_patience_than_the_one_around_it() -> None:
    async def main() -> None:
        memory, program = remembered(), Program()
        program.delay = 60
        started = wall_clock()
        with patience(1), patience(30):
            assert await if_answered(memory.get("a", program.ask), None) is None
        assert wall_clock() - started == pytest.approx(1)
        await memory.close()

    run(main())


def test_it_does_not_grow_without_end() -> None:
    async def main() -> None:
        memory, program = remembered(capacity=100), Program()
        program.delay = 0
        for number in range(150):
            await memory.get(number, program.ask)
        await memory.get(100, program.ask)
        assert program.asked == 150
        await memory.get(0, program.ask)
        assert program.asked == 151

    run(main())


def test_what_hangs_does_not_keep_the_rest_from_being_forgotten() -> None:
    async def main() -> None:
        memory, program = remembered(capacity=10), Program()
        program.delay = 0

        async def hang() -> int:
            await asyncio.Event().wait()
            return 0

        questions: list[Callable[[], Awaitable[int]]] = [hang, *(20 * [program.ask])]
        for number, ask in enumerate(questions):
            await if_answered(memory.get(number, ask), None)
        await memory.get(15, program.ask)
        assert program.asked == 20
        await memory.get(5, program.ask)
        assert program.asked == 21
        await memory.close()

    run(main())
