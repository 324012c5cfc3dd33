"""The service's metrics about itself, by prometheus_client."""

import platform
import time

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)

from xmpp_exporter import __version__

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5)


class SelfMetrics:
    """Counts requests and answers; routes are labels, addresses are not."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        for collector in (ProcessCollector(registry=None), PlatformCollector(registry=None)):
            self._registry.register(collector)
        self._requests = Counter(
            "xmpp_badges_requests", "Requests by route and HTTP status.", ["route", "status"], registry=self._registry
        )
        self._durations = Histogram(
            "xmpp_badges_request_duration_seconds",
            "How long requests took.",
            ["route"],
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._answers = Counter(
            "xmpp_badges_answers",
            "What Prometheus was needed for: fresh (just asked, or remembered), stale (remembered too long, for it is"
            " away) or none.",
            ["became"],
            registry=self._registry,
        )
        for became in ("fresh", "stale", "none"):
            self._answers.labels(became)
        build = Gauge("xmpp_badges_build_info", "The version.", ["version", "pythonversion"], registry=self._registry)
        build.labels(__version__, platform.python_version()).set(1)

    def count(self, became: str) -> None:
        """Something was needed of Prometheus."""
        self._answers.labels(became).inc()

    async def _measure(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        resource = request.match_info.route.resource
        route = resource.canonical if resource is not None else "none"
        started, status = time.perf_counter(), 500
        try:
            response = await handler(request)
            status = response.status
            return response
        except web.HTTPException as error:
            status = error.status
            raise
        finally:
            self._requests.labels(route, str(status)).inc()
            self._durations.labels(route).observe(time.perf_counter() - started)

    @property
    def measure(self) -> Middleware:
        """Around every handler."""

        @web.middleware
        async def measure(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await self._measure(request, handler)

        return measure

    def render(self) -> bytes:
        """The text format 0.0.4."""
        return generate_latest(self._registry)
