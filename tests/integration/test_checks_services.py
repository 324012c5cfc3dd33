"""The checks of connections and services, against real servers: every verdict is as the table of its domain says."""

import re
from pathlib import Path

import pytest
import yaml

from tests.integration.command import until
from tests.integration.probing import config_of, prober_of, verdicts_of
from tests.servers.dns import FakeDns
from tests.servers.ejabberd import Ejabberd
from tests.servers.laboratory import PROBE, Laboratory, Server
from xmpp_exporter.model import CheckResult, ProbeKind, ProbeReport
from xmpp_exporter.probe import probe_compliance
from xmpp_exporter.prober import Prober
from xmpp_exporter.wire.session import Session

EXPECTED = Path(__file__).parent / "expected" / "services"
"""One table for each domain: check id to verdict and reason."""

GROUP_CHAT = {"xep0045", "xep0313muc", "vcard_muc"}
UPLOAD = {"xep0363", "xep0363_cors"}
BOTH = pytest.mark.parametrize("domain", ["good.prosody.test", "good.ejabberd.test"])

Services = dict[str, tuple[str, ...]]


def expected(domain: str) -> dict[str, str]:
    table: dict[str, str] = yaml.safe_load((EXPECTED / f"{domain}.yml").read_text())
    return table


def last_report(domain: str, services: Services) -> ProbeReport:
    return ProbeReport(domain, ProbeKind.COMPLIANCE, started=0, duration=1, success=True, services=services)


def detail_of(report: ProbeReport, check: str) -> str:
    return next(result.outcome.detail for result in report.checks if result.check == check)


async def no_rooms(server: Server, service: str) -> None:
    """ejabberd lists a room for a moment longer after it has said that it is destroyed."""
    await until(lambda: not server.program.rooms(service), f"the end of all rooms on {service}")


@pytest.fixture
def prober(laboratory: Laboratory) -> Prober:
    return prober_of(laboratory)


@pytest.mark.parametrize("domain", sorted(file.stem for file in EXPECTED.glob("*.yml")))
async def test_every_verdict_is_the_expected_one(laboratory: Laboratory, prober: Prober, domain: str) -> None:
    report = await probe_compliance(prober, config_of(laboratory, domain), only=expected(domain))
    assert report.success
    assert verdicts_of(report) == expected(domain)
    assert prober.journal.left(f"{PROBE}@{domain}") == []
    for service in report.services.get("group_chat", ()):
        await no_rooms(laboratory.server(domain), service)


@BOTH
async def test_the_services_found_and_their_limits_are_in_the_report(
    laboratory: Laboratory, prober: Prober, domain: str
) -> None:
    report = await probe_compliance(prober, config_of(laboratory, domain), only=expected(domain))
    roles = {"group_chat": "conference", "upload": "upload", "proxy": "proxy"}
    assert report.services == {role: (f"{label}.{domain}",) for role, label in roles.items()}
    facts = {name: value for result in report.checks for name, value in result.outcome.facts.items()}
    assert facts == {"xmpp_http_upload_max_bytes": 10 * 1024 * 1024}


async def test_the_detail_names_the_services_that_differ(laboratory: Laboratory, prober: Prober) -> None:
    domain = "two-mucs-and-gateway.prosody.test"
    report = await probe_compliance(prober, config_of(laboratory, domain), only=GROUP_CHAT)
    assert report.services["group_chat"] == (f"chat.{domain}", f"rooms.{domain}")
    for check in ("xep0313muc", "vcard_muc"):
        assert detail_of(report, check).startswith(f"rooms.{domain}: ")
        assert f"; chat.{domain}: supported, " in detail_of(report, check)


@pytest.mark.parametrize(
    ("service", "archive"),
    [
        ("chat", "supported"),
        ("rooms", "unsupported not_offered"),
        ("irc", "unsupported not_offered"),
        ("nowhere", "broken component_down"),
    ],
)
async def test_a_configured_group_chat_service_is_the_only_one_judged(
    laboratory: Laboratory, prober: Prober, service: str, archive: str
) -> None:
    domain = "two-mucs-and-gateway.prosody.test"
    config = config_of(laboratory, domain, muc_service=f"{service}.{domain}")
    report = await probe_compliance(prober, config, only={"xep0313muc"})
    assert verdicts_of(report) == {"xep0313muc": archive}


