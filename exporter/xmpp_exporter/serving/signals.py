"""What a service does on signals: SIGTERM and SIGINT end it, SIGHUP makes it read its configuration again."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from typing import Any, NoReturn

_END = (signal.SIGTERM, signal.SIGINT)


async def until_stopped(reload: Callable[[], Awaitable[None]]) -> signal.Signals:
    """Waits for SIGTERM or SIGINT and returns which it was; the next one then ends the program at once.

    Every SIGHUP meanwhile calls `reload`, one at a time; those that come during a reload count as one more. What
    `reload` raises is raised here; a reload that still runs at the end is cancelled.
    """
    loop = asyncio.get_running_loop()
    stopped: asyncio.Future[signal.Signals] = loop.create_future()
    hung_up = asyncio.Event()

    def stop(received: signal.Signals) -> None:
        if not stopped.done():
            stopped.set_result(received)

    for each in _END:
        loop.add_signal_handler(each, stop, each)
    loop.add_signal_handler(signal.SIGHUP, hung_up.set)
    reloading = asyncio.create_task(_reload_on(hung_up, reload))
    try:
        either: set[asyncio.Future[Any]] = {stopped, reloading}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        return stopped.result() if stopped.done() else await reloading
    finally:
        for each in (*_END, signal.SIGHUP):
            loop.remove_signal_handler(each)
        reloading.cancel()
        await asyncio.wait({reloading})


async def _reload_on(hung_up: asyncio.Event, reload: Callable[[], Awaitable[None]]) -> NoReturn:
    while True:
        await hung_up.wait()
        hung_up.clear()
        await reload()
