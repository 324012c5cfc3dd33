"""The application: badges, pages, data, and what every service has."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from aiohttp import web

from xmpp_badges.answers import secure
from xmpp_badges.api_routes import ApiRoutes
from xmpp_badges.badge_routes import BadgeRoutes
from xmpp_badges.current import Current
from xmpp_badges.memory import PAUSE, Unanswered
from xmpp_badges.page_routes import PageRoutes
from xmpp_badges.self_metrics import SelfMetrics
from xmpp_badges.site import Site
from xmpp_exporter.serving import health

TEXT_FORMAT = "text/plain; version=0.0.4; charset=utf-8"


def application(current: Current, metrics: SelfMetrics, site: Site) -> web.Application:
    """All routes; the source is warmed up at the start, so that it is ready before anybody asks."""
    prefix = site.prefix

    async def own_metrics(request: web.Request) -> web.Response:
        return web.Response(body=metrics.render(), headers={"Content-Type": TEXT_FORMAT})

    app = web.Application(middlewares=[metrics.measure])
    app.add_routes(health.routes(lambda: current.source.answered, prefix=prefix))
    app.add_routes([web.get(f"{prefix}/metrics", own_metrics)])
    app.add_routes(BadgeRoutes(current).routes(prefix))
    app.add_routes(ApiRoutes(current).routes(prefix))
    app.add_routes(PageRoutes(current, site).routes(prefix))
    if prefix:
        app.add_routes([web.get("/", _redirect(f"{prefix}/")), web.get(prefix, _redirect(f"{prefix}/"))])
    app.on_response_prepare.append(secure)
    app.cleanup_ctx.append(lambda _app: _warm(current))
    return app


async def _warm(current: Current) -> AsyncIterator[None]:
    """Asks until Prometheus has answered once, so that the first visitor need not wait."""

    async def ask() -> None:
        while not current.source.answered:
            with contextlib.suppress(Unanswered):
                await current.source.listed()
            if not current.source.answered:
                await asyncio.sleep(PAUSE)

    task = asyncio.create_task(ask())
    yield
    task.cancel()
    await asyncio.wait({task})


def _redirect(to: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def redirect(request: web.Request) -> web.Response:
        raise web.HTTPFound(to)

    return redirect
