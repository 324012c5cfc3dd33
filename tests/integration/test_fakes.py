"""The fakes do what they say: the DNS that fails on demand, and the XMPP server that can be scripted."""

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from xml.etree.ElementTree import Element

import dns.resolver
import pytest
import slixmpp
from slixmpp.exceptions import IqError, IqTimeout

from tests.servers.certificates import CertificateAuthority
from tests.servers.dns import FakeDns
from tests.servers.fake import (
    Behaviour,
    FakeXmpp,
    Session,
    closes_at_once,
    declares_entities,
    drips,
    listening,
    never_ends_a_stanza,
    says_http,
    silent,
)

DOMAIN = "fake.test"
LIMIT = 10
ZONE = """
@ A 127.0.0.2
chat CNAME @
_xmpp-client._tcp SRV 5 0 5222 chat
"""


@pytest.fixture
def fake_dns() -> "FakeDns":
    return FakeDns({DOMAIN: ZONE})


@pytest.fixture
def server_tls(tmp_path: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CertificateAuthority(tmp_path).issue(DOMAIN))
    return context


@pytest.fixture
def client_tls(server_tls: ssl.SSLContext, tmp_path: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))


def resolver(fake: FakeDns) -> dns.resolver.Resolver:
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port, resolver.lifetime = [fake.address], fake.port, 0.5
    return resolver


def test_the_dns_serves_its_zones_and_follows_aliases(fake_dns: FakeDns) -> None:
    with fake_dns as served:
        record = resolver(served).resolve(f"_xmpp-client._tcp.{DOMAIN}", "SRV")[0]
        assert (record.target.to_text(), record.port) == (f"chat.{DOMAIN}.", 5222)
        assert resolver(served).resolve(record.target, "A")[0].to_text() == "127.0.0.2"
        with pytest.raises(dns.resolver.NoAnswer):
            resolver(served).resolve(DOMAIN, "AAAA")
        for unknown in (f"nobody.{DOMAIN}", "elsewhere.test"):
            with pytest.raises(dns.resolver.NXDOMAIN):
                resolver(served).resolve(unknown, "A")
        assert served.count(f"chat.{DOMAIN}", "A") == 1


def test_the_dns_fails_is_silent_and_changes_until_restored(fake_dns: FakeDns) -> None:
    with fake_dns as served:
        served.fail(DOMAIN, "A")
        with pytest.raises(dns.resolver.NoNameservers):
            resolver(served).resolve(DOMAIN, "A")
        served.ignore(DOMAIN, "A")
        with pytest.raises(dns.resolver.LifetimeTimeout):
            resolver(served).resolve(DOMAIN, "A")
        served.change(DOMAIN, "A", [["127.0.0.3"], ["127.0.0.4", "127.0.0.5"]])
        answers = [sorted(each.to_text() for each in resolver(served).resolve(DOMAIN, "A")) for _ in range(3)]
        assert answers == [["127.0.0.3"], ["127.0.0.4", "127.0.0.5"], ["127.0.0.4", "127.0.0.5"]]
        served.restore()
        assert resolver(served).resolve(DOMAIN, "A")[0].to_text() == "127.0.0.2"


def test_the_dns_is_gone_after_stop(fake_dns: FakeDns) -> None:
    with fake_dns as served:
        address = (served.address, served.port)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as again:
        again.bind(address)


async def received(behaviour: Behaviour, size: int) -> bytes:
    """What a client gets that says hello, up to `size` bytes or the end."""
    data = b""
    async with listening(behaviour) as listener:
        reader, writer = await asyncio.open_connection(listener.address, listener.port)
        writer.write(b"<hello/>")
        with suppress(ConnectionResetError):
            async with asyncio.timeout(LIMIT):
                while len(data) < size and (more := await reader.read(size)):
                    data += more
        writer.close()
    return data


async def test_the_hostile_behaviours_send_what_they_promise() -> None:
    assert await received(closes_at_once, 1) == b""
    assert (await received(says_http, 8)).startswith(b"HTTP/1.1")
    assert len(await received(never_ends_a_stanza(DOMAIN), 10_000_000)) >= 10_000_000
    assert b"<!ENTITY lol9" in await received(declares_entities(DOMAIN), 700)
    begin = time.monotonic()
    assert await received(drips(DOMAIN, interval=0.01), 10) == b"<?xml vers"
    assert time.monotonic() - begin >= 0.09


