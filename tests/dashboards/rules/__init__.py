"""What dashboards are held against, one idea in each module: a rule yields what is wrong, in words."""

from collections.abc import Callable, Iterator, Mapping

from tests.dashboards.dashboard import Dashboard

Rule = Callable[[Dashboard, Mapping[str, Dashboard]], Iterator[str]]
"""Gets a dashboard, and all dashboards by uid, it included."""
