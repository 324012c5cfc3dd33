"""How long to wait before the next attempt."""

import random


class BackOff:
    """Waits that double from `first` to `longest` seconds, and vary so that many do not come at the same moment."""

    def __init__(self, first: float, longest: float) -> None:
        self._first, self._longest = first, longest
        self._times = 0

    def next(self) -> float:
        """Seconds: between half and the whole of what it is the turn of."""
        wait = min(self._first * 2.0 ** min(self._times, 30), self._longest)
        self._times += 1
        return wait * random.uniform(0.5, 1)  # noqa: S311 - nothing depends on its not being guessed

    def reset(self) -> None:
        """It has worked: begin with the first again."""
        self._times = 0
