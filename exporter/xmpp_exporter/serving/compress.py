"""Sends long pages, gzipped for those who take it, while the event loop goes on with everything else."""

import asyncio
import zlib
from collections.abc import Iterable, Iterator

from aiohttp import hdrs, web

PIECE = 256 * 1024
"""Bytes handled in one go: gzipped in a few ms, and copied to a connection in less."""
SMALL = 8 * 1024
"""Bytes that are gzipped sooner than a thread is woken."""
STALL_SECONDS = 60.0
"""A client that takes nothing for so long is cut off: each one holds a whole page in memory."""

_GZIP = 16 + zlib.MAX_WBITS
_LEVEL = 1


async def write_page(
    request: web.Request, chunks: Iterable[bytes], content_type: str, *, stall: float = STALL_SECONDS
) -> web.StreamResponse:
    """Answers with all `chunks` in turn, each of which should take no more than a few ms to make.

    Level 1 costs a fifth of level 9 and makes pages of metrics hardly longer; it runs in threads, where zlib lets go of
    the interpreter. `content_type` goes out as it is. For HEAD no chunk is made. A client that goes away, or takes
    nothing for `stall` seconds, gets no more; that is no error.
    """
    gzip = accepts_gzip(request.headers.get(hdrs.ACCEPT_ENCODING, ""))
    response = web.StreamResponse(headers={hdrs.CONTENT_TYPE: content_type, hdrs.VARY: hdrs.ACCEPT_ENCODING})
    if gzip:
        response.headers[hdrs.CONTENT_ENCODING] = "gzip"
    await response.prepare(request)
    if request.method == hdrs.METH_HEAD:
        return response
    try:
        if gzip:
            await _write_gzipped(response, _pieces(chunks), stall)
        else:
            await _write_plain(response, _pieces(chunks), stall)
    except ConnectionError:
        pass
    except TimeoutError:
        if request.transport is not None:
            request.transport.abort()
    return response


def accepts_gzip(accept_encoding: str) -> bool:
    """Whether an Accept-Encoding header allows gzip (RFC 9110 §12.5.3): by name before `*`, and not with q=0."""
    qualities = {}
    for offer in accept_encoding.lower().split(","):
        coding, _, parameter = offer.partition(";")
        name, _, value = parameter.partition("=")
        qualities[coding.strip()] = value.strip() if name.strip() == "q" else "1"
    quality = qualities.get("gzip", qualities.get("x-gzip", qualities.get("*", "0")))
    try:
        return float(quality) > 0
    except ValueError:
        return False


async def _write_plain(response: web.StreamResponse, pieces: Iterable[memoryview], stall: float) -> None:
    for piece in pieces:
        async with asyncio.timeout(stall):
            await response.write(piece)
        await asyncio.sleep(0)


async def _write_gzipped(response: web.StreamResponse, pieces: Iterable[memoryview], stall: float) -> None:
    gzip = zlib.compressobj(_LEVEL, wbits=_GZIP)
    for piece in pieces:
        compressed = await asyncio.to_thread(gzip.compress, piece) if len(piece) > SMALL else gzip.compress(piece)
        if compressed:
            async with asyncio.timeout(stall):
                await response.write(compressed)
        await asyncio.sleep(0)
    async with asyncio.timeout(stall):
        await response.write(await asyncio.to_thread(gzip.flush))


def _pieces(chunks: Iterable[bytes]) -> Iterator[memoryview]:
    for chunk in chunks:
        view = memoryview(chunk)
        for start in range(0, len(view), PIECE):
            yield view[start : start + PIECE]
