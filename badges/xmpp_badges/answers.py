"""Answers over HTTP: with an ETag, how long they may be kept, and what browsers may do with them."""

import asyncio
import gzip
import hashlib
import json
from typing import Any

from aiohttp import ETag, hdrs, web

from xmpp_exporter.serving.compress import SMALL, accepts_gzip

HTML, SVG, JSON = "text/html; charset=utf-8", "image/svg+xml; charset=utf-8", "application/json; charset=utf-8"
TEXT, CSV, CSS = "text/plain; charset=utf-8", "text/csv; charset=utf-8", "text/css; charset=utf-8"

MAX_AGE, UNSETTLED_MAX_AGE = 60, 20
"""Seconds for which browsers and image proxies may keep an answer; and one that was stale, or says that nothing is
known."""
KEPT_FOR_YEARS = "public, max-age=31536000, immutable"
"""For an address that changes when the content does."""
KEPT_FOR_A_DAY = "public, max-age=86400"

_GZIP_FROM = 1024
"""Bytes below which gzip is not worth it."""

_POLICY = "; ".join(
    [
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)
_SECURITY = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_SHARED = {"Cross-Origin-Resource-Policy": "cross-origin", "Access-Control-Allow-Origin": "*"}
"""For what other sites embed or read: badges and data, which anybody may see."""


async def secure(request: web.Request, response: web.StreamResponse) -> None:
    """What every answer says, whatever it is."""
    for name, value in _SECURITY.items():
        response.headers.setdefault(name, value)


async def answer(
    request: web.Request, text: str, content_type: str, *, settled: bool = True, status: int = 200
) -> web.StreamResponse:
    """`text`, or 304 for those who have it. `settled` is False for what may be better in a moment."""
    body = text.encode()
    etag = ETag(hashlib.blake2b(body, digest_size=12).hexdigest(), is_weak=True)
    headers = {
        hdrs.CACHE_CONTROL: f"public, max-age={MAX_AGE if settled else UNSETTLED_MAX_AGE}, stale-if-error=86400",
        hdrs.VARY: hdrs.ACCEPT_ENCODING,
        **({} if content_type == HTML else _SHARED),
    }
    if status == 200 and _has(request, etag):
        response = web.Response(status=304, headers=headers)
    else:
        if len(body) >= _GZIP_FROM and accepts_gzip(request.headers.get(hdrs.ACCEPT_ENCODING, "")):
            body = await asyncio.to_thread(_gzipped, body) if len(body) > SMALL else _gzipped(body)
            headers[hdrs.CONTENT_ENCODING] = "gzip"
        headers[hdrs.CONTENT_TYPE] = content_type
        response = web.Response(status=status, body=body, headers=headers)
    if status == 200:
        response.etag = etag
    return response


async def json_answer(
    request: web.Request, document: Any, *, settled: bool = True, status: int = 200
) -> web.StreamResponse:
    """A document that may be long."""
    return await answer(request, await asyncio.to_thread(dumped, document), JSON, settled=settled, status=status)


def dumped(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n"


def _has(request: web.Request, etag: ETag) -> bool:
    """Weak comparison (RFC 9110 §13.1.2)."""
    return any(each.value in (etag.value, "*") for each in request.if_none_match or ())


def _gzipped(body: bytes) -> bytes:
    return gzip.compress(body, 1, mtime=0)
