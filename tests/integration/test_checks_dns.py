"""The checks of the DNS: real servers behind zones that Knot signs and Unbound validates, and strange records."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.integration.probing import config_of, prober_of, verdicts_of
from tests.servers.dns import FakeDns
from tests.servers.laboratory import Laboratory
from tests.servers.signed import SignedDns
from xmpp_exporter.model import Failure, ProbeReport
from xmpp_exporter.probe import probe_compliance
from xmpp_exporter.prober import Prober
from xmpp_exporter.wire.dns import Resolver
from xmpp_exporter.wire.network import Network
from xmpp_exporter.wire.tls import TlsContexts

EXPECTED = Path(__file__).parent / "expected" / "dns"
"""One table for each domain: check id to verdict and reason."""

CHECKS = {"srv_c2s", "srv_s2s", "ipv6", "dnssec", "dane_c2s", "dane_s2s", "xmppconnect_txt"}
WRONG = f"3 1 1 {'0' * 64}"


def key_of(certificate: x509.Certificate) -> str:
    """The end entity's key, as most people publish it."""
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"3 1 1 {hashlib.sha256(key).hexdigest()}"


def whole(usage: int) -> Callable[[x509.Certificate], str]:
    return lambda certificate: f"{usage} 0 0 {certificate.public_bytes(Encoding.DER).hex()}"


def long_digest(certificate: x509.Certificate) -> str:
    return f"3 0 2 {hashlib.sha512(certificate.public_bytes(Encoding.DER)).hexdigest()}"


def wrong(certificate: x509.Certificate) -> str:
    return WRONG


def undefined(certificate: x509.Certificate) -> str:
    return f"7 1 1 {'0' * 64}"


Pins = tuple[Callable[[x509.Certificate], str], ...]

SIGNED: dict[str, Pins] = {
    "good.prosody.test": (key_of,),
    "soon.prosody.test": (wrong, key_of),  # while one key goes and another comes
    "wrong-name.prosody.test": (long_digest,),
    "expired.prosody.test": (whole(1),),
    "self-signed.prosody.test": (whole(3),),
    "bare.prosody.test": (),
    "closed-registration.prosody.test": (whole(1),),
    "component-down.prosody.test": (undefined,),
    "good.ejabberd.test": (wrong, undefined),
    "no-rooms.ejabberd.test": (key_of,),
}
UNSIGNED: dict[str, Pins] = {"bare.ejabberd.test": (wrong,)}
AUTHORITY = "no-rooms.prosody.test"
"""Its record names the authority, which nobody sends."""
HALF_BOGUS, ELSEWHERE = "no-cors.prosody.test", "elsewhere.test"
"""The second zone is bogus, and has the host where the first one's servers are."""
BOGUS = "closed-registration.ejabberd.test"


def pinned(laboratory: Laboratory, domain: str, pins: Pins, authority: bool = False) -> str:
    """The domain's zone with these TLSA records for all of its ports."""
    file = laboratory.ca_file if authority else laboratory.certificates.directory / f"{domain}.crt"
    certificate = x509.load_pem_x509_certificate(file.read_bytes())
    records = [f"_{port}._tcp.xmpp TLSA {pin(certificate)}\n" for pin in pins for port in (5222, 5223, 5269)]
    return laboratory.configurations[domain].zone(laboratory.server(domain).address) + "".join(records)


@pytest.fixture(scope="module")
def signed_dns(laboratory: Laboratory) -> Iterator[SignedDns]:
    zones = {domain: pinned(laboratory, domain, pins) for domain, pins in (SIGNED | UNSIGNED).items()}
    zones[AUTHORITY] = pinned(laboratory, AUTHORITY, (whole(0),), authority=True)
    zones[BOGUS] = pinned(laboratory, BOGUS, ())
    zone = pinned(laboratory, HALF_BOGUS, ())
    zones[HALF_BOGUS] = zone.replace("SRV 5 0 5269 xmpp", f"SRV 5 0 5269 xmpp.{ELSEWHERE}.")
    zones[ELSEWHERE] = f"xmpp A {laboratory.server(HALF_BOGUS).address}\n"
    with SignedDns(zones, [*SIGNED, AUTHORITY, HALF_BOGUS], [BOGUS, ELSEWHERE]) as dns:
        yield dns


async def probed(laboratory: Laboratory, dns: SignedDns, domain: str, signed_name: str) -> ProbeReport:
    resolver = Resolver([dns.address], dns.port, signed_name=signed_name)
    prober = Prober(Network(resolver, TlsContexts(laboratory.ca_file)))
    return await probe_compliance(prober, config_of(laboratory, domain), only=CHECKS)


