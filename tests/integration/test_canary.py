"""Canaries are asked over real sockets, as often as needed, and no more."""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Iterator, Sequence

import pytest

from tests.servers.dns import FakeDns
from xmpp_exporter import canary
from xmpp_exporter.canary import Canaries
from xmpp_exporter.config import HostPort
from xmpp_exporter.wire.dns import Resolver
from xmpp_exporter.wire.network import Network
from xmpp_exporter.wire.tls import TlsContexts


class Host:
    """Accepts connections, and counts them, until it is taken down."""

    def __init__(self) -> None:
        self.connections = 0

    async def __aenter__(self) -> "Host":
        self._server = await asyncio.start_server(self._take, "127.0.0.1", 0)
        self.at = HostPort("127.0.0.1", self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.down()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        writer.close()

    async def down(self) -> None:
        self._server.close()
        await self._server.wait_closed()


@pytest.fixture
def names() -> Iterator[FakeDns]:
    with FakeDns({"canary.test": "@ A 127.0.0.1\n"}) as dns:
        yield dns


@pytest.fixture
def network(names: FakeDns) -> Network:
    return Network(Resolver([names.address], names.port), TlsContexts(None))


@contextlib.asynccontextmanager
async def watching(network: Network, canaries: Sequence[HostPort]) -> AsyncIterator[Canaries]:
    watched = Canaries()
    await watched.watch(network, canaries)
    try:
        async with asyncio.timeout(20):
            yield watched
    finally:
        await watched.close()


def nobody() -> HostPort:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return HostPort("127.0.0.1", free.getsockname()[1])


async def test_without_canaries_the_network_is_taken_to_work(network: Network) -> None:
    async with watching(network, []) as canaries:
        assert canaries.up
        assert await canaries.worked(time.monotonic())


async def test_one_canary_that_answers_is_enough(network: Network) -> None:
    async with Host() as host, watching(network, [nobody(), host.at]) as canaries:
        assert await canaries.worked(time.monotonic())
        assert canaries.up


async def test_a_canary_may_have_a_name(network: Network) -> None:
    async with Host() as host, watching(network, [HostPort("canary.test", host.at.port)]) as canaries:
        assert await canaries.worked(time.monotonic())
    async with watching(network, [HostPort("no-such.test", 443)]) as canaries:
        assert not await canaries.worked(time.monotonic())


async def test_when_none_answers_the_network_is_down(network: Network) -> None:
    async with watching(network, [nobody(), nobody()]) as canaries:
        assert not await canaries.worked(time.monotonic())
        assert not canaries.up


async def test_a_failed_probe_is_judged_by_a_round_that_begins_after_it(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(canary, "PAUSE", 0.01)
    async with Host() as host, watching(network, [host.at]) as canaries:
        began = time.monotonic()
        assert await canaries.worked(began)
        await host.down()
        assert canaries.up  # nobody has looked yet
        assert not await canaries.worked(began)


async def test_a_network_that_was_down_during_the_probe_counts_although_it_is_up_again(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(canary, "PAUSE", 0.01)
    async with Host() as host, watching(network, [host.at]) as canaries:
        began = time.monotonic()
        await canaries.worked(began)
        await host.down()
        assert not await canaries.worked(began)
        back = await asyncio.start_server(lambda reader, writer: writer.close(), host.at.host, host.at.port)
        async with back:
            assert not await canaries.worked(began)
            assert canaries.up
            assert await canaries.worked(time.monotonic())


async def test_many_failed_probes_share_a_round(network: Network) -> None:
    async with Host() as host, watching(network, [host.at]) as canaries:
        assert all(await asyncio.gather(*(canaries.worked(time.monotonic()) for _ in range(100))))
        assert host.connections <= 2


async def test_those_who_wait_for_a_round_go_on_when_the_watch_ends(network: Network) -> None:
    async with Host() as host, watching(network, [host.at]) as canaries:
        await canaries.worked(time.monotonic())
        waiting = asyncio.create_task(canaries.worked(time.monotonic()))
        await asyncio.sleep(0)
        await canaries.close()
        assert await waiting


async def test_new_canaries_take_the_place_of_those_before(network: Network) -> None:
    async with Host() as host, watching(network, [nobody()]) as canaries:
        assert not await canaries.worked(time.monotonic())
        await canaries.watch(network, [host.at])
        assert not canaries.up  # until somebody has answered
        assert await canaries.worked(time.monotonic())
        await canaries.watch(network, [nobody()])
        assert not await canaries.worked(time.monotonic())
        await canaries.watch(network, [])
        assert canaries.up
