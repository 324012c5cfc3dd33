"""xep0156 against web servers that do not deliver what host-meta promises, or promise nothing."""

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.integration.https_site import by_path, response, site, tls_of
from tests.integration.one_check import DOMAIN, outcome_of, server_at, verdict_of
from tests.servers.certificates import CertificateAuthority
from tests.servers.dns import FakeDns
from tests.servers.fake import Behaviour, Connection, closes_at_once, listening, silent
from tests.servers.loopback import LoopbackNetwork
from xmpp_exporter.checks.web_streams import MAX_LINKS
from xmpp_exporter.model import Outcome
from xmpp_exporter.wire import guard

XML, JSON = "GET /.well-known/host-meta", "GET /.well-known/host-meta.json"
ORIGIN = "https://web-client.example.org"
WEBSOCKET, XBOSH = "urn:xmpp:alt-connections:websocket", "urn:xmpp:alt-connections:xbosh"
BOSH = f"https://{DOMAIN}/bosh"
FEATURES = "<features xmlns='http://etherx.jabber.org/streams'/>"

PREFLIGHT = response(
    "204 No Content", Access_Control_Allow_Origin="*", Access_Control_Allow_Headers="Content-Type, Accept"
)


def body(content: str = "", **attributes: str) -> str:
    """A response of BOSH."""
    written = "".join(f" {name}='{value}'" for name, value in attributes.items())
    return response(body=f"<body xmlns='http://jabber.org/protocol/httpbind'{written}>{content}</body>")


WORKING = {"OPTIONS /bosh": PREFLIGHT, "POST /bosh": body(FEATURES, sid="s")}


def xrd(*links: tuple[str, str], origin: str = "*") -> str:
    written = "".join(f"<Link rel='{rel}' href='{href}'/>" for rel, href in links)
    document = f"<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'>{written}</XRD>"
    return response(body=document, Content_Type="application/xrd+xml", Access_Control_Allow_Origin=origin)


def jrd(document: object, origin: str = "*") -> str:
    return response(body=json.dumps(document), Access_Control_Allow_Origin=origin)


@pytest.fixture
def authority(tmp_path: Path) -> CertificateAuthority:
    return CertificateAuthority(tmp_path)


@pytest.fixture
def address() -> Iterator[str]:
    """An address of our own, where port 443 is free."""
    with LoopbackNetwork() as network:
        yield network.address(1)


async def judged(
    authority: CertificateAuthority, address: str, behaviour: Behaviour | None, allow_private: bool = True
) -> Outcome:
    """The outcome with `behaviour` on the domain's port 443, or with nobody there."""
    async with AsyncExitStack() as stack:
        dns = stack.enter_context(FakeDns({DOMAIN: f"@ A {address}\n"}))
        if behaviour is not None:
            await stack.enter_async_context(listening(behaviour, address, 443, tls_of(authority, DOMAIN)))
        server = await stack.enter_async_context(server_at(authority, dns, allow_private=allow_private))
        return await outcome_of(server, "xep0156")


async def judged_site(authority: CertificateAuthority, address: str, answers: Mapping[str, str]) -> Outcome:
    return await judged(authority, address, site(by_path(dict(answers))))


DOCUMENTS = {
    "nothing": ({}, "unsupported not_offered", "status is 404"),
    "a web page for everything": (
        dict.fromkeys((XML, JSON), response(body="<!DOCTYPE html><html/>", Content_Type="text/html; charset=utf-8")),
        "unsupported not_offered",
        "a web page is in its place",
    ),
    "no links": ({XML: xrd(("lrdd", "https://x.test/"))}, "unsupported not_offered", "neither a WebSocket nor BOSH"),
    "forbidden": ({XML: response("403 Forbidden")}, "unknown forbidden", "403"),
    "a broken web server": (dict.fromkeys((XML, JSON), response("502 Oops")), "broken http_status", "502"),
    "not XML": ({XML: response(body="<XRD")}, "broken mismatch", "does not end"),
    "a DTD": ({XML: response(body="<!DOCTYPE XRD [<!ENTITY a 'b'>]><XRD>&a;</XRD>")}, "broken mismatch", "DTD"),
    "another document": ({XML: response(body="<feed/>")}, "broken mismatch", "<feed/>, not an XRD"),
    "an unencrypted WebSocket": ({XML: xrd((WEBSOCKET, f"ws://{DOMAIN}/"))}, "broken mismatch", "wss://"),
    "unencrypted BOSH": ({XML: xrd((XBOSH, f"http://{DOMAIN}/"))}, "broken mismatch", "https://"),
    "a dead link": ({XML: xrd((WEBSOCKET, f"wss://{DOMAIN}:9/"))}, "broken unreachable", "refused"),
    "a link to nowhere": ({XML: xrd((WEBSOCKET, "wss://no.test/"))}, "broken dns", "no.test has no address"),
    "a web page as WebSocket": ({XML: xrd((WEBSOCKET, f"wss://{DOMAIN}/"))}, "broken http_status", "status 404"),
    "both": ({XML: xrd((XBOSH, BOSH)), JSON: xrd()} | WORKING, "supported", BOSH),
    "XML": ({XML: xrd((XBOSH, BOSH))} | WORKING, "supported", BOSH),
    "JSON": ({JSON: jrd({"links": [{"rel": XBOSH, "href": BOSH}]})} | WORKING, "unsupported not_offered", "is there"),
    "our origin": ({XML: xrd((XBOSH, BOSH), origin=ORIGIN)} | WORKING, "supported", BOSH),
    "another origin": ({XML: xrd((XBOSH, BOSH), origin="https://x.test")} | WORKING, "broken mismatch", "x.test"),
    "two origins": (
        {XML: xrd((XBOSH, BOSH), origin="*\r\nAccess-Control-Allow-Origin: *")} | WORKING,
        "broken mismatch",
        "'*, *'",
    ),
    "one dead link of two": (
        {XML: xrd((XBOSH, BOSH), (WEBSOCKET, f"wss://{DOMAIN}:9/"))} | WORKING,
        "broken unreachable",
        f"{BOSH}: supported",
    ),
}


