"""Runs what a command does on the network, so that a signal lets it clean up first."""

import asyncio
import contextlib
import signal
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from xmpp_exporter.cli.errors import Interrupted

Result = TypeVar("Result")

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run(work: Coroutine[Any, Any, Result], on_signal: Callable[[], None] = lambda: None) -> Result:
    """The result of `work`, in an event loop of its own.

    The first signal calls `on_signal` and cancels `work`, which is waited for; one more of the same ends the process at
    once. A signal that the process ignores, as under nohup, stays ignored. Raises Interrupted after a signal.
    """
    received: list[int] = []
    heard = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]

    async def main() -> Result:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None  # noqa: S101 - this is one

        def stop(number: signal.Signals) -> None:
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)
            if not received:
                task.cancel()
                with contextlib.suppress(OSError):  # the terminal may be gone: SIGHUP
                    on_signal()
            received.append(number)

        for number in heard:
            loop.add_signal_handler(number, stop, number)
        try:
            return await work
        finally:
            for number in heard:
                loop.remove_signal_handler(number)

    try:
        result = asyncio.run(main())
    except asyncio.CancelledError:
        if not received:
            raise
    if received:
        raise Interrupted(received[0])
    return result
