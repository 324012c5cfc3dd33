"""How much is measured: enough for figures that can be trusted, or just enough to see that it works."""

from collections.abc import Callable
from dataclasses import dataclass

Announce = Callable[[str], None]
"""Told what is measured now."""


@dataclass(frozen=True, slots=True)
class Effort:
    """The sizes of a run."""

    servers: tuple[int, ...] = (1_000, 10_000)
    """Servers on the page of a scrape."""
    repeats: int = 5
    """Probes from afar of each kind; the fastest counts. Evaluations of each group of rules."""
    hours: int = 3
    """For how long Prometheus has scraped the first number of servers when rules are evaluated."""
    evaluated: int = 60
    """Seconds between two evaluations of each group of rules."""
    seconds: float = 15.0
    """For how long each kind of probe is repeated to see how many one process can do."""
    concurrent: int = 16
    """Probes at a time, each with an account of its own."""
    probes: int = 200
    """After how many probes memory is compared."""
    sessions: int = 100
    """Open sessions whose memory is measured."""


FULL = Effort()
QUICK = Effort(servers=(100,), repeats=1, hours=1, evaluated=5, seconds=2.0, concurrent=4, probes=20, sessions=10)
