"""However a login ends, nothing of it is left: no client, no task, no timer, no socket."""

import asyncio
import gc
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.integration.fake_site import DOMAIN, FakeSite
from tests.servers.fake import Behaviour, Connection, Listener, listening, silent
from tests.servers.laboratory import PASSWORD, Laboratory
from xmpp_exporter.model import Failure
from xmpp_exporter.wire.client import Client
from xmpp_exporter.wire.dns import Resolver
from xmpp_exporter.wire.errors import ConnectionRefused, LoginFailed, TimedOut, WireError
from xmpp_exporter.wire.network import Connections, Network, Target, Timeouts
from xmpp_exporter.wire.session import Credentials, Session
from xmpp_exporter.wire.tls import TlsContexts

AT_ONCE = 16
LIMIT = 120
GOOD = "good.prosody.test"
IMPATIENCE = Timeouts(connect=0.3, reply=0.3)

NewSession = Callable[[], Session]


@dataclass(frozen=True)
class Remains:
    """What is alive in this process that a login may have made."""

    clients: int
    sessions: int
    tasks: int
    timers: int
    files: int

    @classmethod
    def count(cls) -> "Remains":
        gc.collect()
        kinds = [type(each) for each in gc.get_objects()]
        loop = asyncio.get_running_loop()
        timers = [timer for timer in loop._scheduled if not timer.cancelled()]  # type: ignore[attr-defined]
        return cls(
            kinds.count(Client),
            kinds.count(Session),
            len(asyncio.all_tasks()),
            len(timers),
            sum(1 for _ in Path("/proc/self/fd").iterdir()),
        )


@asynccontextmanager
async def nothing_left() -> AsyncIterator[None]:
    """Fails when the block leaves something that was not there before, or that Python had to clear away itself."""
    complaints: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: complaints.append(context["message"]))
    before = Remains.count()
    yield
    # one turn of the loop for the tasks that have just ended to be taken off its list
    await asyncio.sleep(0)
    assert Remains.count() == before
    assert complaints == []  # such as "Task was destroyed but it is pending!"


async def attempt(new_session: NewSession, times: int) -> list[WireError | None]:
    """That many logins, some at a time, each with its error."""
    places = asyncio.Semaphore(AT_ONCE)

    async def once() -> WireError | None:
        async with places:
            try:
                async with new_session():
                    return None
            except WireError as error:
                return error.with_traceback(None)

    async with asyncio.timeout(LIMIT):
        return await asyncio.gather(*(once() for _ in range(times)))


@pytest.fixture
def network(laboratory: Laboratory) -> Network:
    resolver = Resolver([laboratory.dns.address], laboratory.dns.port)
    return Network(resolver, TlsContexts(laboratory.ca_file), Connections(AT_ONCE))


def sessions(
    laboratory: Laboratory, network: Network, password: str, *, direct_tls: bool, timeouts: Timeouts
) -> NewSession:
    """Logins to the real server."""
    address = laboratory.server(GOOD).address
    target = Target(GOOD, GOOD, address, 5223 if direct_tls else 5222, direct_tls, allow_private=True)
    return lambda: Session(network, target, Credentials(f"probe@{GOOD}", password), timeouts)


@pytest.mark.parametrize("direct_tls", [False, True], ids=["STARTTLS", "direct TLS"])
async def test_nothing_is_left_of_200_good_logins(laboratory: Laboratory, network: Network, direct_tls: bool) -> None:
    new = sessions(laboratory, network, PASSWORD, direct_tls=direct_tls, timeouts=Timeouts())
    await attempt(new, 1)  # threads and caches come with the first
    async with nothing_left():
        assert await attempt(new, 200) == [None] * 200


@pytest.mark.parametrize("direct_tls", [False, True], ids=["STARTTLS", "direct TLS"])
async def test_nothing_is_left_of_200_wrong_passwords(
    laboratory: Laboratory, network: Network, direct_tls: bool
) -> None:
    new = sessions(laboratory, network, "wrong", direct_tls=direct_tls, timeouts=Timeouts())
    await attempt(new, 1)
    async with nothing_left():
        errors = await attempt(new, 200)
        assert {type(error) for error in errors} == {LoginFailed}
        assert {error.failure for error in errors if error} == {Failure.BAD_PASSWORD}
        del errors


@pytest.mark.parametrize("direct_tls", [False, True], ids=["STARTTLS", "direct TLS"])
async def test_nothing_is_left_of_200_refused_connections(site: FakeSite, direct_tls: bool) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        target = Target(DOMAIN, DOMAIN, "127.0.0.1", taken.getsockname()[1], direct_tls, allow_private=True)
        async with nothing_left():
            new = lambda: Session(site.network, target, Credentials("probe@fake.test", "secret"), Timeouts())  # noqa: E731
            assert {type(error) for error in await attempt(new, 200)} == {ConnectionRefused}


async def silent_in_handshake(connection: Connection) -> None:
    """Agree to TLS, and say no more."""
    await connection.reader.read(65536)
    await connection.send(
        "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
        "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>"
    )
    await connection.reader.readuntil(b"xmpp-tls'/>")
    await connection.send("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
    await silent(connection)


@pytest.mark.parametrize(
    ("where", "direct_tls"),
    [("before STARTTLS", False), ("in the handshake", False), ("in the handshake", True), ("after TLS", True)],
)
async def test_nothing_is_left_of_50_silent_connections(site: FakeSite, where: str, direct_tls: bool) -> None:
    behaviour: Behaviour = silent if direct_tls or where == "before STARTTLS" else silent_in_handshake
    async with nothing_left():
        async with listening(behaviour, tls=site.tls() if where == "after TLS" else None) as listener:
            errors = await attempt(lambda: site.session(listener, direct_tls=direct_tls, timeouts=IMPATIENCE), 50)
        assert {type(error) for error in errors} == {TimedOut}
        del errors


async def cancel_half_way(site: FakeSite, listener: Listener, times: int) -> None:
    async def enter(session: Session) -> None:
        async with session:
            raise AssertionError("the server is silent")

    tasks = [asyncio.create_task(enter(site.session(listener))) for _ in range(times)]
    async with asyncio.timeout(LIMIT):
        while listener.accepted < 6:  # as many as may connect to one address
            await asyncio.sleep(0.01)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    assert all(task.cancelled() for task in tasks)


async def test_nothing_is_left_of_50_logins_that_are_cancelled_half_way(site: FakeSite) -> None:
    async with nothing_left(), listening(silent) as listener:
        await cancel_half_way(site, listener, 50)


async def test_giving_up_does_not_wait_for_a_silent_server(site: FakeSite) -> None:
    greeted = asyncio.Event()

    async def behave(connection: Connection) -> None:
        await connection.reader.readexactly(1)  # of the client's part of the handshake
        greeted.set()
        await silent(connection)

    async with listening(behave) as listener, asyncio.timeout(LIMIT):
        login = asyncio.create_task(site.session(listener, direct_tls=True).__aenter__())
        await greeted.wait()
        login.cancel()
        async with asyncio.timeout(0.8):
            await asyncio.wait([login])
        assert login.cancelled()
