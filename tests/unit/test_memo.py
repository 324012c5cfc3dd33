"""What is shared between awaiters: one piece of work, and an error for each."""

import asyncio
import traceback
from collections.abc import Callable

import pytest

from xmpp_exporter.memo import Memo, copy_of, together
from xmpp_exporter.model import Failure
from xmpp_exporter.wire import errors
from xmpp_exporter.wire.errors import LoginFailed, StanzaError, TimedOut

LIMIT = 10


async def test_the_work_is_done_once_for_all_who_ask() -> None:
    memo, done = Memo[str, int](), list[str]()

    async def work() -> int:
        await asyncio.sleep(0)
        done.append("x")
        return len(done)

    assert await asyncio.gather(*(memo.get("a", work) for _ in range(5))) == [1] * 5
    assert await memo.get("a", work) == 1
    assert await memo.get("b", work) == 2
    await memo.close()


async def test_each_who_waits_gets_an_error_of_its_own() -> None:
    memo = Memo[str, int]()

    async def work() -> int:
        try:
            raise OSError("below")
        except OSError as error:
            raise StanzaError("forbidden", "no", "a.test") from error

    async def ask() -> StanzaError:
        with pytest.raises(StanzaError) as raised:
            await memo.get("a", work)
        return raised.value

    found = [await ask() for _ in range(20)]
    assert len({id(error) for error in found}) == 20
    found[0].detail += " (asked for something)"
    assert {error.detail for error in found[1:]} == {"forbidden: no"}
    assert {(error.condition, error.text, error.sender, str(error.__cause__)) for error in found} == {
        ("forbidden", "no", "a.test", "below")
    }
    lengths = {len(traceback.extract_tb(error.__traceback__)) for error in found}
    assert len(lengths) == 1, "the tracebacks do not pile up"
    await memo.close()


async def test_one_who_gives_up_does_not_stop_the_work_for_the_others() -> None:
    memo, go_on = Memo[str, str](), asyncio.Event()

    async def work() -> str:
        await go_on.wait()
        return "done"

    impatient, patient = (asyncio.create_task(memo.get("a", work)) for _ in range(2))
    await asyncio.sleep(0)
    impatient.cancel()
    await asyncio.wait([impatient])
    assert impatient.cancelled()
    go_on.set()
    async with asyncio.timeout(LIMIT):
        assert await patient == "done"
    await memo.close()


async def test_closing_ends_the_work_and_those_who_wait_for_it() -> None:
    memo = Memo[str, bool]()
    waiting = asyncio.create_task(memo.get("a", asyncio.Event().wait))
    await asyncio.sleep(0)
    before = len(asyncio.all_tasks())
    async with asyncio.timeout(LIMIT):
        await memo.close()
        await asyncio.wait([waiting])
    assert waiting.cancelled()
    assert len(asyncio.all_tasks()) == before - 2


MADE: dict[type, Callable[[], errors.WireError]] = {
    LoginFailed: lambda: LoginFailed(Failure.BAD_PASSWORD, "detail"),
    errors.StreamRefused: lambda: errors.StreamRefused("host-unknown", "detail"),
    errors.StunRefused: lambda: errors.StunRefused(401, "detail", {}),
}
"""Those that say more than a detail."""


@pytest.mark.parametrize("kind", [each for each in vars(errors).values() if isinstance(each, type)])
def test_every_error_of_the_wire_can_be_copied(kind: type) -> None:
    if not issubclass(kind, errors.WireError):
        return
    original = MADE.get(kind, lambda: kind("detail"))()
    copy = copy_of(original)
    assert type(copy) is kind and copy is not original
    assert (copy.detail, copy.failure, copy.reason, str(copy)) == (
        original.detail, original.failure, original.reason, str(original)
    )  # fmt: skip


async def test_both_end_before_the_error_of_one_is_raised() -> None:
    ended = []

    async def fails() -> None:
        raise TimedOut("first")

    async def takes_longer() -> None:
        for _ in range(3):
            await asyncio.sleep(0)
        ended.append("second")

    with pytest.raises(TimedOut, match="first"):
        await together(fails(), takes_longer())
    assert ended == ["second"]
