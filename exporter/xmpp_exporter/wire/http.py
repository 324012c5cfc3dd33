"""HTTPS to a server's own address or the URLs that a server names: guarded, bounded, and honest about who asks."""

import contextlib
import re
import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from multidict import CIMultiDictProxy

from xmpp_exporter.wire.dns import Lookups
from xmpp_exporter.wire.errors import (
    AddressRefused,
    CertificateRejected,
    Disconnected,
    NoAddress,
    NoRoute,
    ProtocolViolation,
    TimedOut,
    TlsFailed,
    UnexpectedStatus,
    WireError,
)
from xmpp_exporter.wire.guard import admit
from xmpp_exporter.wire.network import Network, Timeouts, connection_error, routed, words_of
from xmpp_exporter.wire.tls import tls_error
from xmpp_exporter.wire.trace import Trace
from xmpp_exporter.wire.websocket import WebSocket

MAX_BODY_BYTES = 256 * 1024
"""What is read of a response at most, and of one WebSocket message."""
MAX_REDIRECTS = 3
MAX_SECONDS = 60.0
"""For one whole request, however many bytes still trickle in."""


class _NotConnected(OSError):
    """Our own refusal in the shape that the event loop passes through while connecting."""

    def __init__(self, refusal: WireError) -> None:
        super().__init__(refusal.detail)
        self.refusal = refusal


def _require_usable(address: str, allow_private: bool) -> None:
    admit(address, allow_private)
    if not routed(address):
        raise NoRoute(f"{address}: this machine has no route to the address")


class _GuardedResolver(AbstractResolver):
    """aiohttp's questions answered by the probe's own lookups, but for the addresses that are not for us."""

    def __init__(self, lookups: Lookups, allow_private: bool) -> None:
        self._lookups = lookups
        self._allow_private = allow_private

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        addresses = await self._lookups.addresses(host)
        if not addresses:
            raise NoAddress(f"{host} has no address")
        usable, refusal = [], None
        for address in addresses:
            try:
                _require_usable(address, self._allow_private)
            except (AddressRefused, NoRoute) as error:
                refusal = error
            else:
                usable.append(_resolved(host, address, port))
        if refusal is not None and not usable:
            raise refusal
        return usable

    async def close(self) -> None:
        """The lookups belong to the probe."""


def _resolved(host: str, address: str, port: int) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=socket.AI_NUMERICHOST)


@dataclass(frozen=True, slots=True)
class Response:
    """A response read whole, or its first MAX_BODY_BYTES."""

    status: int
    headers: CIMultiDictProxy[str]
    """Case-insensitive; a header may be there more than once."""
    body: bytes
    url: str

    def header(self, name: str) -> str:
        """All values of the header, joined as a browser joins them; empty without it."""
        return ", ".join(self.headers.getall(name, []))


class Http:
    """The HTTP client of one probe, for https and wss only. Close it when the probe ends."""

    def __init__(
        self,
        network: Network,
        lookups: Lookups,
        timeouts: Timeouts,
        allow_private: bool,
        trace: Trace | None = None,
    ) -> None:
        def guarded_socket(info: tuple[Any, ...]) -> socket.socket:
            # called with the very address that is connected to next, also for literals and after redirects
            try:
                _require_usable(info[4][0], allow_private)
            except (AddressRefused, NoRoute) as refusal:
                raise _NotConnected(refusal) from None
            return socket.socket(info[0], info[1], info[2])

        self._timeouts = timeouts
        self._client = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=_GuardedResolver(lookups, allow_private),
                ssl=network.tls.verified,
                limit_per_host=2,
                use_dns_cache=False,
                socket_factory=guarded_socket,
            ),
            timeout=aiohttp.ClientTimeout(
                total=MAX_SECONDS, sock_connect=timeouts.connect, sock_read=timeouts.reply, connect=None
            ),
            headers={"User-Agent": network.user_agent, "Accept-Encoding": "identity"},
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            middlewares=(_traced(trace or Trace()), _only_tls, _no_redirected_upgrade),
        )

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        redirects: bool = False,
    ) -> Response:
        """One request; `redirects` follows them, over https only.

        Raises WireError: unresolvable, unreachable, TLS, timeouts, not HTTP; never for a status.
        """
        async with (
            _wire_errors(url),
            self._client.request(
                method,
                url,
                headers=headers,
                data=body,
                allow_redirects=redirects,
                max_redirects=MAX_REDIRECTS + 1,  # aiohttp gives up at this one
            ) as response,
        ):
            content = bytearray()
            while len(content) < MAX_BODY_BYTES and (
                chunk := await response.content.read(MAX_BODY_BYTES - len(content))
            ):
                content += chunk
            return Response(response.status, response.headers, bytes(content), str(response.url))

    @contextlib.asynccontextmanager
    async def websocket(self, url: str, protocol: str, origin: str) -> AsyncIterator[WebSocket]:
        """A WebSocket that was accepted: status 101, the right key, `protocol` chosen.

        Raises WireError; UnexpectedStatus and ProtocolViolation say what the answer was instead.
        """
        async with _wire_errors(url):
            try:
                accepted = await self._client.ws_connect(
                    url,
                    protocols=(protocol,),
                    origin=origin,
                    max_msg_size=MAX_BODY_BYTES,
                    timeout=aiohttp.ClientWSTimeout(ws_receive=None, ws_close=1.0),
                )
            except aiohttp.WSServerHandshakeError as error:
                raise _not_a_websocket(url, error.status, error.message) from error
        try:
            if accepted.protocol != protocol:
                raise ProtocolViolation(f"{site_of(url)} did not choose the WebSocket protocol {protocol}")
            yield WebSocket(accepted, site_of(url), self._timeouts.reply)
        finally:
            await accepted.close()

    async def close(self) -> None:
        await self._client.close()


