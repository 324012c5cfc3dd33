"""Looking at servers' own ports as a domain of ours with a certificate: real servers that take it, and that do not."""

import json
import ssl
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from tests.integration.command import Command
from tests.integration.fake_site import DOMAIN, FakeSite
from tests.integration.probing import config_of, prober_of, verdicts_of
from tests.integration.running_exporter import RunningExporter, server_of, settings_of
from tests.servers.certificates import CertificateAuthority, Flaw
from tests.servers.fake import Connection, FakeXmpp, Listener, listening
from tests.servers.fake.behaviours import HEADER
from tests.servers.laboratory import Laboratory
from xmpp_exporter.catalogue import checks
from xmpp_exporter.model import ProbeReport
from xmpp_exporter.probe import probe_compliance
from xmpp_exporter.wire.identity import Identity
from xmpp_exporter.wire.tls import TlsContexts

OURS = "monitor.example.org"
CHECK = "s2s_external"


def identity_of(authority: CertificateAuthority, domain: str = OURS, flaw: Flaw = Flaw.NONE) -> Identity:
    """A domain with a certificate of the tests' authority; one of the servers' own keeps the one that it has."""
    if not (authority.directory / f"{domain}.crt").exists() or flaw is not Flaw.NONE:
        authority.issue(domain, flaw=flaw)
    files = (authority.directory / f"{domain}.crt", authority.directory / f"{domain}.key")
    return Identity(domain, TlsContexts(authority.ca_file, files))


async def report_of(
    laboratory: Laboratory, domain: str, identity: Identity | None, only: Collection[str] = (CHECK,)
) -> ProbeReport:
    prober = prober_of(laboratory)
    prober.network = replace(prober.network, identity=identity)
    return await probe_compliance(prober, config_of(laboratory, domain), only=only)


@pytest.mark.parametrize(
    ("domain", "verdict", "told"),
    [
        ("federation.prosody.test", "supported", f"the certificate of {OURS} was accepted"),
        ("federation.ejabberd.test", "supported", f"the certificate of {OURS} was accepted"),
        # these do not trust the authority: one offers EXTERNAL to those it trusts, the other to all, and then refuses
        ("federated.prosody.test", "unknown prober_limit", f"not offered to {OURS}, which presents a certificate"),
        ("bare.ejabberd.test", "unknown prober_limit", "was not accepted, perhaps because its issuer is not trusted"),
    ],
)
async def test_a_server_that_trusts_our_certificate_lets_us_in_by_it(
    laboratory: Laboratory, domain: str, verdict: str, told: str
) -> None:
    report = await report_of(laboratory, domain, identity_of(laboratory.certificates))
    assert verdicts_of(report) == {CHECK: verdict}
    assert told in report.checks[0].outcome.detail


@pytest.mark.parametrize(
    ("domain", "verdict"),
    [
        ("federation.prosody.test", "unknown depends_on"),
        ("federated.prosody.test", "unknown prober_limit"),
        ("federation.ejabberd.test", "supported"),
    ],
)
async def test_without_a_certificate_only_what_is_offered_to_all_is_seen(
    laboratory: Laboratory, domain: str, verdict: str
) -> None:
    assert verdicts_of(await report_of(laboratory, domain, None)) == {CHECK: verdict}


async def test_a_server_that_turns_strangers_away_shows_its_features_to_us(laboratory: Laboratory) -> None:
    wanted = ("s2s_bidi", "s2s_dialback", "s2s_stream")
    stranger = await report_of(laboratory, "federation.prosody.test", None, wanted)
    assert verdicts_of(stranger) == {
        "s2s_bidi": "unknown depends_on",
        "s2s_dialback": "unknown depends_on",
        "s2s_stream": "supported",
    }
    known = await report_of(laboratory, "federation.prosody.test", identity_of(laboratory.certificates), wanted)
    assert verdicts_of(known) == {
        "s2s_bidi": "unsupported not_offered",
        "s2s_dialback": "unsupported not_offered",
        "s2s_stream": "supported",
    }