async def test_a_configured_upload_service_wins(laboratory: Laboratory, prober: Prober) -> None:
    domain = "bare.prosody.test"
    config = config_of(laboratory, domain, upload_service="upload.good.prosody.test")
    report = await probe_compliance(prober, config, only=UPLOAD)
    assert verdicts_of(report) == dict.fromkeys(UPLOAD, "supported")
    assert report.services == {"upload": ("upload.good.prosody.test",)}


async def test_a_component_of_the_last_report_that_is_not_connected_is_down(
    laboratory: Laboratory, prober: Prober
) -> None:
    domain = "component-down.prosody.test"
    previous = last_report(domain, {"group_chat": (f"conference.{domain}",)})
    for _ in range(2):  # and it stays down: the report that says so knows it still
        report = await probe_compliance(
            prober, config_of(laboratory, domain), only=GROUP_CHAT | UPLOAD, previous=previous
        )
        assert verdicts_of(report) == (
            dict.fromkeys(GROUP_CHAT, "broken component_down") | dict.fromkeys(UPLOAD, "unsupported not_offered")
        )
        assert f"conference.{domain}: the group chat service is down: " in detail_of(report, "xep0045")
        assert report.services == previous.services
        previous = report


async def test_a_service_of_the_last_report_that_is_gone_from_the_list_is_down_once(
    laboratory: Laboratory, prober: Prober
) -> None:
    domain = "bare.ejabberd.test"
    previous = last_report(domain, {"proxy": ("proxy.gone.test",)})
    verdicts = []
    for _ in range(2):
        previous = await probe_compliance(prober, config_of(laboratory, domain), only={"xep0065"}, previous=previous)
        verdicts.append(verdicts_of(previous)["xep0065"])
    assert verdicts == ["broken component_down", "unsupported not_offered"]


async def test_rooms_are_hidden_and_temporary(laboratory: Laboratory, prober: Prober) -> None:
    domain = "good.ejabberd.test"
    program = laboratory.server(domain).program
    assert isinstance(program, Ejabberd)
    options: list[dict[str, str]] = []

    def look(result: CheckResult) -> None:
        for room in program.rooms(f"conference.{domain}"):
            name, _, service = room.partition("@")
            options.append(program.api("get_room_options", name=name, service=service))

    await probe_compliance(prober, config_of(laboratory, domain), only={"xep0313muc"}, progress=look)
    assert [(each["public"], each["persistent"], each["mam"]) for each in options] == [("false", "false", "true")]
    await no_rooms(laboratory.server(domain), f"conference.{domain}")


async def test_no_file_of_a_room_outlives_it(laboratory: Laboratory, prober: Prober) -> None:
    domain = "good.prosody.test"
    program = laboratory.server(domain).program
    during: list[Path] = []

    def rooms() -> list[Path]:
        return list(program.directory.rglob("xmpp%2dexporter*"))

    await probe_compliance(
        prober, config_of(laboratory, domain), only={"xep0313muc"}, progress=lambda result: during.extend(rooms())
    )
    assert during and {file.parent.name for file in during} == {"muc_log"}
    assert rooms() == []


