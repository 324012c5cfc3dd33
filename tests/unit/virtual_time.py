"""An event loop on which hours pass in a moment: when everybody waits, the clock jumps to whatever is due next."""

import asyncio
import selectors
import time
from collections.abc import Coroutine
from typing import Any, TypeVar
from unittest import mock

Result = TypeVar("Result")

START = 1_790_000_000.0
"""The wall clock's time at the start, in seconds since the epoch."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """Only for what waits for time, and for nothing outside of the process."""

    def __init__(self) -> None:
        self.seconds = 0.0
        """Since the start."""
        self.wall_clock = START
        """What the wall clock showed at the start; set it to set the clock."""
        super().__init__(_Selector(self))

    def time(self) -> float:
        return self.seconds


class _Selector(selectors.DefaultSelector):
    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("everybody waits, and nothing will ever happen")
        self._loop.seconds += max(0.0, timeout)
        return super().select(0)


def run(main: Coroutine[Any, Any, Result]) -> Result:
    """What `main` returns; `time.time` and `time.monotonic` follow the loop's clock meanwhile."""
    loop = VirtualLoop()
    with (
        mock.patch.object(time, "time", lambda: loop.wall_clock + loop.seconds),
        mock.patch.object(time, "monotonic", loop.time),
        asyncio.Runner(loop_factory=lambda: loop) as runner,
    ):
        return runner.run(main)


def wall_clock() -> float:
    """Seconds since the epoch."""
    return time.time()


def set_wall_clock(by: float) -> None:
    """Set the wall clock forward, or back, by so many seconds."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    loop.wall_clock += by
