"""The bridge over HTTP: Alertmanager's webhook, and what every service has."""

import asyncio
import hmac
import json
from collections.abc import Mapping
from typing import Any

import structlog
from aiohttp import hdrs, web
from pydantic import ValidationError

from xmpp_alerts.bridge.note import Note
from xmpp_alerts.bridge.outbox import Undelivered
from xmpp_alerts.bridge.service import Bridge, ReloadError, Unknown
from xmpp_alerts.bridge.webhook import Group
from xmpp_exporter.serving import health
from xmpp_exporter.serving.secret import PasswordError, Secret
from xmpp_exporter.serving.webconfig import WebConfig

TEXT_FORMAT = "text/plain; version=0.0.4; charset=utf-8"
MAX_BODY = 16 * 1024 * 1024
"""Bytes of a webhook: thousands of alerts."""
LONG = 256 * 1024
"""Bytes that take longer to parse than the event loop should wait."""

_WEBHOOKS = ("/alerts/", "/notes/")
_LATER = {hdrs.RETRY_AFTER: "5"}
_log = structlog.get_logger(__name__)


def application(bridge: Bridge, web_config: WebConfig) -> web.Application:
    """All routes. The webhook wants the token, or a password of `web_config`; the other pages what that says."""
    pages = _Pages(bridge, web_config)
    app = web.Application(client_max_size=MAX_BODY)
    app.add_routes(health.routes(lambda: bridge.connected))
    app.add_routes(
        [
            web.get("/metrics", pages.metrics),
            web.post("/-/reload", pages.reload),
            web.put("/-/reload", pages.reload),
            web.post("/alerts/{subscriber}", pages.alerts),
            web.post("/notes/{subscriber}", pages.note),
        ]
    )
    app.on_response_prepare.append(pages.count)
    return app


def shows_token(request: web.Request, token: Secret) -> bool:
    """Whether a request of the webhook has the token (RFC 6750 §2.1). Compared in a time that says nothing of it."""
    if not request.path.startswith(_WEBHOOKS):
        return False
    scheme, _, given = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    try:
        expected = token.read_password()
    except PasswordError as error:
        _log.error("the webhook's token cannot be read", error=str(error))
        return False
    shown = given.strip().encode(errors="surrogateescape")
    return hmac.compare_digest(shown, expected.encode()) and scheme.lower() == "bearer"


class _Pages:
    def __init__(self, bridge: Bridge, web_config: WebConfig) -> None:
        self._bridge = bridge
        self._web_config = web_config

    async def metrics(self, request: web.Request) -> web.Response:
        return web.Response(body=self._bridge.metrics(), headers={hdrs.CONTENT_TYPE: TEXT_FORMAT})

    async def reload(self, request: web.Request) -> web.Response:
        try:
            await self._bridge.reload()
        except ReloadError as error:
            text = f"The configuration was not reloaded; the one before stays in force:\n{error}\n"
            raise web.HTTPInternalServerError(text=text) from None
        return web.Response()

    async def alerts(self, request: web.Request) -> web.Response:
        """200 says that the subscriber has the message; 503 that it is not known, so that it is sent again."""
        self._let_in(request)
        subscriber = request.match_info["subscriber"]
        try:
            group = Group.model_validate(await _document(request))
            await self._bridge.tell(subscriber, group)
        except ValidationError as error:
            raise _malformed("no webhook of Alertmanager's, version 4", error) from None
        except (Unknown, Undelivered) as error:
            raise _refusal(error) from None
        return web.Response(text="Delivered.\n")

    async def note(self, request: web.Request) -> web.Response:
        """A ready text, such as a report."""
        self._let_in(request)
        try:
            note = Note.model_validate(await _document(request))
            await self._bridge.pass_on(request.match_info["subscriber"], note)
        except ValidationError as error:
            raise _malformed("no note", error) from None
        except (Unknown, Undelivered) as error:
            raise _refusal(error) from None
        return web.Response(text="Delivered.\n")

    async def count(self, request: web.Request, response: web.StreamResponse) -> None:
        if request.path.startswith(_WEBHOOKS):
            self._bridge.tally.requests[str(response.status)] += 1

    def _let_in(self, request: web.Request) -> None:
        """Where the web configuration has users, who has come so far has shown a password or the token."""
        if not self._web_config.users and not shows_token(request, self._bridge.token):
            raise web.HTTPUnauthorized(text="Unauthorized\n", headers={hdrs.WWW_AUTHENTICATE: "Bearer"})


async def _document(request: web.Request) -> Mapping[str, Any]:
    """The JSON object that was sent. Raises HTTPBadRequest and HTTPRequestEntityTooLarge."""
    body = await request.read()
    try:
        document = await asyncio.to_thread(json.loads, body) if len(body) > LONG else json.loads(body)
    except (ValueError, RecursionError):
        raise web.HTTPBadRequest(text="That is no JSON.\n") from None
    if not isinstance(document, dict):
        raise web.HTTPBadRequest(text="That is no JSON object.\n")
    return document


def _malformed(what: str, error: ValidationError) -> web.HTTPException:
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return web.HTTPBadRequest(text=f"That is {what}: {place}: {first['msg']}\n")


def _refusal(error: Unknown | Undelivered) -> web.HTTPException:
    if isinstance(error, Unknown):
        return web.HTTPNotFound(text="Nobody of that name is told by chat.\n")
    return web.HTTPServiceUnavailable(text=f"Not delivered: {error}\n", headers=_LATER)
