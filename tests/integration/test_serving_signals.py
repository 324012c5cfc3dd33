"""A service ends on SIGTERM and SIGINT, and reads its configuration again on SIGHUP."""

import asyncio
import os
import signal

import pytest

from xmpp_exporter.serving.signals import until_stopped


def send(received: signal.Signals) -> None:
    os.kill(os.getpid(), received)


async def nothing() -> None:
    return


@pytest.mark.parametrize("which", [signal.SIGTERM, signal.SIGINT])
async def test_it_ends_on_the_signals_that_end_programs_and_restores_their_meaning(which: signal.Signals) -> None:
    before = signal.getsignal(which)
    waiting = asyncio.create_task(until_stopped(nothing))
    await asyncio.sleep(0)
    send(which)
    async with asyncio.timeout(5):
        assert await waiting == which
    assert signal.getsignal(which) in (before, signal.SIG_DFL, signal.default_int_handler)


async def test_each_hang_up_reloads_and_those_during_a_reload_count_as_one_more() -> None:
    begun = asyncio.Semaphore(0)
    go_on = asyncio.Semaphore(0)
    reloads = 0

    async def reload() -> None:
        nonlocal reloads
        reloads += 1
        begun.release()
        await go_on.acquire()

    async with asyncio.timeout(5):
        waiting = asyncio.create_task(until_stopped(reload))
        await asyncio.sleep(0)
        send(signal.SIGHUP)
        await begun.acquire()
        send(signal.SIGHUP)
        send(signal.SIGHUP)
        go_on.release()
        await begun.acquire()
        send(signal.SIGTERM)
        assert await waiting == signal.SIGTERM
    assert reloads == 2


async def test_what_a_reload_raises_is_not_lost() -> None:
    async def reload() -> None:
        raise RuntimeError("a fault of ours")

    waiting = asyncio.create_task(until_stopped(reload))
    await asyncio.sleep(0)
    send(signal.SIGHUP)
    async with asyncio.timeout(5):
        with pytest.raises(RuntimeError, match="a fault of ours"):
            await waiting
