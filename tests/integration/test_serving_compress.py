"""Long pages: whole, gzipped for those who take it, and no burden on the event loop."""

import asyncio
import functools
import gzip
import logging
import random
import threading
import zlib
from collections.abc import Callable, Iterator, Sequence

import aiohttp
import pytest
from aiohttp import web

from tests.integration.heartbeat import Heartbeat
from xmpp_exporter.serving.address import Address
from xmpp_exporter.serving.compress import PIECE, accepts_gzip, write_page
from xmpp_exporter.serving.listeners import Listeners
from xmpp_exporter.serving.webconfig import WebConfig

TEXT = "text/plain; version=0.0.4; charset=utf-8"


class Page:
    """An application whose only page is made of `chunks`; counts how many of them were made."""

    def __init__(self, chunks: Sequence[bytes], stall: float = 60) -> None:
        self.chunks = chunks
        self.made = 0
        self.make: Callable[[], Iterator[bytes]] = self._count
        self.ended = asyncio.Event()
        app = web.Application()

        async def page(request: web.Request) -> web.StreamResponse:
            try:
                return await write_page(request, self.make(), TEXT, stall=stall)
            finally:
                self.ended.set()

        app.router.add_get("/", page)
        self.listeners = Listeners(app, [Address("127.0.0.1", 0)], WebConfig(), grace=1)

    def _count(self) -> Iterator[bytes]:
        for chunk in self.chunks:
            self.made += 1
            yield chunk


@functools.cache
def samples(size: int, families: int = 20) -> list[bytes]:
    """A page of metrics of about `size` bytes in chunks of a family, with values that gzip cannot make vanish."""
    source = random.Random(1)
    lines = size // families // 58
    return [
        "".join(
            f'xmpp_metric_{family}{{domain="d{source.randrange(10**5):05}.test"}} {source.random()}\n'
            for _ in range(lines)
        ).encode()
        for family in range(families)
    ]


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
async def test_the_page_arrives_whole(encoding: str) -> None:
    page = Page([b"", b"short\n", b"x" * (PIECE + 1), b"", *samples(1_000_000)])
    async with page.listeners as running, aiohttp.ClientSession(auto_decompress=False) as session:
        async with session.get(running.urls[0], headers={"Accept-Encoding": encoding}) as response:
            body = await response.read()
            assert response.headers["Content-Type"] == TEXT
            assert response.headers["Vary"] == "Accept-Encoding"
            assert response.headers.get("Content-Encoding", "identity") == encoding
        assert (gzip.decompress(body) if encoding == "gzip" else body) == b"".join(page.chunks)


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
async def test_an_empty_page_is_a_page(encoding: str) -> None:
    async with (
        Page([]).listeners as running,
        aiohttp.ClientSession() as session,
        session.get(running.urls[0], headers={"Accept-Encoding": encoding}) as response,
    ):
        assert (response.status, await response.read()) == (200, b"")


async def test_a_head_request_gets_the_headers_and_makes_no_page() -> None:
    page = Page([b"x"])
    async with page.listeners as running, aiohttp.ClientSession() as session:
        async with session.head(running.urls[0], headers={"Accept-Encoding": "gzip"}) as response:
            assert response.status == 200
            assert response.headers["Content-Encoding"] == "gzip"
            assert await response.read() == b""
        assert page.made == 0
        async with session.get(running.urls[0]) as response:
            assert await response.read() == b"x"


