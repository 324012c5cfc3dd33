"""Uploads that do not come back as they were, and proxies that are none."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.fake_site import DOMAIN, FakeSite
from tests.integration.https_site import response
from tests.integration.probing import verdicts_of
from tests.servers.dns import FakeDns
from tests.servers.fake import Behaviour, Connection, closes_at_once, listening, says_http, silent
from tests.servers.fake.services import Services, features, identity
from xmpp_exporter.checks import shared
from xmpp_exporter.model import ProbeReport
from xmpp_exporter.probe import probe_compliance
from xmpp_exporter.wire import guard

UPLOAD, PROXY = f"upload.{DOMAIN}", f"proxy.{DOMAIN}"
IS_UPLOAD = features("urn:xmpp:http:upload:0")
IS_PROXY = identity("proxy", "bytestreams") + features("http://jabber.org/protocol/bytestreams")
HEADERS = (
    "<header name='Authorization'>token</header><header name='Host'>evil.test</header>"
    "<header name='Cookie'>a=b</header><header name='X-Own'>c</header>"
)


@pytest.fixture
async def fakes(tmp_path: Path) -> AsyncIterator[FakeSite]:
    with FakeDns({}) as dns:
        yield FakeSite.create(tmp_path, dns)


async def judged(fakes: FakeSite, services: Services, *checks: str, reply: str = "1s") -> ProbeReport:
    fake = fakes.server(on_iq=services.on_iq, on_stanza=services.on_stanza)
    async with listening(fake) as listener:
        fakes.dns.add_zone(DOMAIN, f"_xmpp-client._tcp SRV 5 0 {listener.port} @\n@ A {listener.address}\n")
        return await probe_compliance(fakes.prober(), fakes.config(timeouts={"reply": reply}), only=checks)


def found(report: ProbeReport, check: str) -> tuple[str, str]:
    return verdicts_of(report)[check], next(each.outcome.detail for each in report.checks if each.check == check)


def storage(put: str, get: str | None, heads: list[str], bodies: list[bytes], kind: str = "image/png") -> Behaviour:
    """Takes a file with the status `put`, and gives back `get`, or without it what it has taken."""

    async def behave(connection: Connection) -> None:
        while True:
            head = (await connection.reader.readuntil(b"\r\n\r\n")).decode()
            heads.append(head)
            if not head.startswith("PUT"):
                if get is None and bodies:
                    text = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(bodies[-1])}\r\n\r\n"
                    connection.writer.write(text.encode() + bodies[-1])
                else:
                    await connection.send(get or response("404 Not Found"))
                continue
            length = re.search(r"(?i)content-length: (\d+)", head)
            assert length is not None
            bodies.append(await connection.reader.readexactly(int(length[1])))
            await connection.send(response(put))

    return behave


UPLOADS: dict[str, tuple[str, str | None, str, str, str]] = {
    "a good one": ("201 Created", None, "image/png", "supported", "bytes uploaded and downloaded again"),
    "another status": ("200 OK", None, "image/png", "supported", "downloaded again"),
    "another type": ("201 Created", None, "text/plain", "supported", "though as text/plain"),
    "refused": (
        "403 Forbidden",
        None,
        "",
        "broken http_status",
        "refuses the upload (PUT): the status is 403",
    ),
    "too large": ("413 Too Large", None, "", "broken http_status", "413"),
    "too often": ("429 Slow Down", None, "", "unknown forbidden", "429"),
    "gone": (
        "201 Created",
        response("404 Not Found"),
        "",
        "broken http_status",
        "refuses the download (GET): the status is 404",
    ),
    "something else": ("201 Created", response(body="hello"), "", "broken mismatch", "5 came back"),
}


@pytest.mark.parametrize(("put", "get", "kind", "verdict", "detail"), UPLOADS.values(), ids=UPLOADS)
async def test_a_file_must_come_back_as_it_was(
    fakes: FakeSite,
    monkeypatch: pytest.MonkeyPatch,
    put: str,
    get: str | None,
    kind: str,
    verdict: str,
    detail: str,
) -> None:
    monkeypatch.setattr(shared, "WRITERS_LIMIT", 0.3)
    heads: list[str] = []
    bodies: list[bytes] = []
    async with listening(storage(put, get, heads, bodies, kind), tls=fakes.tls()) as endpoint:
        url = f"https://{DOMAIN}:{endpoint.port}/file"
        slot = f"<slot xmlns='urn:xmpp:http:upload:0'><put url='{url}'>{HEADERS}</put><get url='{url}'/></slot>"
        services = Services(DOMAIN, {DOMAIN: "", UPLOAD: IS_UPLOAD}, {(UPLOAD, "request"): slot})
        outcome = found(await judged(fakes, services, "xep0363_roundtrip"), "xep0363_roundtrip")
    assert (outcome[0], detail in outcome[1]) == (verdict, True), outcome[1]
    (upload,) = [head for head in heads if head.startswith("PUT")]
    assert "authorization: token" in upload.lower() and "cookie: a=b" in upload.lower()
    assert "evil.test" not in upload and "X-Own" not in upload, "a service may ask for three headers only"
    assert len(bodies[0]) <= 200


async def test_one_slot_serves_web_pages_and_the_round_trip(fakes: FakeSite) -> None:
    heads: list[str] = []
    async with listening(storage("201 Created", None, heads, []), tls=fakes.tls()) as endpoint:
        url = f"https://{DOMAIN}:{endpoint.port}/file"
        slot = f"<slot xmlns='urn:xmpp:http:upload:0'><put url='{url}'/><get url='{url}'/></slot>"
        services = Services(DOMAIN, {DOMAIN: "", UPLOAD: IS_UPLOAD}, {(UPLOAD, "request"): slot})
        report = await judged(fakes, services, "xep0363_roundtrip", "xep0363_cors")
    assert verdicts_of(report)["xep0363_roundtrip"] == "supported"
    assert services.asked.count((UPLOAD, "request")) == 1


LIMIT = (
    "<x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE'><value>urn:xmpp:http:upload:0</value></field>"
    "<field var='max-file-size'><value>{}</value></field></x>"
)


@pytest.mark.parametrize(
    ("info", "verdict"),
    [
        (IS_UPLOAD, "unknown not_applicable"),
        (IS_UPLOAD + LIMIT.format("1234"), "supported"),
        (IS_UPLOAD + LIMIT.format("unlimited"), "broken mismatch"),
        (IS_UPLOAD + LIMIT.format("0"), "broken mismatch"),
        (features("urn:xmpp:http:upload"), "unsupported outdated"),
    ],
)
async def test_a_limit_is_a_number_of_bytes(fakes: FakeSite, info: str, verdict: str) -> None:
    report = await judged(fakes, Services(DOMAIN, {DOMAIN: "", UPLOAD: info}), "xep0363_limit")
    assert verdicts_of(report) == {"xep0363_limit": verdict}


def answers(greeting: bytes) -> Behaviour:
    async def behave(connection: Connection) -> None:
        assert await connection.reader.readexactly(3) == b"\x05\x01\x00"
        connection.writer.write(greeting)
        await silent(connection)

    return behave


def proxy_at(host: str, port: int) -> Services:
    query = (
        "<query xmlns='http://jabber.org/protocol/bytestreams'>"
        f"<streamhost jid='{PROXY}' host='{host}' port='{port}'/></query>"
    )
    return Services(DOMAIN, {DOMAIN: "", PROXY: IS_PROXY}, {(PROXY, "query"): query})


PROXIES: dict[str, tuple[Behaviour, str, str]] = {
    "a proxy": (answers(b"\x05\x00"), "supported", "speaks SOCKS5"),
    "with a password": (answers(b"\x05\xff"), "broken mismatch", "without a password"),
    "a method of its own": (answers(b"\x05\x02"), "broken mismatch", "chose the method 2"),
    "the older version": (answers(b"\x00\x5a"), "broken mismatch", "does not speak SOCKS5"),
    "a web server": (says_http, "broken mismatch", "does not speak SOCKS5: it answers with 48 54"),
    "one that closes": (closes_at_once, "broken unreachable", "closed"),
    "silence": (silent, "unknown timeout", "sent nothing"),
}


@pytest.mark.parametrize(("behaviour", "verdict", "detail"), PROXIES.values(), ids=PROXIES)
async def test_a_proxy_must_greet_in_socks5(fakes: FakeSite, behaviour: Behaviour, verdict: str, detail: str) -> None:
    async with listening(behaviour) as listener:
        report = await judged(fakes, proxy_at(listener.address, listener.port), "xep0065_connect")
    outcome = found(report, "xep0065_connect")
    assert (outcome[0], detail in outcome[1]) == (verdict, True), outcome[1]


async def test_every_address_of_a_proxy_must_answer(fakes: FakeSite) -> None:
    async with listening(answers(b"\x05\x00")) as listener:
        fakes.dns.add_zone("proxies.test", f"@ A {listener.address}\n@ A 127.0.0.99\n")
        report = await judged(fakes, proxy_at("proxies.test", listener.port), "xep0065_connect")
    verdict, detail = found(report, "xep0065_connect")
    assert verdict == "broken unreachable"
    assert f"(127.0.0.99:{listener.port}): refused" in detail and "supported, speaks SOCKS5" in detail


async def test_a_proxy_in_the_private_network_is_not_connected_to(
    fakes: FakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with listening(silent, "127.0.0.98") as victim:
        services = proxy_at(victim.address, victim.port)
        monkeypatch.setattr(
            "xmpp_exporter.wire.network.admit", lambda address, allowed: guard.admit(address, address != victim.address)
        )
        report = await judged(fakes, services, "xep0065_connect")
        assert found(report, "xep0065_connect")[0] == "unknown prober_limit"
        assert victim.accepted == 0
