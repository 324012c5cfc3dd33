"""The progress bar of a check, for whoever watches."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from xmpp_exporter.catalogue import checks
from xmpp_exporter.model import CheckResult


@dataclass(frozen=True)
class Bar:
    """The bar while it is shown."""

    progress: Progress
    task: TaskID

    def advance(self, result: CheckResult) -> None:
        self.progress.update(self.task, advance=1, description=checks()[result.check].title)

    def clear(self) -> None:
        """Make room for other words."""
        self.progress.stop()


@contextlib.contextmanager
def progress_bar(console: Console, domain: str, total: int, *, shown: bool) -> Iterator[Bar]:
    """A bar of `total` checks, which vanishes at the end; only where `shown` is true and the console is a terminal."""
    progress = Progress(
        SpinnerColumn(),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
        console=console,
        transient=True,
        disable=not (shown and console.is_terminal),
    )
    with progress:
        yield Bar(progress, progress.add_task(f"connecting to {domain}", total=total))