async def test_a_client_of_http_1_0_gets_the_page_until_the_connection_ends() -> None:
    async with Page([b"a" * 100_000, b"b"]).listeners as running:
        reader, writer = await asyncio.open_connection("127.0.0.1", running.bound[0].port)
        writer.write(b"GET / HTTP/1.0\r\n\r\n")
        async with asyncio.timeout(10):
            head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        assert b"chunked" not in head.lower()
        assert body == b"a" * 100_000 + b"b"
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        ("", False),
        ("gzip", True),
        ("gzip, deflate, br", True),
        ("deflate;q=1.0, GZIP;q=0.5", True),
        ("gzip;q=0", False),
        ("gzip; q=0.0, *", False),
        ("*", True),
        ("*;q=0", False),
        ("identity", False),
        ("br, deflate", False),
        ("x-gzip", True),
        ("gzip;q=much", False),
    ],
)
def test_gzip_is_sent_to_those_who_take_it(header: str, accepted: bool) -> None:
    assert accepts_gzip(header) is accepted


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
@pytest.mark.parametrize("families", [20, 1])
async def test_the_event_loop_beats_on_while_fifty_megabytes_are_sent(encoding: str, families: int) -> None:
    page = Page(samples(50_000_000, families))
    size = sum(map(len, page.chunks))
    received = 0
    async with (
        page.listeners as running,
        aiohttp.ClientSession(auto_decompress=False) as session,
        Heartbeat() as heart,
        session.get(running.urls[0], headers={"Accept-Encoding": encoding}) as response,
    ):
        async for data in response.content.iter_any():
            received += len(data)
    print(
        f"{size / 1e6:.1f} MB in {families} chunks, {encoding}: {received / 1e6:.1f} MB sent in {heart.seconds:.2f} s; "
        f"the loop worked {heart.longest_work * 1000:.1f} ms and paused {heart.longest_gap * 1000:.1f} ms at most "
        f"between two beats, {heart.work * 1000:.0f} ms in all"
    )
    assert size > 45_000_000
    assert heart.longest_work < 0.02
    assert heart.longest_gap < 0.25


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
async def test_others_have_their_turn_between_any_two_chunks(encoding: str) -> None:
    turns = 0
    turns_at_chunk: list[int] = []

    def chunks() -> Iterator[bytes]:
        for _ in range(20):
            turns_at_chunk.append(turns)
            yield b"x"

    async def take_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    page = Page([])
    page.make = chunks
    other = asyncio.create_task(take_turns())
    async with (
        page.listeners as running,
        aiohttp.ClientSession() as session,
        session.get(running.urls[0], headers={"Accept-Encoding": encoding}) as response,
    ):
        assert await response.read() == b"x" * 20
    other.cancel()
    assert len(set(turns_at_chunk)) == 20


async def test_gzip_is_done_by_other_threads_than_the_loops(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: set[int] = set()
    make = zlib.compressobj

    class Noting:
        def __init__(self, level: int, wbits: int) -> None:
            self._compressor = make(level, wbits=wbits)
            self.flush = self._compressor.flush

        def compress(self, data: memoryview) -> bytes:
            threads.add(threading.get_ident())
            return self._compressor.compress(data)

    monkeypatch.setattr(zlib, "compressobj", Noting)
    async with (
        Page(samples(1_000_000)).listeners as running,
        aiohttp.ClientSession() as session,
        session.get(running.urls[0]) as response,
    ):
        assert len(await response.read()) > 900_000
    assert threads
    assert threading.get_ident() not in threads


async def test_a_client_that_goes_away_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    page = Page(samples(20_000_000))
    with caplog.at_level(logging.WARNING):
        async with page.listeners as running:
            reader, writer = await asyncio.open_connection("127.0.0.1", running.bound[0].port)
            writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            await reader.read(1000)
            writer.transport.abort()
            async with asyncio.timeout(10):
                await page.ended.wait()
    assert page.made < len(page.chunks)
    assert not caplog.records


async def test_a_client_that_stops_reading_is_cut_off(caplog: pytest.LogCaptureFixture) -> None:
    page = Page(samples(20_000_000), stall=0.2)
    async with page.listeners as running:
        reader, writer = await asyncio.open_connection("127.0.0.1", running.bound[0].port, limit=1000)
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        async with asyncio.timeout(10):
            await page.ended.wait()
            try:
                received = await reader.read()
            except ConnectionError:
                received = b""
        assert not received.endswith(b"0\r\n\r\n"), "a page cut short must not look like a whole one"
        writer.close()
    assert page.made < len(page.chunks)
    assert not caplog.records
