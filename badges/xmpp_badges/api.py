"""JSON over HTTP from programs that the operator runs: Prometheus, Alertmanager, the exporter.

Bounded in size and time. What can go wrong is one of ApiError's kinds:

    ApiError
    ├── Away      nobody answers, or not in time, or TLS fails
    ├── Refused   an error answer; `status` is HTTP's
    └── Garbled   the answer is too large, or not what the program is documented to say
"""

import asyncio
import json
import os
import ssl
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar

import aiohttp
from pydantic import model_validator

from xmpp_exporter import __version__
from xmpp_exporter.config.values import Duration, WebUrl
from xmpp_exporter.serving.secret import PasswordError, Secret
from xmpp_exporter.serving.section import NearbyPath, Section

MAX_BYTES = 64 * 1024 * 1024
"""Of an answer: ten thousand servers' worth of samples fit."""
LONG = 256 * 1024
"""Bytes of JSON that take longer to parse than the event loop should wait."""
_MAX_ERROR = 300
"""Characters of an error answer that are told."""

Parameters = Mapping[str, str | list[str]]
Answer = TypeVar("Answer")


class ApiError(Exception):
    """One sentence that says whom we asked and what came of it; never a password."""


class Away(ApiError):
    """Nobody answers."""


class Refused(ApiError):
    """Answered with an error."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class Garbled(ApiError):
    """Answered with something else than expected."""


class BasicAuth(Secret):
    """HTTP's user name and password."""

    username: str


class ApiSettings(Section):
    """Where the program is, and how it lets us in: by `basic_auth`, by a `bearer` token, or anybody."""

    url: WebUrl
    timeout: Duration = 5.0
    """For one whole answer."""
    ca_file: NearbyPath | None = None
    """PEM; replaces the system's authorities."""
    basic_auth: BasicAuth | None = None
    bearer: Secret | None = None

    @model_validator(mode="after")
    def _lets_in_by_one_way(self) -> Self:
        if self.basic_auth is not None and self.bearer is not None:
            raise ValueError("has both basic_auth and bearer: keep one")
        return self

    def tls(self) -> ssl.SSLContext:
        """Raises OSError for a file that has no authorities."""
        return ssl.create_default_context(cafile=self.ca_file)

    def headers(self) -> dict[str, str]:
        """What lets us in, read now. Raises PasswordError."""
        if self.basic_auth is not None:
            login = aiohttp.BasicAuth(self.basic_auth.username, self.basic_auth.read_password(), "utf-8")
            return {"Authorization": login.encode()}
        if self.bearer is not None:
            return {"Authorization": f"Bearer {self.bearer.read_password()}"}
        return {}


class Api:
    """One program, for as long as the `async with` block lasts."""

    def __init__(self, settings: ApiSettings) -> None:
        self.settings = settings

    async def __aenter__(self) -> Self:
        timeout = aiohttp.ClientTimeout(total=self.settings.timeout)
        connector = aiohttp.TCPConnector(ssl=self.settings.tls())
        agent = {"User-Agent": f"xmpp-compliance-exporter/{__version__}"}
        self._client = aiohttp.ClientSession(connector=connector, timeout=timeout, headers=agent)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.close()

    async def get(self, path: str, parameters: Parameters | None = None) -> Any:
        """The JSON at `path`. Raises ApiError."""
        return await self._ask("GET", path, params=_pairs(parameters or {}))

    async def post_form(self, path: str, parameters: Parameters, understand: Callable[[Any], Answer]) -> Answer:
        """What the answer to a form means, as long as it may be. Raises ApiError, and what `understand` raises."""
        body = await self._exchange("POST", path, data=aiohttp.FormData(_pairs(parameters)))

        def read() -> Answer:
            return understand(self._parsed(body, path))

        # in a thread where it would hold up everybody else
        return await asyncio.to_thread(read) if len(body) > LONG else read()

    async def post_json(self, path: str, document: Any) -> Any:
        """The answer to a JSON document. Raises ApiError."""
        return await self._ask("POST", path, json=document)

    async def tell(self, path: str, document: Any) -> None:
        """Send a JSON document; what is answered does not matter, unless it is an error. Raises ApiError."""
        await self._exchange("POST", path, json=document)

    async def _ask(self, method: str, path: str, **content: Any) -> Any:
        body = await self._exchange(method, path, **content)
        return await asyncio.to_thread(self._parsed, body, path) if len(body) > LONG else self._parsed(body, path)

    def _parsed(self, body: bytes, path: str) -> Any:
        try:
            return json.loads(body) if body else None
        except ValueError as error:
            raise Garbled(f"{self.settings.url} does not answer {path} with JSON") from error

    async def _exchange(self, method: str, path: str, **content: Any) -> bytes:
        url = self.settings.url.rstrip("/") + path
        try:
            headers = self.settings.headers()
            async with self._client.request(method, url, headers=headers, allow_redirects=False, **content) as answer:
                body = await _read(answer)
        except PasswordError as error:
            raise Away(f"{self.settings.url} was not asked: {error}") from error
        except TimeoutError as error:
            raise Away(f"{self.settings.url} did not answer within {self.settings.timeout:g} s") from error
        except (aiohttp.ClientError, OSError) as error:
            raise Away(f"{self.settings.url} cannot be asked: {_told(error)}") from error
        if answer.status >= 300:
            text = body[:_MAX_ERROR].decode(errors="replace")
            raise Refused(f"{self.settings.url} answers {answer.status} to {path}: {text}", answer.status)
        return body


def _told(error: aiohttp.ClientError | OSError) -> str:
    """The system's words for a connection that fails; aiohttp's name each address and its own settings."""
    reason = getattr(error, "os_error", None)
    if not isinstance(reason, OSError) or isinstance(reason, ssl.SSLError):
        return str(error)
    number = reason.errno or 0
    return os.strerror(number) if number > 0 else str(reason.strerror or reason)


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    content = bytearray()
    async for chunk in answer.content.iter_chunked(65536):
        content += chunk
        if len(content) > MAX_BYTES:
            raise Garbled(f"{answer.url.origin()} answers with more than {MAX_BYTES // 1024 // 1024} MiB")
    return bytes(content)


def _pairs(parameters: Parameters) -> list[tuple[str, str]]:
    """A parameter for each value: Prometheus wants `match[]` several times."""
    return [
        (name, value)
        for name, values in parameters.items()
        for value in ([values] if isinstance(values, str) else values)
    ]
