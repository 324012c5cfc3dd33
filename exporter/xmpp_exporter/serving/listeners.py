"""Runs an aiohttp application on its listen addresses, under the web configuration."""

import socket
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

import structlog
from aiohttp import hdrs, web

from xmpp_exporter.serving import sockets
from xmpp_exporter.serving.address import Address
from xmpp_exporter.serving.auth import PasswordCheck, demand_password, nobody_else
from xmpp_exporter.serving.webconfig import WebConfig

_log = structlog.get_logger(__name__)

IDLE_SECONDS = 300.0
"""How long a connection may be silent: longer than the usual scrape intervals, so that Prometheus keeps its own."""

_BROWSABLE = {"": "localhost", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared with, not listened on


class Listeners:
    """Serves an application from `async with` to its end, on all of its addresses or on none.

    On leaving no new connection is taken, running requests have the grace time to end, and what is left is cut off.
    """

    def __init__(
        self,
        app: web.Application,
        addresses: Sequence[Address],
        web_config: WebConfig,
        *,
        grace: float = 10.0,
        admitted: Callable[[web.Request], bool] = nobody_else,
    ) -> None:
        """`grace` is in seconds. Passwords and headers of `web_config` are put around everything that `app` serves, but
        for the requests that are `admitted` without.
        """
        self._addresses = addresses
        self._web_config = web_config
        self._passwords = PasswordCheck()
        self._sockets: list[socket.socket] = []
        self.bound: list[Address] = []
        """What is listened on, with the real port where 0 was asked for."""
        app.middlewares.insert(0, demand_password(lambda: web_config.users, self._passwords, admitted))
        app.on_response_prepare.append(self._set_headers)
        self._runner = web.AppRunner(
            app,
            access_log=None,
            keepalive_timeout=IDLE_SECONDS,
            # aiohttp waits this long for a request's end, and as long again once its body is cancelled; 0 is for ever.
            shutdown_timeout=max(grace / 2, 0.001),
        )

    @property
    def urls(self) -> list[str]:
        """Where a browser on this machine finds the service."""
        scheme = "https" if self._web_config.tls else "http"
        hosts = (Address(_BROWSABLE.get(bound.host, bound.host), bound.port) for bound in self.bound)
        return [f"{scheme}://{host}" for host in hosts]

    async def __aenter__(self) -> Self:
        """Raises sockets.ListenError, and what the application's start raises."""
        try:
            for address in self._addresses:
                self._sockets.append(await sockets.listen(address))
                self.bound.append(sockets.bound(self._sockets[-1], address))
        except sockets.ListenError:
            self._close()
            raise
        try:
            await self._runner.setup()
            for listener in self._sockets:
                site = web.SockSite(self._runner, listener, ssl_context=self._web_config.tls, backlog=sockets.BACKLOG)
                await site.start()
        except BaseException:
            await self._stop()
            raise
        for url in self.urls:
            _log.info("listening", url=url)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._stop()

    async def _stop(self) -> None:
        try:
            await self._runner.cleanup()
        finally:
            self._close()

    def _close(self) -> None:
        for listener in self._sockets:
            listener.close()
        self._passwords.close()

    async def _set_headers(self, request: web.Request, response: web.StreamResponse) -> None:
        # aiohttp tells its version and Python's to everybody; Go's exporters tell nothing.
        response.headers.popall(hdrs.SERVER, None)
        response.headers.update(self._web_config.headers)
