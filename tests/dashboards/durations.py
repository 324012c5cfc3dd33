"""Steps and intervals of queries, chosen as Grafana chooses them for a panel of usual width."""

from datetime import timedelta

import promql_parser as promql

POINTS = 1000
"""What a panel asks for at most: about a point for each pixel."""
SCRAPE_INTERVAL = 15.0
"""What Grafana assumes of a Prometheus, in seconds, as long as nobody tells it more."""
MOST_POINTS = 11_000
"""More are refused by Prometheus."""

_ROUND = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400)


def seconds(duration: str) -> float:
    return promql.parse_duration(duration).total_seconds()


def text(seconds_: float) -> str:
    return promql.display_duration(timedelta(seconds=seconds_))


def step(shown: float, min_step: float = 0.0) -> float:
    """Seconds between two points, for `shown` seconds of time."""
    exact = shown / POINTS
    rounded = next((each for each in _ROUND if each >= exact), exact)
    return max(rounded, min_step or SCRAPE_INTERVAL, shown / MOST_POINTS)


def rate_interval(step_: float, min_step: float = 0.0) -> float:
    """$__rate_interval: at least four scrapes, as far as Grafana knows how often there is one."""
    scrape = min_step or SCRAPE_INTERVAL
    return max(step_ + scrape, 4 * scrape)


def ago(moment: str) -> float:
    """Seconds before now, of a moment such as `now-24h`."""
    return seconds(moment.removeprefix("now-")) if moment != "now" else 0.0
