"""Queries of dashboards, sent to Prometheus as Grafana sends them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.dashboards.dashboard import Query
from tests.dashboards.interpolation import Values, query_text
from tests.servers.prometheus import Prometheus


@dataclass(frozen=True)
class Series:
    """A series of an answer, and how many points it has."""

    labels: Mapping[str, str]
    points: int


@dataclass(frozen=True)
class Looking:
    """What somebody looks at: `shown` seconds until the moment `until`, with the chosen values of the variables."""

    prometheus: Prometheus
    until: float
    shown: float
    values: Values
    _answers: dict[Query, Sequence[Series]] = field(default_factory=dict)

    def ask(self, query: Query) -> Sequence[Series]:
        """Asks only once. Raises ProgramError with Prometheus's words where it refuses."""
        if query not in self._answers:
            self._answers[query] = self._ask(query)
        return self._answers[query]

    def _ask(self, query: Query) -> Sequence[Series]:
        expr, step = query_text(query, self.values, self.shown)
        if query.instant:
            data = self.prometheus.get("/api/v1/query", query=expr, time=f"{self.until:.0f}")
            assert data["resultType"] == "vector", f"{query.where}: a {data['resultType']}"
            return [Series(each["metric"], 1) for each in data["result"]]
        start, end = (moment // step * step for moment in (self.until - self.shown, self.until))
        span = {"start": f"{start:.3f}", "end": f"{end:.3f}", "step": f"{step:.3f}"}
        data = self.prometheus.get("/api/v1/query_range", query=expr, **span)
        return [Series(each["metric"], len(each["values"])) for each in data["result"]]
