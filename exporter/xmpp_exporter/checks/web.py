"""Clients that run in a browser."""

from collections.abc import Callable

from xmpp_exporter.checks import cors
from xmpp_exporter.checks.bosh import bosh_stream
from xmpp_exporter.checks.combine import all_supported, any_supported, each
from xmpp_exporter.checks.host_meta import Link, read_jrd, read_xrd
from xmpp_exporter.checks.registry import check
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.verdicts import broken, is_good, of_endpoint_error, of_error, supported, unknown, unsupported
from xmpp_exporter.checks.websocket import websocket_stream
from xmpp_exporter.model import Outcome, Reason
from xmpp_exporter.wire.errors import Disconnected, ProtocolViolation, WireError
from xmpp_exporter.wire.http import Response

MAX_LINKS = 8
"""Links of a document that are followed."""

_READERS = {"host-meta": read_xrd, "host-meta.json": read_jrd}
_WORKS = {"websocket": websocket_stream, "xbosh": bosh_stream}
_FORBIDDEN = frozenset({401, 403, 429})
"""Statuses by which a web server says that we may not, which says nothing of what others find there."""


@check("xep0156")
async def alternative_connections(server: Server) -> Outcome:
    """XEP-0156 §2: a document in one of the two formats that web pages may read, and whose links all work."""
    outcomes = await each({name: _document(server, name, read) for name, read in _READERS.items()})
    return any_supported(outcomes)


async def _document(server: Server, name: str, read: Callable[[bytes], tuple[Link, ...]]) -> Outcome:
    url = f"https://{server.domain}/.well-known/{name}"
    try:
        response = await server.http.request("GET", url, headers={"Origin": cors.ORIGIN}, redirects=True)
    except WireError as error:
        return _unread(error)
    if response.status != 200:
        return _other_status(response.status)
    try:
        links = read(response.body)
    except ProtocolViolation as error:
        return _unreadable(response, error)
    if not links:
        return unsupported("names neither a WebSocket nor BOSH")
    outcomes = await each({str(link): _follow(server, link) for link in links[:MAX_LINKS]})
    whole = all_supported({"Access-Control-Allow-Origin": _readable(response)} | outcomes)
    return supported(f"web pages may read it, and its links work: {', '.join(outcomes)}") if is_good(whole) else whole


def _unread(error: WireError) -> Outcome:
    """Nobody says that a domain has a web server; one with a bad certificate is there, though."""
    if error.reason in (Reason.DNS, Reason.UNREACHABLE):
        return unsupported(f"no web server at the domain: {error.detail}")
    return of_error(error) if isinstance(error, Disconnected) else of_endpoint_error(error)


def _other_status(status: int) -> Outcome:
    if status in _FORBIDDEN:
        return unknown(Reason.FORBIDDEN, f"the status is {status}")
    if status >= 500:
        return broken(Reason.HTTP_STATUS, f"the status is {status}")
    return unsupported(f"not there: the status is {status}")


def _unreadable(response: Response, error: ProtocolViolation) -> Outcome:
    if "html" in response.header("Content-Type").lower():
        return unsupported("not there: a web page in its place")
    return broken(Reason.MISMATCH, error.detail)


def _readable(response: Response) -> Outcome:
    if cors.readable(response):
        return supported("any web page may read it")
    allowed = response.header("Access-Control-Allow-Origin")
    return broken(Reason.MISMATCH, f"web pages of other sites may not read it: the header is {allowed[:100]!r}")


async def _follow(server: Server, link: Link) -> Outcome:
    """Both documents have the same links, as a rule: each is tried once."""
    return await server.share(f"link {link.href}", lambda: _WORKS[link.relation](server, link.href))
