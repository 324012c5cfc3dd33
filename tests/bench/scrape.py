"""What a scrape costs with many servers: making the page, gzipping it, and serving it without holding up the rest."""

import asyncio
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.test_utils import make_mocked_request

from tests.bench.clock import MIB, best_cpu, resident
from tests.bench.effort import Announce, Effort
from tests.bench.figures import Figure, Results
from tests.bench.isolated import isolated
from tests.bench.reports import NOW, ProbedServer, probed_server
from tests.integration.heartbeat import Heartbeat
from xmpp_exporter.exposition import Exposition
from xmpp_exporter.serving.address import Address
from xmpp_exporter.serving.compress import write_page
from xmpp_exporter.serving.listeners import Listeners
from xmpp_exporter.serving.webconfig import WebConfig
from xmpp_exporter.store import ServerState

TEXT = "text/plain; version=0.0.4; charset=utf-8"
REPEATS = 5
COPIES, MANY = 5.0, 10_000
"""A scrape may cost as much as so many plain copies of the page, with so many servers."""


class Shown:
    """So many servers, probed and shown as of `now`."""

    def __init__(self, servers: int, now: float = NOW) -> None:
        self.now = now
        self.exposition = Exposition()
        self.states = [self._show(probed_server(number, now)) for number in range(servers)]

    def _show(self, server: ProbedServer) -> ServerState:
        state = ServerState()
        for report in server.reports:
            state.take(report)
        self.exposition.configure(server.config, state)
        return state

    def chunks(self) -> Iterator[bytes]:
        return self.exposition.chunks(self.now)


class Sink(AbstractStreamWriter):
    """A connection that takes everything at once and costs nothing."""

    async def write(self, chunk: object) -> None:
        pass

    async def write_eof(self, chunk: bytes = b"") -> None:
        pass

    async def drain(self) -> None:
        pass

    def enable_compression(self, encoding: str = "deflate", strategy: int | None = None) -> None:
        pass

    def enable_chunking(self) -> None:
        pass

    async def write_headers(self, status_line: str, headers: object) -> None:
        pass


def measure(effort: Effort, announce: Announce) -> Results:
    """All figures, each number of servers in a process of its own."""
    results = Results()
    for servers in effort.servers:
        announce(f"the page of {servers:,} servers")
        results.figures += isolated(_measure, servers)
    return results


def _measure(servers: int) -> list[Figure]:
    before = resident()
    shown = Shown(servers)
    memory = (resident() - before) / servers
    page = _look_at(list(shown.chunks()))
    with asyncio.Runner() as runner:
        making = best_cpu(lambda: runner.run(_write(shown)), REPEATS)
        served = runner.run(_serve(shown))
    subject = f"{servers:,} servers"
    return [
        Figure(subject, "series per server", page.series / servers),
        Figure(subject, "bytes per server", page.size / servers, "B"),
        Figure(subject, "page", page.size / MIB, "MiB"),
        Figure(subject, "memory per server", memory / 1024, "KiB"),
        Figure(subject, "plain copy of the page", page.copying * 1000, "ms"),
        Figure(subject, "making the page", making * 1000, "ms"),
        Figure(
            subject, "making the page, in plain copies", making / page.copying, "x", COPIES if servers >= MANY else None
        ),
        Figure(subject, "gzip level 1, in threads", page.gzipping * 1000, "ms"),
        Figure(subject, "gzipped page", page.gzipped / MIB, "MiB"),
        *(Figure(subject, name, seconds * 1000, "ms") for name, seconds in served.items()),
    ]


@dataclass(frozen=True, slots=True)
class Page:
    """A page by itself: sizes in bytes, CPU times in seconds."""

    size: int
    series: int
    copying: float
    gzipping: float
    gzipped: int


def _look_at(chunks: list[bytes]) -> Page:
    return Page(
        size=sum(map(len, chunks)),
        series=sum(not line.startswith(b"#") for chunk in chunks for line in chunk.splitlines()),
        copying=best_cpu(lambda: b"".join(chunks), REPEATS),
        gzipping=best_cpu(lambda: _gzip(chunks), REPEATS),
        gzipped=sum(map(len, _gzip(chunks))),
    )


def _gzip(chunks: list[bytes]) -> list[bytes]:
    gzip = zlib.compressobj(1, wbits=16 + zlib.MAX_WBITS)
    return [*map(gzip.compress, chunks), gzip.flush()]


async def _write(shown: Shown) -> None:
    """The plain page to a connection that costs nothing."""
    request = make_mocked_request("GET", "/metrics", writer=Sink())
    await write_page(request, shown.chunks(), TEXT)


async def _serve(shown: Shown) -> dict[str, float]:
    """Seconds of real scrapes over loopback, each the least of several."""
    beats: list[Heartbeat] = []

    async def metrics(request: web.Request) -> web.StreamResponse:
        async with Heartbeat() as heartbeat:
            response = await write_page(request, shown.chunks(), TEXT)
        beats.append(heartbeat)
        return response

    app = web.Application()
    app.router.add_get("/metrics", metrics)
    figures: dict[str, float] = {}
    async with Listeners(app, [Address("127.0.0.1", 0)], WebConfig(), grace=1) as running:
        for encoding in ("identity", "gzip"):
            beats.clear()
            for _ in range(REPEATS):
                await _scrape(f"{running.urls[0]}/metrics", encoding)
            page = "gzipped page" if encoding == "gzip" else "plain page"
            figures |= {
                f"{page} over HTTP, wall": min(beat.seconds for beat in beats),
                f"{page} over HTTP, CPU of the event loop": min(beat.work for beat in beats),
                f"{page}: longest stretch of CPU between two turns of the loop": min(b.longest_work for b in beats),
                f"{page}: longest stall of the event loop": min(beat.longest_gap for beat in beats),
            }
    return figures


async def _scrape(url: str, encoding: str) -> None:
    command = (sys.executable, "-m", "tests.bench.scraper", url, encoding)
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    if process.returncode or not int(output):
        raise RuntimeError(f"the scrape of {url} failed")
