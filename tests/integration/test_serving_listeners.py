"""Listening and stopping: on every address or on none, and never in the middle of an answer."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from xmpp_exporter.serving import health
from xmpp_exporter.serving.address import Address, parse
from xmpp_exporter.serving.listeners import Listeners
from xmpp_exporter.serving.sockets import ListenError
from xmpp_exporter.serving.webconfig import WebConfig


def listeners(app: web.Application, *addresses: str, grace: float = 5) -> Listeners:
    return Listeners(app, [parse(address) for address in addresses], WebConfig(), grace=grace)


def healthy() -> web.Application:
    app = web.Application()
    app.add_routes(health.routes(lambda: True))
    return app


async def status(url: str) -> int:
    async with asyncio.timeout(10), aiohttp.ClientSession() as session, session.get(url) as response:
        return response.status


def can_bind(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


async def refuses(port: int) -> None:
    """Returns as soon as nobody listens on the port."""
    async with asyncio.timeout(5):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionError:
                return
            writer.close()


async def test_each_address_is_served_and_its_real_port_is_told() -> None:
    async with listeners(healthy(), "127.0.0.1:0", "localhost:0", "[::1]:0") as running:
        assert [bound.host for bound in running.bound] == ["127.0.0.1", "127.0.0.1", "::1"]
        assert all(bound.port for bound in running.bound)
        for url in running.urls:
            assert await status(f"{url}/-/healthy") == 200


@pytest.mark.parametrize(("address", "host", "browsable"), [(":0", "", "localhost"), ("[::]:0", "::", "[::1]")])
async def test_an_address_for_all_takes_ipv4_and_ipv6_on_one_port(address: str, host: str, browsable: str) -> None:
    async with listeners(healthy(), address) as running:
        port = running.bound[0].port
        assert running.bound == [Address(host, port)]
        assert running.urls == [f"http://{browsable}:{port}"]
        assert await status(f"http://127.0.0.1:{port}/-/healthy") == 200
        assert await status(f"http://[::1]:{port}/-/healthy") == 200


async def test_of_a_names_addresses_the_ipv4_one_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    async def both(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        assert host == "metrics.test"
        ipv6 = (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", port, 0, 0))
        return [ipv6, (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", both)
    async with listeners(healthy(), "metrics.test:0") as running:
        assert [bound.host for bound in running.bound] == ["127.0.0.1"]


async def test_a_taken_port_is_told_and_no_other_address_stays_open() -> None:
    started = False

    async def start(app: web.Application) -> None:
        nonlocal started
        started = True

    async with listeners(healthy(), "127.0.0.1:0") as first:
        taken = first.bound[0]
        app = healthy()
        app.on_startup.append(start)
        second = listeners(app, "127.0.0.1:0", str(taken))
        with pytest.raises(ListenError, match=f"cannot listen on {taken}: another program listens there already"):
            await second.__aenter__()
        assert can_bind(second.bound[0].port)
        assert not started
        assert await status(f"{first.urls[0]}/-/healthy") == 200
    assert can_bind(taken.port)


@pytest.mark.parametrize(
    ("address", "why"),
    [("192.0.2.1:0", "this machine has no such address"), ("nowhere.invalid:0", "no address for this host")],
)
async def test_an_address_that_cannot_be_had_is_told(address: str, why: str) -> None:
    with pytest.raises(ListenError, match=why):
        await listeners(healthy(), address).__aenter__()


class Slow:
    """An application with one page that ends when told to."""

    def __init__(self) -> None:
        self.entered = asyncio.Event()
        self.finish = asyncio.Event()
        self.app = web.Application()
        self.app.router.add_get("/", self.page)

    async def page(self, request: web.Request) -> web.Response:
        self.entered.set()
        await self.finish.wait()
        return web.Response(text="done")


@pytest.fixture
async def slow() -> AsyncIterator[Slow]:
    yield Slow()


async def test_a_running_request_is_answered_while_no_new_one_is_taken(slow: Slow) -> None:
    running = await listeners(slow.app, "127.0.0.1:0").__aenter__()
    url = running.urls[0]
    request = asyncio.create_task(status(url))
    await slow.entered.wait()
    stopping = asyncio.create_task(running.__aexit__(None, None, None))
    await refuses(running.bound[0].port)
    assert not stopping.done()
    slow.finish.set()
    assert await request == 200
    await stopping


@pytest.mark.parametrize("grace", [0.2, 0])
async def test_a_request_longer_than_the_grace_time_is_cut_off(slow: Slow, grace: float) -> None:
    running = await listeners(slow.app, "127.0.0.1:0", grace=grace).__aenter__()
    request = asyncio.create_task(status(running.urls[0]))
    await slow.entered.wait()
    began = time.perf_counter()
    await running.__aexit__(None, None, None)
    assert time.perf_counter() - began < 2
    with pytest.raises(aiohttp.ClientError):
        await request


async def test_an_idle_connection_does_not_delay_the_end() -> None:
    async with aiohttp.ClientSession() as session:
        async with listeners(healthy(), "127.0.0.1:0", grace=20) as running:
            async with session.get(f"{running.urls[0]}/-/healthy") as response:
                assert await response.text() == "Healthy.\n"
            began = time.perf_counter()
        assert time.perf_counter() - began < 5


async def test_an_application_that_cannot_start_leaves_no_port_open() -> None:
    async def fail(app: web.Application) -> None:
        raise RuntimeError("no")

    app = healthy()
    app.on_startup.append(fail)
    running = listeners(app, "127.0.0.1:0")
    with pytest.raises(RuntimeError, match="no"):
        await running.__aenter__()
    assert can_bind(running.bound[0].port)


async def test_readiness_is_the_services_word_and_health_is_not() -> None:
    ready = False
    app = web.Application()
    app.add_routes(health.routes(lambda: ready, prefix="/exporter"))
    async with listeners(app, "127.0.0.1:0") as running:
        url = f"{running.urls[0]}/exporter/-"
        assert await status(f"{url}/healthy") == 200
        assert await status(f"{url}/ready") == 503
        ready = True
        assert await status(f"{url}/ready") == 200
