"""The progress bars of reports to many, for whoever watches."""

import contextlib
import sys
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

Bar = Callable[[str, int], contextlib.AbstractContextManager[Callable[[], None]]]
"""Shows a bar of what is done and of how many steps, for the length of a block that calls it after each step."""


@contextlib.contextmanager
def progress_bars() -> Iterator[Bar]:
    """Bars on standard error, where that is a terminal; they vanish at the end."""
    console = Console(file=sys.stderr, highlight=False, markup=False, emoji=False)
    progress = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )

    @contextlib.contextmanager
    def bar(what: str, total: int) -> Iterator[Callable[[], None]]:
        task = progress.add_task(what, total=total)
        yield lambda: progress.advance(task)

    with progress:
        yield bar