def site_of(url: str) -> str:
    """The part of `url` that details and traces may tell: scheme, host and port."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        return re.split("[:/?#]", url)[0][:200]
    return f"{scheme}://{re.split('[/?#]', rest)[0].rpartition('@')[2]}"[:200]


def _not_a_websocket(url: str, status: int, message: str = "") -> ProtocolViolation:
    if status == 101:
        return ProtocolViolation(f"{site_of(url)} is no WebSocket: {message}")
    return UnexpectedStatus(f"{site_of(url)} answered with the status {status} in the place of 101")


def _traced(trace: Trace) -> aiohttp.ClientMiddlewareType:
    """Notes each request and its status, by site alone: whoever knows the rest of a URL may be able to use it."""

    async def traced(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        line = f"{request.method} {site_of(str(request.url))}"
        trace.note(line)
        try:
            response = await handler(request)
        except (aiohttp.ClientError, WireError, OSError) as error:
            trace.note(f"{line}: {type(error).__name__}")
            raise
        trace.note(f"{line}: {response.status}")
        return response

    return traced


async def _only_tls(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Also where a redirect leads."""
    if request.url.scheme not in ("https", "wss"):
        raise ProtocolViolation(f"{site_of(str(request.url))} is neither https nor wss")
    return await handler(request)


async def _no_redirected_upgrade(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Browsers don't follow redirects to open a WebSocket; aiohttp would."""
    response = await handler(request)
    if "Upgrade" in request.headers and response.status != 101:
        response.close()
        raise _not_a_websocket(str(request.url), response.status)
    return response


@contextlib.asynccontextmanager
async def _wire_errors(url: str) -> AsyncIterator[None]:
    """aiohttp's errors as ours. They name the site alone: the rest of a URL may be what lets somebody upload a file."""
    site = site_of(url)
    try:
        yield
    except aiohttp.ClientConnectorCertificateError as error:
        raise _certificate(error.certificate_error, site) from error
    except aiohttp.ClientConnectorError as error:
        raise _connector_error(error.os_error, site) from error
    except TimeoutError as error:
        raise TimedOut(f"{site} did not answer in time") from error
    except aiohttp.ServerDisconnectedError as error:
        raise Disconnected(f"{site} closed the connection without an answer") from error
    except aiohttp.NonHttpUrlClientError as error:
        raise ProtocolViolation(f"{site} is neither https nor wss") from error
    except aiohttp.InvalidURL as error:
        shown = site if "://" in url else re.split("[?#]", url)[0][:40]
        raise ProtocolViolation(f"not a URL with a host: {shown!r}") from error
    except aiohttp.TooManyRedirects as error:
        raise ProtocolViolation(f"{site} redirects more than {MAX_REDIRECTS} times") from error
    except aiohttp.ClientOSError as error:
        raise Disconnected(f"{site} broke the connection: {words_of(error)}") from error
    except aiohttp.ClientPayloadError as error:
        raise ProtocolViolation(f"{site} ended its answer before it was complete") from error
    except aiohttp.ClientResponseError as error:  # whose own text has the whole URL
        raise _not_http(site, error.message) from error
    except (aiohttp.ClientError, ValueError) as error:
        raise _not_http(site, str(error)) from error


def _not_http(site: str, text: str) -> ProtocolViolation:
    return ProtocolViolation(f"{site} did not answer with HTTP: {' '.join(text.split())}"[:200])


def _connector_error(error: OSError, site: str) -> WireError:
    if isinstance(error, _NotConnected):
        return error.refusal
    if isinstance(error, ssl.SSLError):
        return _certificate(error, site)
    if isinstance(error, ConnectionResetError):
        return TlsFailed(f"{site}: the connection was reset in the TLS handshake")
    return connection_error(site, error)


def _certificate(error: Exception, site: str) -> WireError:
    if isinstance(error, ssl.SSLError):
        return tls_error(error, site)
    return CertificateRejected(f"the certificate for {site} was rejected: {error}")
