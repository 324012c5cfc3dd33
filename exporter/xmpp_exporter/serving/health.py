"""`/-/healthy` and `/-/ready`, as Prometheus and its family have them."""

from collections.abc import Callable

from aiohttp import web


def routes(ready: Callable[[], bool], *, prefix: str = "") -> list[web.RouteDef]:
    """Healthy as long as it answers; ready, or 503, as the service says. `prefix` is the service's route prefix."""

    async def healthy(request: web.Request) -> web.Response:
        return web.Response(text="Healthy.\n")

    async def readiness(request: web.Request) -> web.Response:
        if ready():
            return web.Response(text="Ready.\n")
        return web.Response(status=503, text="Not ready yet.\n")

    return [web.get(f"{prefix}/-/healthy", healthy), web.get(f"{prefix}/-/ready", readiness)]
