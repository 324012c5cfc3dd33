"""STUN and TURN: coturn that works, has another secret or is dead, and servers that lie."""

import base64
import hashlib
import hmac
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from aioice.stun import Class, Message, parse_message

from tests.integration.exhaustion import no_more_files
from tests.integration.fake_site import DOMAIN, PATIENCE, FakeSite
from tests.integration.probing import verdicts_of
from tests.servers.coturn import PORT, TLS_PORT, Coturn
from tests.servers.dns import FakeDns
from tests.servers.fake import Behaviour, Connection, closes_at_once, listening, says_http, silent
from tests.servers.fake.services import Services, features
from tests.servers.loopback import LoopbackNetwork
from xmpp_exporter.model import ProbeReport
from xmpp_exporter.probe import probe_compliance
from xmpp_exporter.wire import guard
from xmpp_exporter.wire.errors import ProberLimit
from xmpp_exporter.wire.stun import StunServer, reflexive_address

EXTDISCO = "urn:xmpp:extdisco:2"
SECRET = "turn-secret"
TURN = "turn.test"


@pytest.fixture
async def fakes(tmp_path: Path) -> AsyncIterator[FakeSite]:
    with FakeDns({}) as dns:
        yield FakeSite.create(tmp_path, dns)


@pytest.fixture
def address() -> Iterator[str]:
    with LoopbackNetwork() as network:
        yield network.address(1)


@pytest.fixture
def coturn(fakes: FakeSite, address: str) -> Iterator[Coturn]:
    fakes.dns.add_zone(TURN, f"@ A {address}\n")
    certificate = fakes.certificates.issue(TURN)
    for folder in (fakes.directory, *fakes.directory.parents):  # its own user must get there
        if folder.stat().st_uid == 0 and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o011)
    with Coturn(fakes.directory / "coturn", address, SECRET, certificate=certificate) as program:
        yield program


def service(kind: str, host: str, port: int | None = None, transport: str = "", secret: str = SECRET) -> str:
    """A <service/> with credentials as coturn checks them: a name with a time in it, and its HMAC."""
    username = f"{int(time.time()) + 600}:probe"
    password = base64.b64encode(hmac.digest(secret.encode(), username.encode(), hashlib.sha1)).decode()
    attributes = {"type": kind, "host": host, "port": str(port or ""), "transport": transport}
    if kind.startswith("turn"):
        attributes |= {"username": username, "password": password}
    return f"<service {' '.join(f'{name}={value!r}' for name, value in attributes.items() if value)}/>"


async def judged(fakes: FakeSite, *services: str, reply: str = "1s") -> ProbeReport:
    listed = f"<services xmlns='{EXTDISCO}'>{''.join(services)}</services>"
    script = Services(DOMAIN, {DOMAIN: features(EXTDISCO)}, {(DOMAIN, "services"): listed})
    fake = fakes.server(on_iq=script.on_iq, on_stanza=script.on_stanza)
    async with listening(fake) as listener:
        fakes.dns.add_zone(DOMAIN, f"_xmpp-client._tcp SRV 5 0 {listener.port} @\n@ A {listener.address}\n")
        config = fakes.config(timeouts={"reply": reply})
        return await probe_compliance(fakes.prober(), config, only={"stun_works", "turn_works"})


def found(report: ProbeReport, check: str) -> tuple[str, str]:
    return verdicts_of(report)[check], next(each.outcome.detail for each in report.checks if each.check == check)


def facts(report: ProbeReport) -> dict[str, float]:
    return {name: value for each in report.checks for name, value in each.outcome.facts.items()}


async def test_a_server_that_works_is_used_over_every_transport(fakes: FakeSite, coturn: Coturn) -> None:
    report = await judged(
        fakes,
        service("stun", TURN),
        service("stun", TURN, PORT, "tcp"),
        service("stuns", TURN, TLS_PORT, "tcp"),
        service("turn", TURN),
        service("turn", coturn.address, PORT, "tcp"),
        service("turns", TURN),
    )
    assert set(verdicts_of(report).values()) == {"supported"}, report.checks
    assert facts(report) == {f"xmpp_turn_{transport}_works": 1 for transport in ("udp", "tcp", "tls")}
    for transport in ("UDP", "TCP", "TLS"):
        assert f" over {transport})" in found(report, "stun_works")[1]


async def test_a_relay_is_given_back_at_once(fakes: FakeSite, coturn: Coturn) -> None:
    await judged(fakes, service("turn", TURN))
    log = coturn.log_tail()
    assert "ALLOCATE processed, success" in log and "refreshed" in log and "lifetime=0" in log, log


async def test_another_secret_is_told_from_a_dead_server(fakes: FakeSite, coturn: Coturn) -> None:
    report = await judged(fakes, service("turn", TURN, secret="another"), service("turn", TURN, 9, "tcp"))
    verdict, detail = found(report, "turn_works")
    assert verdict == "broken mismatch"
    assert "error 401" in detail and "same secret" in detail and "over TCP): refused the connection" in detail
    assert facts(report) == {"xmpp_turn_udp_works": 0, "xmpp_turn_tcp_works": 0}


async def test_a_certificate_for_another_name_is_broken(fakes: FakeSite, coturn: Coturn) -> None:
    verdict, detail = found(await judged(fakes, service("stuns", coturn.address)), "stun_works")
    assert verdict == "broken certificate" and coturn.address in detail