@pytest.mark.parametrize(("answers", "verdict", "detail"), DOCUMENTS.values(), ids=DOCUMENTS)
async def test_host_meta_is_judged_by_what_it_says_and_where_it_leads(
    authority: CertificateAuthority, address: str, answers: dict[str, str], verdict: str, detail: str
) -> None:
    outcome = await judged_site(authority, address, answers)
    assert (verdict_of(outcome), detail in outcome.detail) == (verdict, True), outcome.detail


BOSHES = {
    "features that come later": ({"POST /bosh": body(sid="s")}, "broken mismatch", "without stream features"),
    "no identifier": ({"POST /bosh": body(FEATURES)}, "broken mismatch", "sid"),
    "a refused session": (
        {"POST /bosh": body(type="terminate", condition="host-unknown")},
        "broken mismatch",
        "refuses a session: host-unknown",
    ),
    "another document": ({"POST /bosh": response(body="<html/>")}, "broken mismatch", "<html/>, not <body/>"),
    "another status": ({"POST /bosh": response("404 Not Found")}, "broken http_status", "404"),
    "no preflight": ({"OPTIONS /bosh": response("405 Not Allowed")}, "broken http_status", "405"),
    "a preflight for nobody": (
        {"OPTIONS /bosh": response()},
        "broken mismatch",
        "Access-Control-Allow-Origin is missing",
    ),
    "a preflight without the content type": (
        {"OPTIONS /bosh": response(Access_Control_Allow_Origin="*")},
        "broken mismatch",
        "does not have content-type",
    ),
    "a preflight with wildcards": (
        {"OPTIONS /bosh": response(Access_Control_Allow_Origin="*", Access_Control_Allow_Headers="*")},
        "supported",
        BOSH,
    ),
}


@pytest.mark.parametrize(("answers", "verdict", "detail"), BOSHES.values(), ids=BOSHES)
async def test_bosh_must_let_web_pages_in_and_open_a_stream(
    authority: CertificateAuthority, address: str, answers: dict[str, str], verdict: str, detail: str
) -> None:
    outcome = await judged_site(authority, address, {XML: xrd((XBOSH, BOSH))} | WORKING | answers)
    assert (verdict_of(outcome), detail in outcome.detail) == (verdict, True), outcome.detail


async def test_a_session_of_bosh_is_terminated(authority: CertificateAuthority, address: str) -> None:
    posts: list[str] = []
    found = {XML: xrd((XBOSH, BOSH))} | WORKING

    async def behave(connection: Connection) -> None:
        while True:
            head = (await connection.reader.readuntil(b"\r\n\r\n")).decode()
            request = " ".join(head.split(" ", 2)[:2])
            if request.startswith("POST"):
                length = re.search(r"(?i)content-length: (\d+)", head)
                assert length and f"Origin: {ORIGIN}" in head
                posts.append((await connection.reader.readexactly(int(length[1]))).decode())
            # the features come with the second response
            answer = body(sid="s") if request.startswith("POST") and len(posts) == 1 else found.get(request)
            await connection.send(answer or response("404 Not Found"))

    assert verdict_of(await judged(authority, address, behave)) == "supported"
    requests = [int(rid) for post in posts for rid in re.findall("rid=.([0-9]+)", post)]
    assert requests == [requests[0], requests[0] + 1, requests[0] + 2]
    assert 'sid="s"' in posts[1] and "type='terminate'" in posts[2]


