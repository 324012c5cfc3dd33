"""The checks of web connections one by one, against web servers that say strange things."""

import json
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.integration.https_site import by_path, response, site, tls_of
from tests.integration.one_check import DOMAIN, outcome_of, server_at, verdict_of
from tests.servers.certificates import CertificateAuthority
from tests.servers.dns import FakeDns
from tests.servers.fake import listening
from tests.servers.loopback import LoopbackNetwork
from xmpp_exporter.model import Outcome

XML, JSON = "GET /.well-known/host-meta", "GET /.well-known/host-meta.json"
WEBSOCKET, XBOSH = "urn:xmpp:alt-connections:websocket", "urn:xmpp:alt-connections:xbosh"
BOSH = f"https://{DOMAIN}/bosh"
SESSION = response(
    body="<body xmlns='http://jabber.org/protocol/httpbind' sid='s'>"
    "<features xmlns='http://etherx.jabber.org/streams'/></body>"
)


@pytest.fixture
def authority(tmp_path: Path) -> CertificateAuthority:
    return CertificateAuthority(tmp_path)


@pytest.fixture
def address() -> Iterator[str]:
    """An address of our own, where port 443 is free."""
    with LoopbackNetwork() as network:
        yield network.address(1)


async def judged(
    authority: CertificateAuthority, address: str, check: str, answers: Mapping[str, str], **settings: Any
) -> Outcome:
    """The outcome of `check` with these answers on the domain's port 443, and these settings of the server."""
    async with AsyncExitStack() as stack:
        dns = stack.enter_context(FakeDns({DOMAIN: f"@ A {address}\n"}))
        web = site(by_path(dict(answers)))
        await stack.enter_async_context(listening(web, address, 443, tls_of(authority, DOMAIN)))
        server = await stack.enter_async_context(server_at(authority, dns))
        server.config = server.config.model_copy(update=settings)
        return await outcome_of(server, check)


def xrd(**links: str) -> str:
    written = "".join(f"<Link rel='urn:xmpp:alt-connections:{rel}' href='{href}'/>" for rel, href in links.items())
    return response(body=f"<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'>{written}</XRD>")


def jrd(*links: Mapping[str, object], origin: str | None = None, **members: object) -> str:
    headers = {"Access_Control_Allow_Origin": origin} if origin else {}
    return response(body=json.dumps({"links": links} | members), **headers)


def link(relation: str, **fields: object) -> dict[str, object]:
    return {"rel": f"urn:xmpp:alt-connections:{relation}"} | fields


COMPLETE = {"port": 5223, "sni": DOMAIN, "ips": ["192.0.2.1", "2001:db8::1"], "priority": 1, "weight": 0}
TTL = {"ttl": 60}
HOST_META_2: dict[str, tuple[str, str, str]] = {
    "all fields": (jrd(link("tls", **COMPLETE), xmpp=TTL), "supported", "links for tls"),
    "links for servers, too": (
        jrd(link("tls", **COMPLETE), link("s2s-quic", **COMPLETE), xmpp=TTL),
        "supported",
        "tls, s2s-quic",
    ),
    "a WebSocket": (jrd(link("websocket", href="wss://x.test/", **COMPLETE), xmpp=TTL), "supported", "websocket"),
    "for web clients alone": (
        jrd(link("websocket", href="wss://x.test/")),
        "unsupported not_offered",
        "no object xmpp",
    ),
    "no lifetime": (jrd(link("tls", **COMPLETE), xmpp={}), "broken mismatch", "no ttl"),
    "no object": (jrd(link("tls", **COMPLETE), xmpp=[60]), "broken mismatch", "no ttl"),
    "no links": (jrd(xmpp=TTL), "broken mismatch", "no link"),
    "strange links": (response(body='{"links": [1, {"rel": []}], "xmpp": {"ttl": 1}}'), "broken mismatch", "no link"),
    "a name for an address": (
        jrd(link("tls", **COMPLETE | {"ips": ["x.test"]}), xmpp=TTL),
        "broken mismatch",
        "tls has no valid ips",
    ),
    "no port": (jrd(link("quic", **COMPLETE | {"port": True}), xmpp=TTL), "broken mismatch", "quic has no valid port"),
    "no JSON": (response(body="{"), "unknown depends_on", "could not be read"),
    "nothing": (response("404 Not Found"), "unsupported not_offered", "404"),
}


@pytest.mark.parametrize(("answer", "verdict", "detail"), HOST_META_2.values(), ids=HOST_META_2)
async def test_host_meta_2_needs_every_mandatory_field(
    authority: CertificateAuthority, address: str, answer: str, verdict: str, detail: str
) -> None:
    outcome = await judged(authority, address, "xep0487", {JSON: answer})
    assert (verdict_of(outcome), detail in outcome.detail) == (verdict, True), outcome.detail


