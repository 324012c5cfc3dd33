"""Results that several awaiters share: the first who asks starts the work, the others wait for the same task."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Generic, TypeVar, cast

Key = TypeVar("Key")
Value = TypeVar("Value")
Other = TypeVar("Other")
Error = TypeVar("Error", bound=Exception)


class Memo(Generic[Key, Value]):
    """Remembers a result, or the exception, for each key until it is closed. Owns the tasks it starts."""

    def __init__(self) -> None:
        self._tasks: dict[Key, asyncio.Task[Value]] = {}

    async def get(self, key: Key, work: Callable[[], Awaitable[Value]]) -> Value:
        """The result of `work` for this key, or a copy of its exception.

        Cancelling one awaiter does not cancel the work for the others.
        """
        task = self.begin(key, work)
        await asyncio.wait([task])
        error = None if task.cancelled() else task.exception()
        if isinstance(error, Exception):
            raise copy_of(error)
        return task.result()

    def begin(self, key: Key, work: Callable[[], Awaitable[Value]]) -> asyncio.Task[Value]:
        """Start the work for this key now, unless it has been started, for those who will ask for its result."""
        task = self._tasks.get(key)
        if task is None:
            task = self._tasks[key] = asyncio.ensure_future(_run(work))
        return task

    async def close(self) -> None:
        """Cancel what still runs and wait for its end."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def copy_of(error: Error) -> Error:
    """The same error once more, for another who waits for it.

    One object for all would gather the tracebacks of all, keep their frames alive, and show each what the others have
    added to it.
    """
    copy: Error = type(error).__new__(type(error), *error.args)
    copy.__dict__.update(error.__dict__)
    copy.__cause__ = error.__cause__
    return copy


async def _run(work: Callable[[], Awaitable[Value]]) -> Value:
    return await work()


async def together(first: Awaitable[Value], second: Awaitable[Other]) -> tuple[Value, Other]:
    """Both results, as `all_of` has them."""
    return cast(tuple[Value, Other], tuple(await all_of((first, second))))


async def all_of(works: Iterable[Awaitable[Value]]) -> list[Value]:
    """All results. Unlike `gather` it lets all end before it raises the first error, so that none goes on unseen."""
    results = await asyncio.gather(*works, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return cast(list[Value], results)
