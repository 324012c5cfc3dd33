"""Basic authentication against bcrypt hashes, without ever making the event loop wait for bcrypt."""

import asyncio
import base64
import binascii
import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import bcrypt
from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

REMEMBERED = 100
"""Verified passwords that are remembered, as in exporter-toolkit."""
MAX_WAITING = 50
"""Passwords that may wait for bcrypt; more at a time is guessing, or a flood."""

# bcrypt reads no more; its Python library raises an error where others, Go's among them, cut.
_BCRYPT_BYTES = 72


class TooManyChecks(Exception):
    """More passwords wait to be verified than one thread can do in reasonable time."""


class PasswordCheck:
    """Verifies passwords one at a time in a thread of its own, and remembers those that were right.

    What is remembered is a digest keyed with a secret of this process, over the user, the hash and the password:
    a changed hash is verified anew, and the memory of the process holds no password longer than the request does.
    """

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._verified: OrderedDict[bytes, None] = OrderedDict()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="bcrypt")
        self._waiting = 0

    async def right(self, user: str, password: str, hashes: Mapping[str, str]) -> bool:
        """Whether `password` is the user's; takes as long for a user that does not exist.

        Raises TooManyChecks.
        """
        known = hashes.get(user)
        password_hash = known if known is not None else _nobody(hashes)
        digest = self._digest(user, password_hash, password)
        if digest in self._verified:
            self._verified.move_to_end(digest)
            return True
        if self._waiting >= MAX_WAITING:
            raise TooManyChecks
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            matches = await loop.run_in_executor(self._thread, _matches, password, password_hash)
        finally:
            self._waiting -= 1
        if not matches or known is None:
            return False
        self._verified[digest] = None
        if len(self._verified) > REMEMBERED:
            self._verified.popitem(last=False)
        return True

    def close(self) -> None:
        """Drops what waits; a check that runs ends by itself."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _digest(self, *parts: str) -> bytes:
        digest = hashlib.blake2b(key=self._key)
        for part in parts:
            data = part.encode()
            digest.update(len(data).to_bytes(8, "big") + data)
        return digest.digest()


def nobody_else(request: web.Request) -> bool:
    """There is no other way in than a password."""
    return False


def demand_password(
    users: Callable[[], Mapping[str, str]],
    check: PasswordCheck,
    admitted: Callable[[web.Request], bool] = nobody_else,
) -> Middleware:
    """Middleware that lets in those who know a password; everybody as long as `users` yields none.

    Requests that are `admitted` for another reason need none. 401 with the challenge otherwise; 503 while too many
    passwords are waiting to be verified.
    """

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        hashes = users()
        if hashes and not admitted(request):
            credentials = _credentials(request.headers.get(hdrs.AUTHORIZATION, ""))
            try:
                if credentials is None or not await check.right(*credentials, hashes):
                    return web.Response(
                        status=401, text="Unauthorized\n", headers={hdrs.WWW_AUTHENTICATE: 'Basic charset="UTF-8"'}
                    )
            except TooManyChecks:
                return web.Response(
                    status=503, text="Too many passwords to verify at once\n", headers={hdrs.RETRY_AFTER: "10"}
                )
        return await handler(request)

    return middleware


def _credentials(header: str) -> tuple[str, str] | None:
    """User and password of an Authorization header (RFC 7617 §2); None if it is none of that kind."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    user, colon, password = text.partition(":")
    return (user, password) if colon else None


def _nobody(hashes: Mapping[str, str]) -> str:
    """A hash that costs as much as the others and belongs to no password that anybody has."""
    model = next(iter(hashes.values()))
    settings_and_salt, checksum = model[:29], "." * 31
    return settings_and_salt + checksum


def _matches(password: str, password_hash: str) -> bool:
    try:
        return bcrypt.checkpw(password.encode()[:_BCRYPT_BYTES], password_hash.encode())
    except ValueError:
        return False
