"""The HTTP client against web servers that are right, wrong, slow, endless or silent."""

import asyncio
import base64
import hashlib
import re
import struct
import time
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.integration.exhaustion import no_more_files
from tests.integration.https_site import Answer, always, by_path, http_client, response, site, tls_of
from tests.servers.certificates import CertificateAuthority, Flaw
from tests.servers.dns import FakeDns
from tests.servers.fake import Behaviour, Connection, closes_at_once, listening, silent
from xmpp_exporter.wire import http as wire_http
from xmpp_exporter.wire.errors import (
    CertificateRejected,
    ConnectionRefused,
    Disconnected,
    ProberLimit,
    ProtocolViolation,
    ResolutionFailed,
    TimedOut,
    TlsFailed,
    UnexpectedStatus,
    WireError,
)
from xmpp_exporter.wire.http import MAX_BODY_BYTES, Http
from xmpp_exporter.wire.trace import Trace

DOMAIN = "site.test"
ZONES = {DOMAIN: "@ A 127.0.0.1\n"}
LIMIT = 5.0
"""Seconds within which everything here must end: limits are half a second."""


@pytest.fixture
def authority(tmp_path: Path) -> CertificateAuthority:
    return CertificateAuthority(tmp_path)


@asynccontextmanager
async def serving(authority: CertificateAuthority, behaviour: Behaviour, flaw: Flaw = Flaw.NONE) -> Any:
    """A site in TLS: the client and the beginning of its URLs."""
    async with listening(behaviour, tls=tls_of(authority, DOMAIN, flaw)) as listener:
        with FakeDns(ZONES) as dns:
            async with http_client(authority, dns) as http:
                yield http, f"{DOMAIN}:{listener.port}"


async def fetched(authority: CertificateAuthority, answer: Answer, requests: list[str] | None = None) -> Any:
    async with serving(authority, site(answer, requests)) as (http, place):
        async with asyncio.timeout(LIMIT):
            return await http.request("GET", f"https://{place}/path?query", headers={"Origin": "https://o.test"})


async def failure(authority: CertificateAuthority, behaviour: Behaviour, flaw: Flaw = Flaw.NONE) -> WireError:
    async with serving(authority, behaviour, flaw) as (http, place):
        return await failed(http.request("GET", f"https://{place}/secret"))


async def failed(request: Awaitable[object]) -> WireError:
    with pytest.raises(WireError) as caught:
        async with asyncio.timeout(LIMIT):
            await request
    assert "secret" not in caught.value.detail, "a path may be what lets somebody upload"
    return caught.value


def endlessly(text: str, head: str = "") -> Answer:
    async def answer(connection: Connection, request: str) -> None:
        await connection.send(head)
        while True:
            await connection.send(text)
            await asyncio.sleep(0)  # else it would never learn that the client has gone

    return answer


async def test_a_response_has_its_status_its_headers_joined_and_its_body(authority: CertificateAuthority) -> None:
    text = "HTTP/1.1 403 No\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 5\r\n\r\nhello"
    requests: list[str] = []
    found = await fetched(authority, always(text), requests)
    assert (found.status, found.body, found.header("X-A"), found.header("X-B")) == (403, b"hello", "1, 2", "")
    assert requests[0].startswith("GET /path?query HTTP/1.1\r\n")
    assert "User-Agent: probe/1" in requests[0] and "Cookie" not in requests[0]