def detail_of(report: ProbeReport, check: str) -> str:
    return next(result.outcome.detail for result in report.checks if result.check == check)


@pytest.mark.parametrize("domain", sorted([*SIGNED, *UNSIGNED, AUTHORITY, HALF_BOGUS]))
async def test_every_verdict_is_the_expected_one(laboratory: Laboratory, signed_dns: SignedDns, domain: str) -> None:
    expected = yaml.safe_load((EXPECTED / f"{domain}.yml").read_text())
    report = await probed(laboratory, signed_dns, domain, "good.prosody.test")
    assert verdicts_of(report) == expected


async def test_a_domain_whose_signatures_are_bogus_is_not_found(laboratory: Laboratory, signed_dns: SignedDns) -> None:
    report = await probed(laboratory, signed_dns, BOGUS, "good.prosody.test")
    assert (report.success, report.failure, report.checks) == (False, Failure.DNS, ())


async def test_a_resolver_that_does_not_validate_what_is_signed_for_sure_decides_nothing(
    laboratory: Laboratory, signed_dns: SignedDns
) -> None:
    report = await probed(laboratory, signed_dns, "bare.ejabberd.test", "bare.ejabberd.test")
    assert verdicts_of(report)["dnssec"] == verdicts_of(report)["dane_c2s"] == "unknown prober_limit"
    assert "resolver.nameservers" in detail_of(report, "dnssec")


@pytest.mark.parametrize(
    ("domain", "check", "detail"),
    [
        ("soon.prosody.test", "dane_s2s", "of 2 records 1 fit"),
        ("expired.prosody.test", "dane_c2s", "usages 0 and 1 also need a certificate that verifies"),
        ("good.ejabberd.test", "dane_c2s", "fits none of the TLSA records: 3 1 1 0000000000000000…"),
        ("bare.ejabberd.test", "dnssec", "not signed: SRV _xmpp-client._tcp.bare.ejabberd.test"),
        ("bare.ejabberd.test", "dane_s2s", "not signed: SRV _xmpp-server._tcp.bare.ejabberd.test"),
        (HALF_BOGUS, "dnssec", f"xmpp.{ELSEWHERE} do not validate: whoever checks them"),
    ],
)
async def test_the_detail_says_which_records_are_wrong(
    laboratory: Laboratory, signed_dns: SignedDns, domain: str, check: str, detail: str
) -> None:
    report = await probed(laboratory, signed_dns, domain, "good.prosody.test")
    assert detail in detail_of(report, check)


