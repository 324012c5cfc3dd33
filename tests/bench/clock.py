"""Measures on a machine that others use, too."""

import gc
import time
from collections.abc import Callable
from pathlib import Path

MIB = 1024 * 1024


def best_cpu(work: Callable[[], object], repeats: int) -> float:
    """The least CPU seconds of this thread that `work` took: others on the machine only ever add to it."""
    seconds = []
    for _ in range(repeats):
        gc.collect()
        started = time.thread_time()
        result = work()
        seconds.append(time.thread_time() - started)
        del result  # its end is not part of the work
    return min(seconds)


def resident() -> int:
    """Bytes of memory that this process has now."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096