async def test_a_silent_server_says_nothing_and_counts_its_clients() -> None:
    async with listening(silent) as listener:
        reader, writer = await asyncio.open_connection(listener.address, listener.port)
        writer.write(b"<hello/>")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await reader.read(1)
        assert listener.accepted == 1
        writer.close()


def query(client: slixmpp.ClientXMPP, namespace: str, limit: float) -> "asyncio.Future[slixmpp.Iq]":
    iq = client.make_iq_get(namespace, ito=DOMAIN)
    return iq.send(timeout=limit)  # type: ignore[no-untyped-call,no-any-return]


@asynccontextmanager
async def logged_in(port: int, tls: ssl.SSLContext, direct: bool = False) -> AsyncIterator[slixmpp.ClientXMPP]:
    client = slixmpp.ClientXMPP(f"probe@{DOMAIN}", "secret", ssl_context=tls)
    client.enable_direct_tls, client.enable_starttls = direct, not direct
    try:
        client.connect("127.0.0.1", port)
        await client.wait_until("session_start", timeout=LIMIT)
        yield client
    finally:
        client.abort()
        client.cancel_connection_attempt()


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-1", "SCRAM-SHA-256"])
@pytest.mark.parametrize("direct", [False, True])
async def test_a_client_logs_in_to_the_fake_over_starttls_and_direct_tls(
    mechanism: str, direct: bool, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    fake = FakeXmpp(DOMAIN, server_tls, direct_tls=direct, mechanisms=[mechanism])
    async with (
        listening(fake, tls=server_tls if direct else None) as listener,
        logged_in(listener.port, client_tls, direct) as client,
    ):
        assert client.boundjid.bare == f"probe@{DOMAIN}"
        assert fake.attempts == [mechanism]
        with pytest.raises(IqError, match="service-unavailable"):
            await query(client, "urn:example:nothing", LIMIT)
        assert len(fake.sessions[0].stanzas) >= 1


async def test_hooks_answer_lie_stay_silent_and_drop_the_stream(
    server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    async def answer(session: Session, iq: Element) -> None:
        await session.reply(iq, "<query xmlns='urn:example:answer'>lie</query>")

    async def ignore(session: Session, iq: Element) -> None:
        pass

    async def drop(session: Session, iq: Element) -> None:
        session.connection.reset()

    hooks = {"{urn:example:answer}query": answer, "{urn:example:silence}query": ignore, "{urn:example:drop}query": drop}
    fake = FakeXmpp(DOMAIN, server_tls, hooks=hooks, features="<sm xmlns='urn:xmpp:sm:3'/>")
    async with listening(fake) as listener, logged_in(listener.port, client_tls) as client:
        result = await query(client, "urn:example:answer", LIMIT)
        assert result.xml[0].text == "lie"
        with pytest.raises(IqTimeout):
            await query(client, "urn:example:silence", 0.2)
        gone = asyncio.ensure_future(client.wait_until("disconnected", timeout=LIMIT))
        query(client, "urn:example:drop", 0.2).add_done_callback(forget)
        await gone


def forget(future: "asyncio.Future[slixmpp.Iq]") -> None:
    future.cancelled() or future.exception()


async def test_a_wrong_password_is_refused(server_tls: ssl.SSLContext, client_tls: ssl.SSLContext) -> None:
    fake = FakeXmpp(DOMAIN, server_tls, passwords={"probe": "another"})
    async with listening(fake) as listener:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1), logged_in(listener.port, client_tls):
                pass
    assert "SCRAM-SHA-256" in fake.attempts
    assert fake.sessions == []


async def test_an_error_in_a_behaviour_fails_the_test() -> None:
    async def wrong(connection: object) -> None:
        raise ValueError("the test's own mistake")

    with pytest.raises(ExceptionGroup, match="the fake server failed"):
        await received(wrong, 1)
