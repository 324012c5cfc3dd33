"""The two host-meta documents of a domain (XEP-0156 §2): fetched once, for all checks that read them."""

from collections.abc import Iterable
from dataclasses import dataclass

from xmpp_exporter.checks import cors
from xmpp_exporter.checks.host_meta import Link, read_jrd, read_xrd
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.verdicts import broken, of_endpoint_error, of_error, unknown, unsupported
from xmpp_exporter.memo import together
from xmpp_exporter.model import Outcome, Reason
from xmpp_exporter.wire.errors import Disconnected, ProtocolViolation, WireError
from xmpp_exporter.wire.http import Response

XML, JSON = "host-meta", "host-meta.json"

_READERS = {XML: read_xrd, JSON: read_jrd}
_FORBIDDEN = frozenset({401, 403, 429})
"""Statuses by which a web server says that we may not, which says nothing of what others find there."""


@dataclass(frozen=True, slots=True)
class Document:
    """One that is there: the response that brought it, and the ways to connect that it names."""

    response: Response
    links: tuple[Link, ...]


async def document(server: Server, name: str) -> Document | Outcome:
    """The document `name` (XML or JSON) of the domain, or the outcome without it."""
    return await server.share(f"document {name}", lambda: _fetch(server, name))


async def documents(server: Server) -> dict[str, Document | Outcome]:
    """Both of them, by name."""
    return dict(zip((XML, JSON), await together(document(server, XML), document(server, JSON)), strict=True))


async def _fetch(server: Server, name: str) -> Document | Outcome:
    url = f"https://{server.domain}/.well-known/{name}"
    try:
        response = await server.http.request("GET", url, headers={"Origin": cors.ORIGIN}, redirects=True)
    except WireError as error:
        return _unread(error)
    if response.status != 200:
        return _other_status(url, response.status)
    try:
        return Document(response, _READERS[name](response.body))
    except ProtocolViolation as error:
        return _unreadable(url, response, error)


def _unread(error: WireError) -> Outcome:
    """Nobody says that a domain has a web server; one with a bad certificate is there, though."""
    if error.reason in (Reason.DNS, Reason.UNREACHABLE):
        return unsupported(f"no web server at the domain: {error.detail}")
    return of_error(error) if isinstance(error, Disconnected) else of_endpoint_error(error)


def why_unread(absent: Iterable[Outcome]) -> str:
    """Why there are none of these documents; the same server fails for both in the same way, as a rule."""
    return "; ".join(dict.fromkeys(outcome.detail for outcome in absent))


def _other_status(url: str, status: int) -> Outcome:
    if status in _FORBIDDEN:
        return unknown(Reason.FORBIDDEN, f"{url} is refused to us: the status is {status}")
    if status >= 500:
        return broken(Reason.HTTP_STATUS, f"{url} fails: the status is {status}")
    return unsupported(f"{url} is not there: the status is {status}")


def _unreadable(url: str, response: Response, error: ProtocolViolation) -> Outcome:
    if "html" in response.header("Content-Type").lower():
        return unsupported(f"{url} is not there: a web page is in its place")
    return broken(Reason.MISMATCH, f"{url}: {error.detail}")