async def test_a_certificate_that_is_not_trusted_is_no_fault_of_the_server(
    laboratory: Laboratory, tmp_path: Path
) -> None:
    foreign = CertificateAuthority(tmp_path)
    stranger = identity_of(foreign)
    ours = replace(stranger, tls=TlsContexts(laboratory.ca_file, (tmp_path / f"{OURS}.crt", tmp_path / f"{OURS}.key")))
    report = await report_of(laboratory, "federation.prosody.test", ours, (CHECK, "s2s_stream", "starttls_s2s"))
    assert verdicts_of(report) == {
        CHECK: "unknown depends_on",
        "s2s_stream": "supported",
        "starttls_s2s": "supported",
    }


async def test_a_domain_of_the_same_server_is_turned_away_and_a_stranger_looks_on(laboratory: Laboratory) -> None:
    """Prosody takes no streams from a domain that it serves itself."""
    identity = identity_of(laboratory.certificates, "bare.prosody.test")
    report = await report_of(laboratory, "federated.prosody.test", identity, (CHECK, "s2s_dialback"))
    assert verdicts_of(report) == {CHECK: "unknown prober_limit", "s2s_dialback": "supported"}
    details = {result.check: result.outcome.detail for result in report.checks}
    assert "Attempt to connect from a host we serve" in details[CHECK]


async def test_the_domain_itself_is_looked_at_as_by_a_stranger(laboratory: Laboratory) -> None:
    domain = "federated.prosody.test"
    report = await report_of(laboratory, domain, identity_of(laboratory.certificates, domain))
    assert verdicts_of(report) == {CHECK: "unknown prober_limit"}
    assert "who present no certificate" in report.checks[0].outcome.detail


def serve_servers(site: FakeSite, listener: Listener) -> None:
    """Let the records of the domain name this place, with direct TLS, for clients and for servers."""
    site.point(DOMAIN, direct_tls=[(listener.address, listener.port)])
    here = f"0 0 {listener.port} xmpps-client-0.{DOMAIN}."
    site.dns.change(f"_xmpps-server._tcp.{DOMAIN}", "SRV", [[here]])
    site.dns.change(f"_xmpp-server._tcp.{DOMAIN}", "SRV", [["0 0 0 ."]])


async def test_only_the_ports_for_servers_are_told_who_we_are(site: FakeSite) -> None:
    """Each stream as the server saw it: the namespace, from whom, and the name of the certificate."""
    seen: set[tuple[str, str | None, str | None]] = set()
    tls = site.tls()
    tls.load_verify_locations(site.certificates.ca_file)
    tls.verify_mode = ssl.CERT_OPTIONAL

    async def behave(connection: Connection) -> None:
        header = (await connection.reader.readuntil(b"http://etherx.jabber.org/streams'>")).decode()
        certificate = connection.writer.get_extra_info("ssl_object").getpeercert()
        names = [name for _kind, name in certificate["subjectAltName"]] if certificate else [None]
        sender = OURS if f"from='{OURS}'" in header or f'from="{OURS}"' in header else None
        seen.add(("jabber:server" if "'jabber:server'" in header else "jabber:client", sender, names[0]))
        await connection.send(f"{HEADER.format(domain=DOMAIN)}<stream:features/>")
        await connection.reader.read()

    async with listening(behave, tls=tls) as listener:
        serve_servers(site, listener)
        network = replace(site.network, identity=identity_of(site.certificates))
        await probe_compliance(site.prober(network), site.config(account=False), only={CHECK, "c2s_stream"})
    assert seen == {("jabber:client", None, None), ("jabber:server", OURS, OURS)}


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_a_server_that_breaks_off_because_of_our_certificate_has_tls_all_the_same(
    site: FakeSite, version: ssl.TLSVersion
) -> None:
    """In the handshake with TLS 1.2; TLS 1.3 looks at the client's certificate after it (RFC 8446 §2)."""
    tls = site.tls()
    tls.verify_mode = ssl.CERT_OPTIONAL  # and trusts nobody
    tls.maximum_version = version

    async with listening(FakeXmpp(DOMAIN, direct_tls=True, mechanisms=()), tls=tls) as listener:
        serve_servers(site, listener)
        network = replace(site.network, identity=identity_of(site.certificates))
        wanted = {CHECK, "xep0368_s2s"}
        report = await probe_compliance(site.prober(network), site.config(account=False), only=wanted)
    assert verdicts_of(report) == {CHECK: "unknown prober_limit", "xep0368_s2s": "supported"}
    assert "was not accepted" in next(r.outcome.detail for r in report.checks if r.check == CHECK)


