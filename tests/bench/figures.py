"""What a benchmark yields: figures with their units, and when each check of a probe began and ended."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value. `unit` is empty for a count, `x` for a ratio, `RTT` for round trips."""

    subject: str
    """What was measured, such as a number of servers or a server's software."""
    name: str
    value: float
    unit: str = ""
    limit: float | None = None
    """What the value should not exceed, where the project promises something."""

    @property
    def kept(self) -> bool | None:
        """Whether the limit is kept; None without one."""
        return None if self.limit is None else self.value <= self.limit


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a probe, in round trips since its start."""

    subject: str
    name: str
    began: float
    ended: float
    requests: int = 0
    """Stanzas, HTTP requests and logins that this step was the first to need."""
    turns: int = 0
    """How often it asked, and then had to wait before it could ask again."""


@dataclass(slots=True)
class Results:
    """All that was measured, in the order in which it was."""

    figures: list[Figure] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
