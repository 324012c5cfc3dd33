"""Which checks got lost or gained, and when: of each check's values (1 supported, 0 not, none while it is unknown)."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise


class Fate(StrEnum):
    """The period's end compared with its beginning, of what is known."""

    LOST = "lost"
    GAINED = "gained"
    CAME_BACK = "came back"
    """Supported at both ends, and not in between."""
    WENT_AGAIN = "went again"
    """Supported only in between."""


@dataclass(frozen=True, slots=True)
class Flip:
    """The moment (seconds since the epoch) from which on it was known to be so."""

    at: float
    supported: bool


@dataclass(frozen=True, slots=True)
class Change:
    """All that happened to a check; at least one flip."""

    check: str
    flips: tuple[Flip, ...]

    @property
    def fate(self) -> Fate:
        if len(self.flips) % 2:
            return Fate.GAINED if self.flips[-1].supported else Fate.LOST
        return Fate.CAME_BACK if self.flips[-1].supported else Fate.WENT_AGAIN

    @property
    def at(self) -> float:
        """When it became what it is."""
        return self.flips[-1].at


def change_of(check: str, points: Sequence[tuple[float, float]]) -> Change | None:
    """What the values, in order, come to; None where they are all the same. Gaps are no change."""
    flips = tuple(Flip(moment, bool(value)) for (_before, last), (moment, value) in pairwise(points) if value != last)
    return Change(check, flips) if flips else None
