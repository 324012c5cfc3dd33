"""Long work on the event loop, in portions: there may be thousands of servers, and pages to be answered meanwhile."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from typing import TypeVar

PORTION = 0.005
"""Seconds of work until the event loop does something else."""

Item = TypeVar("Item")


async def unhurried(items: Iterable[Item]) -> AsyncIterator[Item]:
    """The items in turn, with a pause whenever what is done with them has taken a while."""
    until = time.perf_counter() + PORTION
    for item in items:
        yield item
        if time.perf_counter() > until:
            await asyncio.sleep(0)
            until = time.perf_counter() + PORTION