EXTERNAL = (
    "<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>EXTERNAL</mechanism></mechanisms>"
    "</stream:features>"
)


async def test_silence_after_our_certificate_is_no_refusal(site: FakeSite) -> None:
    async def behave(connection: Connection) -> None:
        await connection.reader.readuntil(b"http://etherx.jabber.org/streams'>")
        await connection.send(HEADER.format(domain=DOMAIN) + EXTERNAL)
        await connection.reader.read()

    async with listening(behave, tls=site.tls()) as listener:
        serve_servers(site, listener)
        network = replace(site.network, identity=identity_of(site.certificates))
        report = await probe_compliance(site.prober(network), site.config(account=False), only={CHECK})
    assert verdicts_of(report) == {CHECK: "unknown timeout"}
    assert report.checks[0].outcome.detail.endswith("): sent nothing for 2 s")


def settings_with_identity(laboratory: Laboratory) -> dict[str, str]:
    laboratory.certificates.issue(OURS)
    folder = laboratory.certificates.directory
    return {"domain": OURS, "cert_file": str(folder / f"{OURS}.crt"), "key_file": str(folder / f"{OURS}.key")}


async def test_the_command_line_takes_it_from_the_configuration(laboratory: Laboratory, tmp_path: Path) -> None:
    domain = "federation.prosody.test"
    laboratory.server(domain)
    file = tmp_path / "exporter.yml"
    file.write_text(yaml.safe_dump({"s2s": settings_with_identity(laboratory)}))
    command = Command(laboratory, tmp_path)
    result = await command.run("check", domain, "--config.file", str(file), "--only", CHECK, "--json")
    assert [check["verdict"] for check in json.loads(result.out)["checks"]] == ["supported"], result.err


def test_a_reload_takes_it_and_one_that_cannot_be_used_changes_nothing(laboratory: Laboratory, tmp_path: Path) -> None:
    domain = "federation.prosody.test"
    others = sorted(set(checks()) - {CHECK})
    server = server_of(laboratory, domain, user=None, intervals={"compliance": "2s"}, exclude=others)
    with RunningExporter(tmp_path, settings_of(laboratory, server)) as exporter:

        def verdicts() -> dict[str, str]:
            page = exporter.get(f"/api/v1/servers/{domain}")
            return {check["id"]: check["verdict"] for check in page.json["checks"]} if page.status == 200 else {}

        exporter.until(lambda: verdicts().get(CHECK) == "unknown", "probe as a stranger")
        identity = settings_with_identity(laboratory)
        key = tmp_path / "another.key"
        key.write_bytes((laboratory.certificates.directory / f"{domain}.key").read_bytes())
        exporter.configure(settings_of(laboratory, server, s2s=identity | {"key_file": str(key)}))
        refused = exporter.get("/-/reload", "POST")
        assert refused.status == 500
        assert "s2s.key_file: is not the key of the certificate in cert_file" in refused.text
        exporter.configure(settings_of(laboratory, server, s2s=identity))
        assert exporter.get("/-/reload", "POST").status == 200
        exporter.until(lambda: verdicts().get(CHECK) == "supported", "probe as our domain")
