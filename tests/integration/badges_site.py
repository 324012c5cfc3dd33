"""The badges' application in the test's own event loop, and a look at what it answers."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import web

from tests.history.script import END
from xmpp_badges.config import Badges
from xmpp_badges.current import Current
from xmpp_badges.self_metrics import SelfMetrics
from xmpp_badges.site import Site
from xmpp_badges.source import Source
from xmpp_badges.web import application
from xmpp_exporter.serving.address import Address
from xmpp_exporter.serving.listeners import Listeners
from xmpp_exporter.serving.webconfig import WebConfig

DIRECT = Site()
"""Without a proxy in front."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came for a request."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass(frozen=True, slots=True)
class BadgesSite:
    """Where it is."""

    url: str
    client: aiohttp.ClientSession

    async def get(self, path: str, method: str = "GET", **headers: str) -> Answer:
        """The answer as it is: redirects are not followed."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.client.request(method, self.url + path, headers=given, allow_redirects=False) as answer:
            return Answer(answer.status, answer.headers, await answer.text())


@asynccontextmanager
async def badges_site(
    prometheus_url: str, site: Site = DIRECT, moment: float | None = END, **settings: object
) -> AsyncIterator[BadgesSite]:
    """Serves what that Prometheus knows as of `moment`, with further settings of badges.yml."""
    config = Badges.model_validate({"prometheus": {"url": prometheus_url}} | settings)
    metrics = SelfMetrics()
    async with Current(Source(config, moment, metrics.count)) as current, aiohttp.ClientSession() as client:
        listeners = Listeners(application(current, metrics, site), [Address("127.0.0.1", 0)], WebConfig(), grace=0.1)
        async with listeners:
            yield BadgesSite(listeners.urls[0], client)


def in_front(prometheus_url: str, ask: Callable[[str, str], Awaitable[list[Any] | None]]) -> web.Application:
    """A Prometheus that passes questions on, but for those to which `ask`, given path and query, has a result."""

    async def answer(request: web.Request) -> web.Response:
        form = await request.post()
        result = await ask(request.path, str(form["query"]))
        if result is not None:
            return web.json_response({"status": "success", "data": {"resultType": "vector", "result": result}})
        async with aiohttp.ClientSession() as client, client.post(prometheus_url + request.path, data=form) as passed:
            return web.Response(body=await passed.read(), content_type="application/json")

    app = web.Application()
    app.add_routes([web.post("/{path:.*}", answer)])
    return app