async def test_what_is_not_spoken_or_routed_decides_nothing(
    fakes: FakeSite, coturn: Coturn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xmpp_exporter.wire.stun.routed", lambda address: ":" not in address)
    fakes.dns.add_zone("six.test", "@ AAAA 2001:db8::1\n")
    others = service("turn", "six.test"), service("turns", TURN, TLS_PORT, "udp"), service("turn", TURN, 1, "sctp")
    report = await judged(fakes, *others)
    verdict, detail = found(report, "turn_works")
    assert verdict == "unknown prober_limit" and facts(report) == {}
    assert "no route" in detail and "does not speak DTLS" in detail and "'sctp'" in detail
    assert verdicts_of(await judged(fakes, *others, service("turn", TURN)))["turn_works"] == "supported"


async def test_a_server_in_the_private_network_is_not_asked(
    fakes: FakeSite, coturn: Coturn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xmpp_exporter.wire.stun.admit", lambda address, allowed: guard.admit(address, False))
    report = await judged(fakes, service("stun", TURN), service("turn", TURN), service("turn", TURN, PORT, "tcp"))
    assert set(verdicts_of(report).values()) == {"unknown prober_limit"}
    assert "ALLOCATE" not in coturn.log_tail()


async def test_a_relay_at_a_private_address_helps_nobody(
    fakes: FakeSite, coturn: Coturn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "is_public", lambda address: True)  # but for the relay itself
    judged_as = fakes.config
    monkeypatch.setattr(fakes, "config", lambda **settings: judged_as(allow_private_addresses=False, **settings))
    verdict, detail = found(await judged(fakes, service("turn", TURN)), "turn_works")
    assert verdict == "broken mismatch" and f"relays at {coturn.address}, a private address" in detail


@pytest.mark.parametrize(
    ("services", "stun", "turn"),
    [
        ((service("stun", "nowhere.test"), service("turn", "nowhere.test")), "broken dns", "broken dns"),
        (
            (service("stun", "127.0.0.1", 9), service("turn", "127.0.0.1", 9)),
            "broken unreachable",
            "broken unreachable",
        ),
        (("<service type='stun'/>", "<service type='turn' host='127.0.0.1'/>"), "broken dns", "broken mismatch"),
        ((), "unsupported not_offered", "unsupported not_offered"),
    ],
)
async def test_servers_that_are_not_there(fakes: FakeSite, services: tuple[str, ...], stun: str, turn: str) -> None:
    assert verdicts_of(await judged(fakes, *services)) == {"stun_works": stun, "turn_works": turn}


def says(change: int, **attributes: object) -> Behaviour:
    """Answers every message with this class (RESPONSE or ERROR) and these attributes, over TCP."""

    async def behave(connection: Connection) -> None:
        while True:
            head = await connection.reader.readexactly(20)
            request = parse_message(head + await connection.reader.readexactly(int.from_bytes(head[2:4])))
            named = {name.replace("_", "-"): value for name, value in attributes.items()}
            answer = Message(request.message_method, Class(change), request.transaction_id, named)
            answer.add_fingerprint()
            connection.writer.write(bytes(answer))

    return behave


AGAIN = {"REALM": "r", "NONCE": b"n"}
RELAY = {"XOR_RELAYED_ADDRESS": ("127.0.0.1", 5), "XOR_MAPPED_ADDRESS": ("127.0.0.1", 6)}
LIARS: dict[str, tuple[Behaviour, str, str]] = {
    "no password needed": (says(Class.RESPONSE, **RELAY), "supported", "relays"),
    "no address": (says(Class.RESPONSE), "broken mismatch", "without XOR-RELAYED-ADDRESS"),
    "no permission": (says(Class.ERROR, ERROR_CODE=(403, "Forbidden")), "unknown forbidden", "error 403"),
    "no room": (says(Class.ERROR, ERROR_CODE=(508, "Full")), "unknown forbidden", "error 508"),
    "elsewhere": (says(Class.ERROR, ERROR_CODE=(300, "There")), "unknown prober_limit", "another server"),
    "no credentials": (says(Class.ERROR, ERROR_CODE=(401, "No"), **AGAIN), "broken mismatch", "same secret"),
    "always too late": (says(Class.ERROR, ERROR_CODE=(438, "Old"), **AGAIN), "broken mismatch", "error 438"),
    "an error of its own": (says(Class.ERROR), "broken mismatch", "without a code"),
    "a web server": (says_http, "broken mismatch", "did not answer with STUN"),
    "one that closes": (closes_at_once, "broken unreachable", "clos"),
    "silence": (silent, "unknown timeout", "sent nothing"),
}


@pytest.mark.parametrize(("behaviour", "verdict", "detail"), LIARS.values(), ids=LIARS)
async def test_what_a_server_says_is_told_from_what_it_should_say(
    fakes: FakeSite, behaviour: Behaviour, verdict: str, detail: str
) -> None:
    async with listening(behaviour) as listener:
        report = await judged(fakes, service("turn", listener.address, listener.port, "tcp"))
    outcome = found(report, "turn_works")
    assert (outcome[0], detail in outcome[1]) == (verdict, True), outcome[1]


@pytest.mark.parametrize(("transport", "tls"), [("udp", False), ("tcp", False), ("tcp", True)])
async def test_no_server_is_blamed_when_we_can_open_no_more_files(
    fakes: FakeSite, address: str, transport: str, tls: bool
) -> None:
    server = StunServer(TURN, address, PORT, transport, tls, allow_private=True)
    with no_more_files(), pytest.raises(ProberLimit, match="was not tried: Too many open files"):
        await reflexive_address(fakes.network, server, PATIENCE)
