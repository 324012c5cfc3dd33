"""Queries to Prometheus's HTTP API (https://prometheus.io/docs/prometheus/latest/querying/api/)."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from xmpp_badges.api import Api, Garbled

Found = TypeVar("Found")

_NAN = "NaN"
_MATCHER_SPECIAL = re.compile(r'["\\\n]')


@dataclass(frozen=True, slots=True)
class Sample:
    """One series at one moment; `time` in seconds since the epoch."""

    labels: Mapping[str, str]
    value: float
    time: float


@dataclass(frozen=True, slots=True)
class Series:
    """One series over time: pairs of seconds since the epoch and value, in order; gaps are left out."""

    labels: Mapping[str, str]
    points: Sequence[tuple[float, float]]


class Prometheus(Api):
    """One Prometheus, or whatever speaks its API. Raises ApiError; a query that makes no sense is Refused.

    NaN, which a division by nothing is, is what nothing is known of: it is left out.
    """

    async def instant(self, query: str, at: float | None = None) -> list[Sample]:
        """The value of an expression now, or at that time."""
        parameters = {"query": query} | ({} if at is None else {"time": f"{at:.3f}"})
        return await self._ask_query("/api/v1/query", parameters, _samples)

    async def range(self, query: str, start: float, end: float, step: float) -> list[Series]:
        """An expression's values from `start` to `end`, each `step` seconds (of which Prometheus allows 11,000)."""
        parameters = {"query": query, "start": f"{start:.3f}", "end": f"{end:.3f}", "step": f"{step:.3f}"}
        return await self._ask_query("/api/v1/query_range", parameters, _series)

    async def _ask_query(self, path: str, parameters: Mapping[str, str], read: Callable[[Any], Found]) -> Found:
        def understand(answer: Any) -> Found:
            try:
                if answer["status"] == "success":
                    return read(answer["data"])
                raise ValueError(answer["status"])
            except (KeyError, TypeError, ValueError, IndexError) as error:
                asked = parameters["query"][:200]
                raise Garbled(f"{self.settings.url} does not answer as Prometheus does to {asked}") from error

        return await self.post_form(path, parameters, understand)


def _samples(data: Any) -> list[Sample]:
    if data["resultType"] in ("scalar", "string"):
        time, value = data["result"]
        return [Sample({}, float(value), float(time))]
    return [
        Sample(each["metric"], float(each["value"][1]), float(each["value"][0]))
        for each in data["result"]
        if each["value"][1] != _NAN
    ]


def _series(data: Any) -> list[Series]:
    return [
        Series(each["metric"], [(float(time), float(value)) for time, value in each["values"] if value != _NAN])
        for each in data["result"]
    ]


def quoted(value: str) -> str:
    """A label's value as a string of PromQL, quotes included; also a server's, which may be anything."""
    return '"' + _MATCHER_SPECIAL.sub(lambda match: {"\n": r"\n"}.get(match[0], "\\" + match[0]), value) + '"'
