"""Measures how long the event loop was kept from its other work."""

import asyncio
import time
from types import TracebackType
from typing import Self


class Heartbeat:
    """Beats as often as it can from `async with` to its end, and tells what came between the beats."""

    PAUSE = 0.001

    def __init__(self) -> None:
        self.seconds = 0.0
        self.longest_gap = 0.0
        """The longest time in seconds that the loop was held up; on a busy machine also by other programs."""
        self.longest_work = 0.0
        """The most CPU seconds that the loop's own thread spent between two beats; other programs do not count."""
        self.work = 0.0
        """All CPU seconds of the loop's own thread."""

    async def __aenter__(self) -> Self:
        self._started = self._last = time.perf_counter()
        self._started_work = self._last_work = time.thread_time()
        self._beating = asyncio.create_task(self._beat())
        await asyncio.sleep(0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._note()
        self.seconds = self._last - self._started
        self.work = self._last_work - self._started_work
        self._beating.cancel()
        await asyncio.wait({self._beating})

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self.PAUSE)
            self._note()

    def _note(self) -> None:
        now, work = time.perf_counter(), time.thread_time()
        self.longest_gap = max(self.longest_gap, now - self._last - self.PAUSE)
        self.longest_work = max(self.longest_work, work - self._last_work)
        self._last, self._last_work = now, work
