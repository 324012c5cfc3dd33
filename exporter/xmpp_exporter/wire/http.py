"""HTTP for the URLs that a server names: guarded, bounded, and honest about who asks."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from xmpp_exporter.wire.dns import Lookups
from xmpp_exporter.wire.errors import (
    AddressRefused,
    CertificateRejected,
    ConnectionRefused,
    Disconnected,
    ProtocolViolation,
    ResolutionFailed,
    TimedOut,
    TlsFailed,
    Unreachable,
    WireError,
)
from xmpp_exporter.wire.guard import admit
from xmpp_exporter.wire.network import Network, Timeouts
from xmpp_exporter.wire.tls import tls_error

MAX_BODY_BYTES = 256 * 1024
"""What is read of a response at most."""
MAX_REDIRECTS = 3


class _GuardedAddress(OSError):
    """The guard's refusal in the shape that the event loop passes through while connecting."""

    def __init__(self, refusal: AddressRefused) -> None:
        super().__init__(refusal.detail)
        self.refusal = refusal


class _LookupsResolver(AbstractResolver):
    """aiohttp's questions answered by the probe's own lookups."""

    def __init__(self, lookups: Lookups) -> None:
        self._lookups = lookups

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        addresses = await self._lookups.addresses(host)
        if not addresses:
            raise ResolutionFailed(f"{host} has no address")
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in addresses
        ]

    async def close(self) -> None:
        """The lookups belong to the probe."""


@dataclass(frozen=True, slots=True)
class Response:
    """A response read whole, or its first MAX_BODY_BYTES."""

    status: int
    headers: Mapping[str, str]
    """Case-insensitive."""
    body: bytes
    url: str


class Http:
    """The HTTP client of one probe. Close it when the probe ends."""

    def __init__(self, network: Network, lookups: Lookups, timeouts: Timeouts, allow_private: bool) -> None:
        def guarded_socket(info: tuple[Any, ...]) -> socket.socket:
            # called with the very address that is connected to next, also for literals and after redirects
            try:
                admit(info[4][0], allow_private)
            except AddressRefused as refusal:
                raise _GuardedAddress(refusal) from None
            sock = socket.socket(info[0], info[1], info[2])
            sock.setblocking(False)
            return sock

        self._client = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=_LookupsResolver(lookups),
                ssl=network.tls.verified,
                limit_per_host=2,
                use_dns_cache=False,
                socket_factory=guarded_socket,
            ),
            timeout=aiohttp.ClientTimeout(
                total=None, sock_connect=timeouts.connect, sock_read=timeouts.reply, connect=None
            ),
            headers={"User-Agent": network.user_agent, "Accept-Encoding": "identity"},
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
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
        """One request. Raises WireError: unresolvable, unreachable, TLS, timeouts, not HTTP; never for a status."""
        async with (
            _wire_errors(url),
            self._client.request(
                method,
                url,
                headers=headers,
                data=body,
                allow_redirects=redirects,
                max_redirects=MAX_REDIRECTS,
            ) as response,
        ):
            content = bytearray()
            while len(content) < MAX_BODY_BYTES and (
                chunk := await response.content.read(MAX_BODY_BYTES - len(content))
            ):
                content += chunk
            return Response(response.status, response.headers, bytes(content), str(response.url))

    @contextlib.asynccontextmanager
    async def websocket(self, url: str, protocol: str) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """A WebSocket that was accepted: status 101, the right key, `protocol` chosen.

        Raises WireError; ProtocolViolation says what the answer was instead.
        """
        async with _wire_errors(url):
            try:
                socket_ = await self._client.ws_connect(url, protocols=(protocol,), max_msg_size=MAX_BODY_BYTES)
            except aiohttp.WSServerHandshakeError as error:
                raise ProtocolViolation(
                    f"{url} answered {error.status} ({error.message}) in the place of 101"
                ) from error
        try:
            if socket_.protocol != protocol:
                raise ProtocolViolation(f"{url} did not choose the WebSocket protocol {protocol}")
            yield socket_
        finally:
            with contextlib.suppress(TimeoutError, aiohttp.ClientError):
                async with asyncio.timeout(1):
                    await socket_.close()

    async def close(self) -> None:
        await self._client.close()


@contextlib.asynccontextmanager
async def _wire_errors(url: str) -> AsyncIterator[None]:
    """aiohttp's errors as ours."""
    try:
        yield
    except aiohttp.ClientConnectorCertificateError as error:
        raise _certificate(error.certificate_error, url) from error
    except aiohttp.ClientConnectorError as error:
        raise _connector_error(error.os_error, url) from error
    except (TimeoutError, aiohttp.ServerTimeoutError) as error:
        raise TimedOut(f"{url} did not answer in time") from error
    except aiohttp.ServerDisconnectedError as error:
        raise Disconnected(f"{url} closed the connection without an answer") from error
    except aiohttp.InvalidURL as error:
        raise ProtocolViolation(f"not a URL: {url[:200]!r}") from error
    except aiohttp.TooManyRedirects as error:
        raise ProtocolViolation(f"{url} redirects more than {MAX_REDIRECTS} times") from error
    except (aiohttp.ClientError, ValueError) as error:
        raise ProtocolViolation(f"{url} did not answer with HTTP: {error}"[:300]) from error
    except OSError as error:
        raise _connector_error(error, url) from error


def _connector_error(error: BaseException, url: str) -> WireError:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, _GuardedAddress):
            return cause.refusal
        if isinstance(cause, WireError):
            return cause
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, ssl.SSLError):
        return _certificate(error, url)
    if isinstance(error, ConnectionRefusedError):
        return ConnectionRefused(f"{url}: the connection was refused")
    if isinstance(error, ConnectionResetError):
        return TlsFailed(f"{url}: the connection was reset in the TLS handshake")
    text = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return Unreachable(f"{url} cannot be reached: {text}")


def _certificate(error: BaseException, url: str) -> WireError:
    if isinstance(error, ssl.SSLError):
        return tls_error(error, url)
    return CertificateRejected(f"the certificate of {url} was rejected: {error}")