class TestRecords:
    """What the DNS says, with the servers as they are."""

    DOMAIN = "good.prosody.test"

    @pytest.fixture
    def prober(self, laboratory: Laboratory) -> Prober:
        return prober_of(laboratory)

    async def outcome(self, laboratory: Laboratory, prober: Prober, check: str) -> tuple[str, str]:
        report = await probe_compliance(prober, config_of(laboratory, self.DOMAIN), only={check})
        return verdicts_of(report)[check], detail_of(report, check)

    def say(self, dns: FakeDns, service: str, *records: str) -> None:
        dns.change(f"_{service}._tcp.{self.DOMAIN}", "SRV", [records])

    async def test_a_target_that_is_an_alias_is_told_of(
        self, laboratory: Laboratory, prober: Prober, dns: FakeDns
    ) -> None:
        dns.add_zone("alias.test", f"www CNAME xmpp.{self.DOMAIN}.\n")
        self.say(dns, "xmpp-client", "5 0 5222 www.alias.test.")
        verdict, detail = await self.outcome(laboratory, prober, "srv_c2s")
        assert verdict == "supported" and "alias (CNAME)" in detail

    async def test_a_target_without_an_address_is_broken_and_named_beside_a_good_one(
        self, laboratory: Laboratory, prober: Prober, dns: FakeDns
    ) -> None:
        self.say(dns, "xmpp-server", f"5 0 5269 xmpp.{self.DOMAIN}.", "9 0 5269 nowhere.test.")
        verdict, detail = await self.outcome(laboratory, prober, "srv_s2s")
        assert verdict == "broken dns" and detail.startswith("nowhere.test:5269: the target has no address; xmpp.")

    async def test_an_address_in_the_place_of_a_host_is_broken(
        self, laboratory: Laboratory, prober: Prober, dns: FakeDns
    ) -> None:
        self.say(dns, "xmpp-server", f"5 0 5269 {laboratory.server(self.DOMAIN).address}.")
        verdict, detail = await self.outcome(laboratory, prober, "srv_s2s")
        assert verdict == "broken dns" and "must have the name of a host" in detail

    async def test_a_server_that_stands_for_itself_is_left_out(
        self, laboratory: Laboratory, prober: Prober, dns: FakeDns
    ) -> None:
        self.say(dns, "xmpp-server", "0 0 0 .")
        for check in ("srv_s2s", "dane_s2s"):
            assert (await self.outcome(laboratory, prober, check))[0] == "unknown not_applicable"
        assert (await self.outcome(laboratory, prober, "ipv6"))[0] == "unsupported not_offered"

    @pytest.mark.parametrize(("check", "service"), [("srv_c2s", "xmpp-client"), ("srv_s2s", "xmpp-server")])
    async def test_without_records_the_domain_itself_is_good_enough(
        self, laboratory: Laboratory, prober: Prober, dns: FakeDns, check: str, service: str
    ) -> None:
        for each in (service, service.replace("xmpp", "xmpps", 1)):
            self.say(dns, each)
        verdict, detail = await self.outcome(laboratory, prober, check)
        assert verdict == "supported" and "the domain itself, answers" in detail

    async def test_without_records_and_with_nobody_there_it_is_not_offered(
        self, laboratory: Laboratory, prober: Prober, dns: FakeDns
    ) -> None:
        self.say(dns, "xmpp-server")
        dns.change(self.DOMAIN, "A", [["127.0.0.1"]])
        verdict, detail = await self.outcome(laboratory, prober, "srv_s2s")
        assert verdict == "unsupported not_offered" and "refused the connection" in detail

    async def test_direct_tls_alone_is_not_what_everybody_looks_for(
        self, laboratory: Laboratory, prober: Prober, dns: FakeDns
    ) -> None:
        self.say(dns, "xmpp-client")
        verdict, detail = await self.outcome(laboratory, prober, "srv_c2s")
        assert verdict == "unsupported not_offered" and "_xmpps-client alone" in detail

    @pytest.mark.parametrize(("failure", "verdict"), [("fail", "unknown depends_on"), ("ignore", "unknown timeout")])
    async def test_name_servers_that_fail_decide_nothing(
        self, laboratory: Laboratory, prober: Prober, dns: FakeDns, failure: str, verdict: str
    ) -> None:
        getattr(dns, failure)(f"_xmpp-client._tcp.{self.DOMAIN}", "SRV")
        getattr(dns, failure)(f"_xmppconnect.{self.DOMAIN}", "TXT")
        for check in ("srv_c2s", "dnssec", "xmppconnect_txt"):
            assert (await self.outcome(laboratory, prober, check))[0] == verdict

    async def test_old_text_records_are_outdated(self, laboratory: Laboratory, prober: Prober, dns: FakeDns) -> None:
        dns.change(f"_xmppconnect.{self.DOMAIN}", "TXT", [['"_xmpp-client-xbosh=https://x.test/"']])
        assert (await self.outcome(laboratory, prober, "xmppconnect_txt"))[0] == "unsupported outdated"

    async def test_an_address_that_answers_over_ipv6_for_clients_alone_is_not_enough(
        self, laboratory: Laboratory, prober: Prober, dns: FakeDns
    ) -> None:
        # what reaches the server over IPv4 all the same: the machine's own form of an IPv4 address
        dns.change(f"xmpp.{self.DOMAIN}", "AAAA", [[f"::ffff:{laboratory.server(self.DOMAIN).address}"]])
        assert (await self.outcome(laboratory, prober, "ipv6"))[0] == "supported"
        self.say(dns, "xmpp-server", f"5 0 5269 {self.DOMAIN}.")
        verdict, detail = await self.outcome(laboratory, prober, "ipv6")
        assert verdict == "unsupported not_offered"
        assert detail.startswith("for servers: no host has an IPv6 address (AAAA); for clients: supported, ")

    async def test_an_ipv6_address_that_nobody_answers_at_is_broken(
        self, laboratory: Laboratory, prober: Prober, dns: FakeDns
    ) -> None:
        dns.change(f"xmpp.{self.DOMAIN}", "AAAA", [["::ffff:127.0.0.1"]])
        assert (await self.outcome(laboratory, prober, "ipv6"))[0] == "broken unreachable"

    async def test_an_exporter_without_ipv6_does_not_know(
        self, laboratory: Laboratory, prober: Prober, dns: FakeDns, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("xmpp_exporter.wire.network.routed", lambda address: ":" not in address)
        dns.change(f"xmpp.{self.DOMAIN}", "AAAA", [["::ffff:255.255.255.255"]])
        verdict, detail = await self.outcome(laboratory, prober, "ipv6")
        assert verdict == "unknown prober_limit" and "no route" in detail