async def test_an_endless_body_is_read_up_to_the_limit(authority: CertificateAuthority) -> None:
    endless = endlessly("1000\r\n" + "x" * 4096 + "\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    assert len((await fetched(authority, endless)).body) == MAX_BODY_BYTES


async def test_a_compressed_body_is_not_unpacked(authority: CertificateAuthority) -> None:
    requests: list[str] = []
    found = await fetched(authority, always(response(body="not gzip", Content_Encoding="gzip")), requests)
    assert found.body == b"not gzip"
    assert "Accept-Encoding: identity" in requests[0]


async def test_endless_headers_are_no_answer(authority: CertificateAuthority) -> None:
    assert isinstance(await failure(authority, site(endlessly("X-Y: z\r\n", "HTTP/1.1 200 OK\r\n"))), ProtocolViolation)


@pytest.mark.parametrize("text", ["HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 103 Early Hints\r\n\r\n"])
async def test_endless_provisional_answers_end_with_the_limit_for_a_request(
    authority: CertificateAuthority, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    async def trickle(connection: Connection, request: str) -> None:
        while True:
            await connection.send(text)
            await asyncio.sleep(0.05)

    monkeypatch.setattr(wire_http, "MAX_SECONDS", 1.0)
    assert isinstance(await failure(authority, site(trickle)), TimedOut)


async def test_a_body_that_trickles_ends_with_the_limit_for_a_request(
    authority: CertificateAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def trickle(connection: Connection, request: str) -> None:
        await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            await connection.send(".")
            await asyncio.sleep(0.05)

    monkeypatch.setattr(wire_http, "MAX_SECONDS", 1.0)
    assert isinstance(await failure(authority, site(trickle)), TimedOut)


async def test_silence_after_the_handshake_times_out(authority: CertificateAuthority) -> None:
    started = time.monotonic()
    assert isinstance(await failure(authority, silent), TimedOut)
    assert time.monotonic() - started < 3


async def test_silence_instead_of_a_handshake_times_out(authority: CertificateAuthority) -> None:
    async with listening(silent) as listener:
        with FakeDns(ZONES) as dns:
            async with http_client(authority, dns) as http:
                error = await failed(http.request("GET", f"https://{DOMAIN}:{listener.port}/secret"))
    assert isinstance(error, TimedOut)


async def test_a_body_that_breaks_off_is_not_taken_for_whole(authority: CertificateAuthority) -> None:
    async def break_off(connection: Connection, request: str) -> None:
        await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")
        connection.reset()

    assert isinstance(await failure(authority, site(break_off)), (ProtocolViolation, Disconnected))


@pytest.mark.parametrize(
    "garbage", ["SSH-2.0-OpenSSH_9.2\r\n", "<?xml version='1.0'?><stream:stream>", "\0" * 100, "HTTP/9.9 x y\r\n\r\n"]
)
async def test_garbage_is_no_answer(authority: CertificateAuthority, garbage: str) -> None:
    error = await failure(authority, site(always(garbage + "\r\n\r\n")))
    assert isinstance(error, ProtocolViolation)
    assert "did not answer with HTTP" in error.detail


async def test_a_connection_closed_without_an_answer_is_said_to_be(authority: CertificateAuthority) -> None:
    async def close(connection: Connection, request: str) -> None:
        connection.writer.close()

    assert isinstance(await failure(authority, site(close)), Disconnected)


@pytest.mark.parametrize("flaw", [Flaw.EXPIRED, Flaw.WRONG_NAME, Flaw.SELF_SIGNED])
async def test_a_bad_certificate_is_rejected(authority: CertificateAuthority, flaw: Flaw) -> None:
    error = await failure(authority, site(always(response())), flaw)
    assert isinstance(error, CertificateRejected)
    assert f"https://{DOMAIN}" in error.detail


async def says_http(connection: Connection) -> None:
    await connection.send("HTTP/1.1 400 Bad Request\r\n\r\n")


@pytest.mark.parametrize("behaviour", [closes_at_once, says_http])
async def test_what_does_not_talk_tls_fails_in_the_handshake(
    authority: CertificateAuthority, behaviour: Behaviour
) -> None:
    async with listening(behaviour) as listener:
        with FakeDns(ZONES) as dns:
            async with http_client(authority, dns) as http:
                error = await failed(http.request("GET", f"https://{DOMAIN}:{listener.port}/secret"))
    assert isinstance(error, TlsFailed)
    assert not isinstance(error, CertificateRejected)


async def test_a_port_where_nobody_listens_is_refused(authority: CertificateAuthority) -> None:
    with FakeDns(ZONES) as dns:
        async with http_client(authority, dns) as http:
            assert isinstance(await failed(http.request("GET", f"https://{DOMAIN}:9/secret")), ConnectionRefused)


async def test_a_site_is_not_blamed_when_we_can_open_no_more_files(authority: CertificateAuthority) -> None:
    with FakeDns(ZONES) as dns:
        async with http_client(authority, dns) as http:
            await failed(http.request("GET", f"https://{DOMAIN}:9/secret"))  # from now on the address is known
            with no_more_files():
                assert isinstance(await failed(http.request("GET", f"https://{DOMAIN}:9/secret")), ProberLimit)


async def test_a_name_without_address_is_unresolvable(authority: CertificateAuthority) -> None:
    with FakeDns(ZONES) as dns:
        async with http_client(authority, dns) as http:
            assert isinstance(await failed(http.request("GET", f"https://no.{DOMAIN}/secret")), ResolutionFailed)


@pytest.mark.parametrize(
    "url", ["http://{}/", "ftp://{}/", "//{}/", "https:/{}", "", "https://", "https://[::1", "a b"]
)
async def test_what_is_no_https_url_leads_to_no_connection(authority: CertificateAuthority, url: str) -> None:
    async with listening(silent) as listener:
        with FakeDns(ZONES) as dns:
            async with http_client(authority, dns) as http:
                error = await failed(http.request("GET", url.format(f"{DOMAIN}:{listener.port}")))
        assert isinstance(error, ProtocolViolation)
        assert listener.accepted == 0


class TestRedirects:
    def to(self, location: str) -> str:
        return response("302 Found", Location=location)

    async def get(self, authority: CertificateAuthority, answers: dict[str, str], redirects: bool = True) -> Any:
        async with serving(authority, site(by_path(answers))) as (http, place):
            return await http.request("GET", f"https://{place}/0", redirects=redirects)

    async def test_they_are_followed_where_wanted(self, authority: CertificateAuthority) -> None:
        answers = {f"GET /{n}": self.to(f"/{n + 1}") for n in range(3)} | {"GET /3": response(body="here")}
        found = await self.get(authority, answers)
        assert (found.body, found.url.rpartition("/")[2]) == (b"here", "3")

    async def test_they_are_left_alone_where_not(self, authority: CertificateAuthority) -> None:
        assert (await self.get(authority, {"GET /0": self.to("/1")}, redirects=False)).status == 302

    async def test_there_is_an_end_to_them(self, authority: CertificateAuthority) -> None:
        answers = {f"GET /{n}": self.to(f"/{n + 1}") for n in range(4)} | {"GET /4": response(body="here")}
        with pytest.raises(ProtocolViolation, match="more than 3 times"):
            await self.get(authority, answers)

    async def test_they_do_not_lead_out_of_tls(self, authority: CertificateAuthority) -> None:
        async with listening(silent) as plain:
            with pytest.raises(ProtocolViolation, match="neither https nor wss"):
                await self.get(authority, {"GET /0": self.to(f"http://{DOMAIN}:{plain.port}/")})
        assert plain.accepted == 0


class TestWebSocket:
    """RFC 6455, from the side that must not believe everything."""

    HEAD = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"

    def accepts(
        self, then: Callable[[Connection], Awaitable[None]], protocol: str = "xmpp", key: str | None = None
    ) -> Behaviour:
        async def behave(connection: Connection) -> None:
            head = (await connection.reader.readuntil(b"\r\n\r\n")).decode()
            asked = re.search(r"Sec-WebSocket-Key: (\S+)", head)
            assert asked and len(base64.b64decode(asked[1])) == 16
            assert "Origin: https://o.test" in head and "Sec-WebSocket-Protocol: xmpp\r\n" in head
            digest = hashlib.sha1(f"{key or asked[1]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest()
            chosen = f"Sec-WebSocket-Protocol: {protocol}\r\n" if protocol else ""
            accept = base64.b64encode(digest).decode()
            await connection.send(f"{self.HEAD}{chosen}Sec-WebSocket-Accept: {accept}\r\n\r\n")
            await then(connection)

        return behave

    async def frame(self, connection: Connection, opcode: int, payload: bytes) -> None:
        size = len(payload)
        length = bytes([size]) if size < 126 else b"\x7f" + struct.pack("!Q", size)
        connection.writer.write(bytes([0x80 | opcode]) + length + payload)
        await connection.writer.drain()

    async def converse(self, authority: CertificateAuthority, behaviour: Behaviour) -> str:
        async with serving(authority, behaviour) as (http, place):
            assert isinstance(http, Http)
            async with asyncio.timeout(LIMIT), http.websocket(f"wss://{place}/ws", "xmpp", "https://o.test") as socket:
                await socket.send("<open/>")
                return await socket.receive()

    async def refusal(self, authority: CertificateAuthority, behaviour: Behaviour) -> WireError:
        with pytest.raises(WireError) as caught:
            await self.converse(authority, behaviour)
        return caught.value

    async def test_text_comes_through(self, authority: CertificateAuthority) -> None:
        async def speak(connection: Connection) -> None:
            await self.frame(connection, 0x9, b"ping")
            await self.frame(connection, 0x1, b"<open/>")
            await silent(connection)

        assert await self.converse(authority, self.accepts(speak)) == "<open/>"

    @pytest.mark.parametrize("status", ["200 OK", "404 Not Found", "302 Found", "500 Oops"])
    async def test_another_status_than_101_is_named(self, authority: CertificateAuthority, status: str) -> None:
        error = await self.refusal(authority, site(always(response(status, Location="/elsewhere"))))
        assert isinstance(error, UnexpectedStatus)
        assert f"the status {status[:3]} " in error.detail

    async def test_another_protocol_is_not_xmpp(self, authority: CertificateAuthority) -> None:
        for protocol in ("", "mqtt"):
            error = await self.refusal(authority, self.accepts(silent, protocol))
            assert isinstance(error, ProtocolViolation)
            assert "did not choose the WebSocket protocol xmpp" in error.detail

    async def test_a_wrong_answer_to_the_key_is_no_websocket(self, authority: CertificateAuthority) -> None:
        error = await self.refusal(authority, self.accepts(silent, key="another"))
        assert isinstance(error, ProtocolViolation)
        assert "is no WebSocket" in error.detail

    async def test_pings_alone_time_out(self, authority: CertificateAuthority) -> None:
        async def pings(connection: Connection) -> None:
            while True:
                await self.frame(connection, 0x9, b"")
                await asyncio.sleep(0.05)

        assert isinstance(await self.refusal(authority, self.accepts(pings)), TimedOut)

    async def test_what_is_no_text_is_refused(self, authority: CertificateAuthority) -> None:
        async def binary(connection: Connection) -> None:
            await self.frame(connection, 0x2, b"\0")
            await silent(connection)

        assert isinstance(await self.refusal(authority, self.accepts(binary)), ProtocolViolation)

    async def test_a_message_that_is_too_long_is_refused(self, authority: CertificateAuthority) -> None:
        async def long(connection: Connection) -> None:
            await self.frame(connection, 0x1, b"x" * (MAX_BODY_BYTES + 1))
            await silent(connection)

        assert isinstance(await self.refusal(authority, self.accepts(long)), ProtocolViolation)

    async def test_a_close_is_the_end(self, authority: CertificateAuthority) -> None:
        async def close(connection: Connection) -> None:
            await self.frame(connection, 0x8, struct.pack("!H", 1011))
            await silent(connection)

        error = await self.refusal(authority, self.accepts(close))
        assert isinstance(error, Disconnected)
        assert "1011" in error.detail


async def test_a_trace_has_requests_and_statuses_and_of_urls_the_sites_alone(authority: CertificateAuthority) -> None:
    lines: list[str] = []
    answers = {
        "GET /secret1?secret2": response("302 Found", Location="/secret3"),
        "GET /secret3": response("404 Not Found"),
        "PUT /secret4": response("201 Created"),
    }
    async with listening(site(by_path(answers)), tls=tls_of(authority, DOMAIN)) as listener:
        with FakeDns(ZONES) as dns:
            async with http_client(authority, dns, trace=Trace(lines.append)) as http:
                place = f"https://{DOMAIN}:{listener.port}"
                await http.request("GET", f"{place}/secret1?secret2", redirects=True)
                await http.request("PUT", f"{place}/secret4", body=b"secret5", headers={"Authorization": "secret6"})
                with pytest.raises(ResolutionFailed):
                    await http.request("GET", "https://gone.test/secret7")
    assert [line[9:] for line in lines] == [
        f"# GET {place}",
        f"# GET {place}: 302",
        f"# GET {place}",
        f"# GET {place}: 404",
        f"# PUT {place}",
        f"# PUT {place}: 201",
        "# GET https://gone.test",
        "# GET https://gone.test: NoAddress",
    ]