JSON_DOCUMENTS: dict[str, tuple[dict[str, str], str, str]] = {
    "alone": ({JSON: jrd(link("xbosh", href=BOSH))}, "supported", BOSH),
    "as in XML": ({JSON: jrd(link("xbosh", href=BOSH)), XML: xrd(xbosh=BOSH)}, "supported", BOSH),
    "other links": (
        {JSON: jrd(link("xbosh", href=BOSH)), XML: xrd(xbosh=BOSH, websocket="wss://x.test/")},
        "broken mismatch",
        "in one of them only: websocket wss://x.test/",
    ),
    "no links": ({JSON: jrd()}, "unsupported not_offered", "neither a WebSocket nor BOSH"),
    "in XML alone": ({XML: xrd(xbosh=BOSH)}, "unsupported not_offered", "404"),
    "not JSON": ({JSON: response(body="<XRD/>")}, "broken mismatch", "not JSON"),
    "deep JSON": ({JSON: response(body="[" * 100_000)}, "broken mismatch", "nested too deep"),
    "another JSON": ({JSON: response(body='["links"]')}, "broken mismatch", "not a JRD"),
}


@pytest.mark.parametrize(("answers", "verdict", "detail"), JSON_DOCUMENTS.values(), ids=JSON_DOCUMENTS)
async def test_the_json_document_must_say_what_the_xml_document_says(
    authority: CertificateAuthority, address: str, answers: dict[str, str], verdict: str, detail: str
) -> None:
    outcome = await judged(authority, address, "xep0156_json", answers)
    assert (verdict_of(outcome), detail in outcome.detail) == (verdict, True), outcome.detail


READERS: dict[str, tuple[dict[str, str], str, str]] = {
    "everybody": ({JSON: jrd(origin="*")}, "supported", "any web page"),
    "the one who asks": ({JSON: jrd(origin="https://web-client.example.org")}, "supported", "any web page"),
    "nobody": ({JSON: jrd()}, "unsupported not_offered", "Access-Control-Allow-Origin is missing"),
    "somebody else": ({JSON: jrd(origin="https://x.test")}, "broken mismatch", "https://x.test"),
    "one of two": ({JSON: jrd(origin="*"), XML: xrd()}, "unsupported not_offered", "host-meta: "),
    "no document": ({}, "unknown not_applicable", "no host-meta document"),
    "a broken web server": (
        {JSON: response("500 Oops")},
        "unknown depends_on",
        "/host-meta.json fails: the status is 500",
    ),
}


@pytest.mark.parametrize(("answers", "verdict", "detail"), READERS.values(), ids=READERS)
async def test_web_pages_of_other_sites_may_read_each_document_there_is(
    authority: CertificateAuthority, address: str, answers: dict[str, str], verdict: str, detail: str
) -> None:
    outcome = await judged(authority, address, "xep0156_cors", answers)
    assert (verdict_of(outcome), detail in outcome.detail) == (verdict, True), outcome.detail


@pytest.mark.parametrize(("check", "key"), [("websocket", "websocket_url"), ("bosh", "bosh_url")])
async def test_without_a_word_of_where_it_is_nothing_is_known(
    authority: CertificateAuthority, address: str, check: str, key: str
) -> None:
    outcome = await judged(authority, address, check, {})
    assert verdict_of(outcome) == "unknown not_discoverable"
    assert key in outcome.detail


@pytest.mark.parametrize("check", ["websocket", "bosh"])
async def test_a_document_that_cannot_be_read_might_have_named_it(
    authority: CertificateAuthority, address: str, check: str
) -> None:
    outcome = await judged(authority, address, check, {XML: response("403 Forbidden")})
    assert verdict_of(outcome) == "unknown depends_on"
    assert "/host-meta is refused to us: the status is 403" in outcome.detail


async def test_a_session_counts_for_bosh_also_where_web_pages_may_not_use_it(
    authority: CertificateAuthority, address: str
) -> None:
    outcome = await judged(authority, address, "bosh", {XML: xrd(xbosh=BOSH), "POST /bosh": SESSION})
    assert verdict_of(outcome) == "supported"
    assert "web pages may not use it" in outcome.detail


async def test_the_configuration_says_where_bosh_is_whatever_the_document_says(
    authority: CertificateAuthority, address: str
) -> None:
    answers = {XML: xrd(xbosh=f"https://{DOMAIN}:9/"), "POST /bosh": SESSION}
    assert verdict_of(await judged(authority, address, "bosh", answers, bosh_url=BOSH)) == "supported"


async def test_the_configuration_says_where_the_websocket_is(authority: CertificateAuthority, address: str) -> None:
    outcome = await judged(authority, address, "websocket", {}, websocket_url=f"wss://{DOMAIN}/ws")
    assert verdict_of(outcome) == "broken http_status"