@BOTH
async def test_checks_of_rooms_share_one_room_and_one_short_message(
    laboratory: Laboratory, prober: Prober, domain: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    send = Session.send

    def record(session: Session, stanza: str) -> None:
        sent.append(stanza)
        send(session, stanza)

    monkeypatch.setattr(Session, "send", record)
    await probe_compliance(prober, config_of(laboratory, domain), only=GROUP_CHAT)
    assert len([line for line in sent if line.startswith("<presence to=")]) == 1
    assert len([line for line in sent if "<destroy/>" in line]) == 1
    messages = [line for line in sent if line.startswith("<message")]
    assert len(messages) == 1 and len(messages[0].encode()) <= 200


@BOTH
async def test_a_slot_is_requested_and_not_used(laboratory: Laboratory, prober: Prober, domain: str) -> None:
    report = await probe_compliance(prober, config_of(laboratory, domain), only={"xep0363_cors"})
    assert re.search(r"the download address .* \(status 4\d\d\)", detail_of(report, "xep0363_cors"))


class TestDirectTls:
    """What the DNS says, with the servers as they are."""

    DOMAIN = "good.prosody.test"

    async def verdict(self, laboratory: Laboratory, prober: Prober) -> tuple[str, str]:
        report = await probe_compliance(prober, config_of(laboratory, self.DOMAIN), only={"xep0368"})
        return verdicts_of(report)["xep0368"], detail_of(report, "xep0368")

    def records(self, dns: FakeDns, *records: str) -> None:
        dns.change(f"_xmpps-client._tcp.{self.DOMAIN}", "SRV", [records])

    async def test_one_dead_record_beside_a_good_one_is_broken_and_named(
        self, laboratory: Laboratory, prober: Prober, dns: FakeDns
    ) -> None:
        self.records(dns, f"5 0 5223 xmpp.{self.DOMAIN}.", f"10 0 9 xmpp.{self.DOMAIN}.")
        verdict, detail = await self.verdict(laboratory, prober)
        assert verdict == "broken unreachable"
        assert re.search(r":9\): refused the connection; .*:5223\): supported", detail)

    async def test_every_address_of_a_host_must_answer(
        self, laboratory: Laboratory, prober: Prober, dns: FakeDns
    ) -> None:
        address = laboratory.server(self.DOMAIN).address
        dns.change(f"xmpp.{self.DOMAIN}", "A", [[address, "127.0.0.1"]])
        verdict, detail = await self.verdict(laboratory, prober)
        assert verdict == "broken unreachable"
        assert "(127.0.0.1:5223): refused" in detail and f"({address}:5223): supported" in detail

    async def test_a_record_whose_host_has_no_address_is_broken(
        self, laboratory: Laboratory, prober: Prober, dns: FakeDns
    ) -> None:
        self.records(dns, f"5 0 5223 xmpp.{self.DOMAIN}.", f"10 0 5223 nowhere.{self.DOMAIN}.")
        verdict, detail = await self.verdict(laboratory, prober)
        assert verdict == "broken dns"
        assert f"nowhere.{self.DOMAIN} has no address" in detail

    @pytest.mark.parametrize(("failure", "reason"), [("fail", "depends_on"), ("ignore", "timeout")])
    async def test_a_record_whose_host_cannot_be_resolved_decides_nothing(
        self, laboratory: Laboratory, prober: Prober, dns: FakeDns, failure: str, reason: str
    ) -> None:
        self.records(dns, f"5 0 5223 xmpp.{self.DOMAIN}.", f"10 0 5223 lost.{self.DOMAIN}.")
        for kind in ("A", "AAAA"):
            getattr(dns, failure)(f"lost.{self.DOMAIN}", kind)
        config = config_of(laboratory, self.DOMAIN)
        report = await probe_compliance(prober, config, only={"xep0368", "endpoints_up"})
        assert set(verdicts_of(report).values()) == {f"unknown {reason}"}

    async def test_what_does_not_talk_tls_is_broken(self, laboratory: Laboratory, prober: Prober, dns: FakeDns) -> None:
        self.records(dns, f"5 0 5222 xmpp.{self.DOMAIN}.")
        assert (await self.verdict(laboratory, prober))[0] == "broken tls"

    async def test_a_target_that_is_a_dot_means_not_offered(
        self, laboratory: Laboratory, prober: Prober, dns: FakeDns
    ) -> None:
        self.records(dns, "0 0 0 .")
        assert (await self.verdict(laboratory, prober))[0] == "unsupported not_offered"

    @pytest.mark.parametrize(("failure", "reason"), [("fail", "depends_on"), ("ignore", "timeout")])
    async def test_a_name_server_that_fails_leaves_it_undecided(
        self, laboratory: Laboratory, prober: Prober, dns: FakeDns, failure: str, reason: str
    ) -> None:
        getattr(dns, failure)(f"_xmpps-client._tcp.{self.DOMAIN}", "SRV")
        assert (await self.verdict(laboratory, prober))[0] == f"unknown {reason}"