async def websocket_that_says(connection: Connection, *messages: str) -> None:
    head = (await connection.reader.readuntil(b"\r\n\r\n")).decode()
    asked = re.search(r"Sec-WebSocket-Key: (\S+)", head)
    if asked is None:
        there = head.startswith(f"{XML} ")
        await connection.send(xrd((WEBSOCKET, f"wss://{DOMAIN}/ws")) if there else response("404 Not Found"))
        connection.writer.close()
        return
    accept = base64.b64encode(hashlib.sha1(f"{asked[1]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest())
    await connection.send(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Protocol: xmpp\r\nSec-WebSocket-Accept: {accept.decode()}\r\n\r\n"
    )
    for message in messages:
        connection.writer.write(bytes([0x81, 126]) + len(message).to_bytes(2) + message.encode())
    await silent(connection)


OPENED = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>"
WEBSOCKETS = {
    "a stream": ((OPENED, FEATURES), "supported", "/ws"),
    "nothing": ((), "unknown timeout", "sent nothing"),
    "no features": ((OPENED,), "unknown timeout", "sent nothing"),
    "a close": (("<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>",), "broken mismatch", "with <close/>"),
    "a stream header": (("<stream:stream xmlns:stream='http://etherx.jabber.org/streams'>",), "broken mismatch", "end"),
    "an error": (
        (
            OPENED,
            "<error xmlns='http://etherx.jabber.org/streams'>"
            "<host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></error>",
        ),
        "broken mismatch",
        "stream error host-unknown",
    ),
    "a stanza": ((OPENED, "<message xmlns='jabber:client'/>"), "broken mismatch", "<message/>"),
}


@pytest.mark.parametrize(("messages", "verdict", "detail"), WEBSOCKETS.values(), ids=WEBSOCKETS)
async def test_a_websocket_must_open_a_stream_with_features(
    authority: CertificateAuthority, address: str, messages: tuple[str, ...], verdict: str, detail: str
) -> None:
    outcome = await judged(authority, address, lambda connection: websocket_that_says(connection, *messages))
    assert (verdict_of(outcome), detail in outcome.detail) == (verdict, True), outcome.detail


async def test_a_domain_without_a_web_server_does_not_offer_it(authority: CertificateAuthority, address: str) -> None:
    outcome = await judged(authority, address, None)
    assert verdict_of(outcome) == "unsupported not_offered"
    assert "no web server" in outcome.detail


@pytest.mark.parametrize(
    ("behaviour", "verdict"), [(silent, "unknown timeout"), (closes_at_once, "unknown disconnected")]
)
async def test_a_web_server_that_says_nothing_leaves_it_undecided(
    authority: CertificateAuthority, address: str, behaviour: Behaviour, verdict: str
) -> None:
    assert verdict_of(await judged(authority, address, behaviour)) == verdict


async def test_links_into_the_private_network_are_not_followed(
    authority: CertificateAuthority, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "is_public", lambda other: other == address)
    async with listening(silent) as victim:
        links = (XBOSH, f"https://127.0.0.1:{victim.port}/"), (WEBSOCKET, f"wss://127.0.0.1:{victim.port}/")
        answers = site(by_path({XML: xrd(*links)}))
        outcome = await judged(authority, address, answers, allow_private=False)
    assert verdict_of(outcome) == "unknown prober_limit"
    assert "allow_private_addresses" in outcome.detail
    assert victim.accepted == 0


async def test_a_link_that_stays_silent_leaves_it_undecided(authority: CertificateAuthority, address: str) -> None:
    async with listening(silent, address) as endpoint:
        answers = {XML: xrd((XBOSH, BOSH), (WEBSOCKET, f"wss://{DOMAIN}:{endpoint.port}/"))} | WORKING
        outcome = await judged_site(authority, address, answers)
    assert verdict_of(outcome) == "unknown timeout"
    assert f"{BOSH}: supported" in outcome.detail


async def test_only_so_many_links_are_followed(authority: CertificateAuthority, address: str) -> None:
    async with listening(closes_at_once, address) as endpoint:
        links = [(WEBSOCKET, f"wss://{DOMAIN}:{endpoint.port}/{n}") for n in range(10 * MAX_LINKS)]
        await judged_site(authority, address, {XML: xrd(*links), JSON: xrd(*links)})
        assert 0 < endpoint.accepted <= MAX_LINKS


async def test_the_same_address_in_two_roles_is_tried_in_both(authority: CertificateAuthority, address: str) -> None:
    outcome = await judged_site(authority, address, {XML: xrd((XBOSH, BOSH), (WEBSOCKET, BOSH))} | WORKING)
    assert verdict_of(outcome) == "broken mismatch"
    assert "wss://" in outcome.detail
