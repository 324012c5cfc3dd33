"""Ending tasks that clean up after themselves, within a limit."""

import asyncio
from collections.abc import Collection
from typing import Any

import structlog

log = structlog.get_logger(__name__)


async def end(tasks: Collection[asyncio.Task[Any]], deadline: float | None = None) -> None:
    """Cancel the tasks and wait until they have cleaned up; for ever, or until `deadline` (time of the event loop).

    What has not ended by then is cancelled once more, and not waited for. A task group hides that from its tasks: those
    are for whoever runs the event loop to cancel, as `asyncio.run` does at its end.
    """
    for task in tasks:
        task.cancel()
    if not tasks:
        return
    left = None if deadline is None else max(0.0, deadline - asyncio.get_running_loop().time())
    _, late = await asyncio.wait(tasks, timeout=left)
    for task in late:
        task.cancel()
    if late:
        log.warning("probes did not clean up in time; the next ones remove what they have left", probes=len(late))
