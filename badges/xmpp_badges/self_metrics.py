"""The service's metrics about itself, by prometheus_client."""

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
    disable_created_metrics,
    generate_latest,
)

from xmpp_badges.families import BADGES_FAMILIES
from xmpp_exporter import __version__

_FAMILIES = {family.name: family for family in BADGES_FAMILIES}
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5)


class SelfMetrics:
    """Counts requests and answers; routes are labels, addresses are not."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call] # a series more for each, which nobody reads
        self._registry = CollectorRegistry()
        for collector in (ProcessCollector(registry=None), PlatformCollector(registry=None)):
            self._registry.register(collector)
        self._requests = self._counter("xmpp_badges_requests_total")
        self._answers = self._counter("xmpp_badges_answers_total")
        duration = _FAMILIES["xmpp_badges_request_duration_seconds"]
        self._durations = Histogram(
            duration.name, duration.help, duration.labels, buckets=_BUCKETS, registry=self._registry
        )
        for became in ("fresh", "stale", "none"):
            self._answers.labels(became)
        self._gauge("xmpp_badges_build_info").labels(__version__).set(1)
        self._reloaded = self._gauge("xmpp_badges_config_last_reload_successful")
        self._loaded_at = self._gauge("xmpp_badges_config_last_reload_success_timestamp_seconds")
        self.loaded()

    def _counter(self, name: str) -> Counter:
        family = _FAMILIES[name]
        return Counter(family.name, family.help, family.labels, registry=self._registry)

    def _gauge(self, name: str) -> Gauge:
        family = _FAMILIES[name]
        return Gauge(family.name, family.help, family.labels, registry=self._registry)

    def loaded(self) -> None:
        """The configuration in force was loaded just now."""
        self._reloaded.set(1)
        self._loaded_at.set_to_current_time()

    def not_loaded(self) -> None:
        """The configuration could not be loaded again."""
        self._reloaded.set(0)

    def count(self, became: str) -> None:
        """Something was needed of Prometheus."""
        self._answers.labels(became).inc()

    @property
    def measure(self) -> Middleware:
        """Around every handler."""

        @web.middleware
        async def measure(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await self._measure(request, handler)

        return measure

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

    def render(self) -> bytes:
        """The text format 0.0.4."""
        return generate_latest(self._registry)
