"""Measures how long the event loop was kept from its other work."""

import asyncio
import time
from types import TracebackType
from typing import Self


class Heartbeat:
    """Beats as often as it can from `async with` to its end; `longest_gap` and `seconds` tell how that went."""

    PAUSE = 0.001

    def __init__(self) -> None:
        self.longest_gap = 0.0
        """The longest time in seconds that the loop was held up, the pause between beats taken off."""
        self.seconds = 0.0

    async def __aenter__(self) -> Self:
        self._started = self._last = time.perf_counter()
        self._beating = asyncio.create_task(self._beat())
        await asyncio.sleep(0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.seconds = time.perf_counter() - self._started
        self._note_gap()
        self._beating.cancel()
        await asyncio.wait({self._beating})

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self.PAUSE)
            self._note_gap()

    def _note_gap(self) -> None:
        now = time.perf_counter()
        self.longest_gap = max(self.longest_gap, now - self._last - self.PAUSE)
        self._last = now
