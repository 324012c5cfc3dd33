"""Signals let the work clean up first."""

import asyncio
import os
import signal
from collections.abc import Iterator

import pytest

from xmpp_exporter.cli.errors import Interrupted
from xmpp_exporter.cli.running import SIGNALS, run


@pytest.fixture(autouse=True)
def no_signal_ignored() -> Iterator[None]:
    """Whoever runs the tests may have ignored some."""
    before = {number: signal.signal(number, signal.default_int_handler) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


async def interrupted_by(number: int, done: list[str]) -> str:
    try:
        os.kill(os.getpid(), number)
        await asyncio.sleep(60)
    finally:
        await asyncio.sleep(0)
        done.append("cleaned up")
    return "never"


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_lets_the_work_clean_up_and_is_reported(number: signal.Signals) -> None:
    done: list[str] = []
    with pytest.raises(Interrupted) as interrupted:
        run(interrupted_by(number, done), lambda: done.append("told"))
    assert done == ["told", "cleaned up"]
    assert interrupted.value.exit_code == 128 + number


def test_a_terminal_that_is_gone_does_not_keep_the_work_from_cleaning_up() -> None:
    done: list[str] = []

    def fail() -> None:
        raise OSError("Input/output error")

    with pytest.raises(Interrupted):
        run(interrupted_by(signal.SIGHUP, done), fail)
    assert done == ["cleaned up"]


def test_without_a_signal_the_result_comes_back_and_the_handlers_are_as_before() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    before = [signal.getsignal(number) for number in SIGNALS]

    async def work() -> int:
        return 42

    assert run(work()) == 42
    assert [signal.getsignal(number) for number in SIGNALS] == before


def test_an_ignored_signal_stays_ignored() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)

    async def work() -> int:
        os.kill(os.getpid(), signal.SIGHUP)
        await asyncio.sleep(0)
        return 42

    assert run(work()) == 42
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_an_error_of_the_work_is_its_own() -> None:
    async def work() -> None:
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        run(work())
