"""The checks of streams and TLS against fakes that behave as no real server in the laboratory would."""

import ssl
import warnings
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.integration.https_site import tls_of
from tests.integration.one_check import DOMAIN, outcome_of, server_at, verdict_of
from tests.servers.certificates import CertificateAuthority
from tests.servers.dns import FakeDns
from tests.servers.fake import Behaviour, Connection, FakeXmpp, Session, closes_at_once, listening, says_http, silent
from xmpp_exporter.checks import Server
from xmpp_exporter.model import Outcome
from xmpp_exporter.wire.dns import Lookups
from xmpp_exporter.wire.endpoints import endpoints_of
from xmpp_exporter.wire.network import Party

STARTTLS = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
PROCEED = "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
FAILURE = "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"


@pytest.fixture
def authority(tmp_path: Path) -> CertificateAuthority:
    return CertificateAuthority(tmp_path)


@asynccontextmanager
async def serving(
    authority: CertificateAuthority,
    behaviour: Behaviour,
    services: Sequence[str],
    tls: ssl.SSLContext | None = None,
    more: str = "",
    allow_private: bool = True,
) -> AsyncIterator[Server]:
    """DOMAIN with `behaviour` behind the SRV records of these services, in TLS with `tls`, and `more` in its zone."""
    async with listening(behaviour, tls=tls) as listener:
        records = "".join(f"_{service}._tcp SRV 5 0 {listener.port} @\n" for service in services)
        with FakeDns({DOMAIN: f"@ A {listener.address}\n{records}{more}"}) as dns:
            async with server_at(authority, dns, allow_private=allow_private) as server:
                lookups = Lookups(server.network.resolver)
                server.endpoints += await endpoints_of(lookups, DOMAIN, Party.CLIENT)
                await lookups.close()
                yield server


def header(attributes: str) -> str:
    return (
        "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'"
        f" {attributes}>"
    )


def opens_with(attributes: str, content: str) -> Behaviour:
    """A stream header with these attributes, and what comes after it."""

    async def behave(connection: Connection) -> None:
        await connection.reader.read(65536)
        await connection.send(header(attributes) + content)
        await silent(connection)

    return behave


FEATURES = "<stream:features/>"
GOOD = f"from='{DOMAIN}' id='1' version='1.0' xml:lang='en'"


class TestStreams:
    async def judged(self, authority: CertificateAuthority, behaviour: Behaviour, party: str) -> Outcome:
        services = ("xmpps-client", "xmpps-server")
        async with serving(authority, behaviour, services, tls=tls_of(authority, DOMAIN)) as server:
            return await outcome_of(server, {"client": "c2s_stream", "server": "s2s_stream"}[party])

    @pytest.mark.parametrize(
        ("attributes", "verdict", "told"),
        [
            (GOOD, "supported", "a stream header and features"),
            (f"from='{DOMAIN.upper()}' id='1' version='1.0'", "supported", "the header lacks xml:lang"),
            ("from='other.test' id='1' version='1.0'", "broken mismatch", f"is from 'other.test', not {DOMAIN}"),
            ("id='1' version='1.0'", "broken mismatch", "does not say from which domain it is"),
            (f"from='{DOMAIN}' version='1.0'", "broken mismatch", "has no id"),
            (f"from='{DOMAIN}' id='1'", "broken mismatch", "has the version '', not 1.0"),
            (f"from='{DOMAIN}' id='1' version='0.9'", "broken mismatch", "has the version '0.9', not 1.0"),
        ],
    )
    async def test_the_stream_header_says_who_it_is_and_which_version(
        self, authority: CertificateAuthority, attributes: str, verdict: str, told: str
    ) -> None:
        outcome = await self.judged(authority, opens_with(attributes, FEATURES), "client")
        assert verdict_of(outcome) == verdict
        assert told in outcome.detail

    @pytest.mark.parametrize("party", ["client", "server"])
    @pytest.mark.parametrize(
        ("behaviour", "verdict"),
        [
            (silent, "unknown timeout"),
            (says_http, "broken mismatch"),
            (closes_at_once, "broken unreachable"),
            (opens_with(GOOD, "<iq/>"), "broken mismatch"),
        ],
    )
    async def test_what_is_no_stream_is_broken_but_silence_is_not_known_to_be(
        self, authority: CertificateAuthority, behaviour: Behaviour, verdict: str, party: str
    ) -> None:
        assert verdict_of(await self.judged(authority, behaviour, party)) == verdict

    @pytest.mark.parametrize(
        ("condition", "for_clients", "for_servers"),
        [
            ("host-unknown", "broken mismatch", "unknown forbidden"),
            ("not-authorized", "broken mismatch", "unknown forbidden"),
            ("internal-server-error", "broken mismatch", "broken mismatch"),
        ],
    )
    async def test_a_stream_error_may_be_meant_for_servers_that_do_not_say_who_they_are(
        self, authority: CertificateAuthority, condition: str, for_clients: str, for_servers: str
    ) -> None:
        error = f"<stream:error><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"
        for party, verdict in (("client", for_clients), ("server", for_servers)):
            outcome = await self.judged(authority, opens_with(GOOD, error), party)
            assert verdict_of(outcome) == verdict
            assert condition in outcome.detail


def before_tls(features: str, answer: str) -> Behaviour:
    """These features before TLS, and this answer to STARTTLS; then nothing more."""

    async def behave(connection: Connection) -> None:
        session = Session(connection, DOMAIN)
        await session.open(features)
        await session.receive()
        await session.send(answer)

    return behave


class TestStarttls:
    @pytest.mark.parametrize(
        ("behaviour", "verdict", "told"),
        [
            (before_tls("", ""), "unsupported not_offered", "does not offer STARTTLS"),
            (before_tls(STARTTLS, FAILURE), "broken tls", "answered STARTTLS with <failure/>"),
            (before_tls(STARTTLS, PROCEED), "broken tls", "broke off the TLS handshake"),
            (before_tls(STARTTLS, PROCEED + "<iq/>"), "broken mismatch", "sent more in plain text"),
            (silent, "unknown depends_on", "sent nothing"),
        ],
    )
    @pytest.mark.parametrize("party", ["client", "server"])
    async def test_it_is_offered_agreed_to_and_done(
        self, authority: CertificateAuthority, behaviour: Behaviour, verdict: str, told: str, party: str
    ) -> None:
        async with serving(authority, behaviour, (f"xmpp-{party}",)) as server:
            outcome = await outcome_of(server, {"client": "starttls_c2s", "server": "starttls_s2s"}[party])
        assert verdict_of(outcome) == verdict
        assert told in outcome.detail

    async def test_a_bad_certificate_is_nothing_against_it(self, authority: CertificateAuthority) -> None:
        context = tls_of(authority, "other.test")
        async with serving(authority, FakeXmpp(DOMAIN, context), ("xmpp-client",)) as server:
            assert verdict_of(await outcome_of(server, "starttls_c2s")) == "supported"

    async def test_where_all_is_direct_tls_it_does_not_apply(self, authority: CertificateAuthority) -> None:
        context = tls_of(authority, DOMAIN)
        async with serving(authority, FakeXmpp(DOMAIN, direct_tls=True), ("xmpps-client",), tls=context) as server:
            for check in ("starttls_c2s", "tls_required"):
                assert verdict_of(await outcome_of(server, check)) == "unknown not_applicable"

    @pytest.mark.parametrize(
        ("features", "verdict", "told"),
        [
            ("", "supported", "no login before TLS"),
            (
                "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>SCRAM-SHA-1</mechanism></mechanisms>",
                "unsupported not_offered",
                "without TLS: offers SCRAM-SHA-1",
            ),
            (
                "<authentication xmlns='urn:xmpp:sasl:2'><mechanism>PLAIN</mechanism></authentication>",
                "unsupported not_offered",
                "their passwords be read on the way: offers PLAIN",
            ),
            ("<auth xmlns='http://jabber.org/features/iq-auth'/>", "unsupported not_offered", "XEP-0078"),
        ],
    )
    async def test_no_way_to_log_in_is_offered_before_tls(
        self, authority: CertificateAuthority, features: str, verdict: str, told: str
    ) -> None:
        async with serving(authority, before_tls(STARTTLS + features, PROCEED), ("xmpp-client",)) as server:
            outcome = await outcome_of(server, "tls_required")
        assert verdict_of(outcome) == verdict
        assert told in outcome.detail


def limited(
    authority: CertificateAuthority, least: ssl.TLSVersion, most: ssl.TLSVersion, ciphers: str = "ALL:@SECLEVEL=0"
) -> ssl.SSLContext:
    """A server's context for these versions alone."""
    context = tls_of(authority, DOMAIN)
    context.set_ciphers(ciphers)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of old versions, which is what this is about
        context.minimum_version, context.maximum_version = least, most
    return context


def answers_hello(answer: bytes) -> Behaviour:
    """Whatever is offered in the first record of TLS, this is the answer."""

    async def behave(connection: Connection) -> None:
        await connection.reader.read(65536)
        connection.writer.write(answer)
        await silent(connection)

    return behave


SSL3_HELLO = bytes.fromhex("160300002a 02000026 0300" + "00" * 32 + "00 000a 00")


class TestVersions:
    V = ssl.TLSVersion

    @pytest.mark.parametrize(
        ("least", "most", "versions", "ciphers", "told"),
        [
            (V.TLSv1_3, V.TLSv1_3, "supported", "supported", "speaks TLS 1.3, nothing older"),
            (V.TLSv1_2, V.TLSv1_2, "supported", "supported", "speaks TLS 1.2, nothing older"),
            (V.TLSv1_1, V.TLSv1_3, "unsupported outdated", "supported", "TLS 1.1 beside TLS 1.2 and TLS 1.3"),
            (V.TLSv1, V.TLSv1_1, "unsupported outdated", "", "still speaks TLS 1.0, TLS 1.1, and nothing newer"),
        ],
    )
    async def test_each_version_is_found_out(
        self,
        authority: CertificateAuthority,
        least: ssl.TLSVersion,
        most: ssl.TLSVersion,
        versions: str,
        ciphers: str,
        told: str,
    ) -> None:
        context = limited(authority, least, most, "ECDHE+AESGCM:ECDHE+AES:@SECLEVEL=0")
        services = ("xmpps-client", "xmpps-server")
        async with serving(authority, FakeXmpp(DOMAIN, direct_tls=True), services, tls=context) as server:
            outcome = await outcome_of(server, "tls_versions_c2s")
            assert verdict_of(outcome) == verdict_of(await outcome_of(server, "tls_versions_s2s")) == versions
            assert told in outcome.detail
            if ciphers:
                assert verdict_of(await outcome_of(server, "tls_ciphers")) == ciphers

    @pytest.mark.parametrize(
        ("ciphers", "told"),
        [
            ("ECDHE+AES+SHA1:@SECLEVEL=0", "chooses TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA in TLS 1.2"),
            ("ECDHE+AESGCM:eNULL:@SECLEVEL=0", "accepts the weak cipher suite TLS_ECDHE_ECDSA_WITH_NULL_SHA"),
        ],
    )
    async def test_a_poor_choice_and_a_weak_one_are_found_out(
        self, authority: CertificateAuthority, ciphers: str, told: str
    ) -> None:
        context = limited(authority, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3, ciphers)
        async with serving(authority, FakeXmpp(DOMAIN, direct_tls=True), ("xmpps-client",), tls=context) as server:
            outcome = await outcome_of(server, "tls_ciphers")
        assert verdict_of(outcome) == "unsupported outdated"
        assert told in outcome.detail

    @pytest.mark.parametrize(
        ("answer", "verdict", "told"),
        [
            (SSL3_HELLO, "unsupported outdated", "still speaks SSL 3.0, and nothing newer"),
            (b"HTTP/1.1 400 Bad Request\r\n\r\n", "unknown prober_limit", "is not TLS"),
            (b"\x16\x03\x03\x00\x04\x0e\x00\x00\x00", "unknown prober_limit", "is no ServerHello"),
            (SSL3_HELLO[:43] + b"\xff" + SSL3_HELLO[44:], "unknown prober_limit", "is cut short"),
            (b"\x15\x03\x03\x00\x02\x02\x46", "unknown depends_on", ""),
            (b"", "unknown timeout", "no answer to a TLS handshake"),
        ],
    )
    async def test_what_a_server_without_any_modern_tls_answers(
        self, authority: CertificateAuthority, answer: bytes, verdict: str, told: str
    ) -> None:
        async with serving(authority, answers_hello(answer), ("xmpps-client",)) as server:
            outcome = await outcome_of(server, "tls_versions_c2s")
        assert verdict_of(outcome) == verdict
        assert told in outcome.detail


class TestEndpoints:
    async def test_a_domain_that_serves_no_other_servers_is_judged_by_its_clients_alone(
        self, authority: CertificateAuthority
    ) -> None:
        context, more = tls_of(authority, DOMAIN), "_xmpp-server._tcp SRV 0 0 0 .\n"
        behaviour = FakeXmpp(DOMAIN, direct_tls=True)
        async with serving(authority, behaviour, ("xmpps-client",), tls=context, more=more) as server:
            for check in ("endpoints_up", "cert_expiry", "cert_key", "tls_ciphers"):
                assert verdict_of(await outcome_of(server, check)) == "supported"
            for check in ("s2s_stream", "starttls_s2s", "tls_versions_s2s", "cert_chain_s2s", "cert_name_s2s"):
                assert verdict_of(await outcome_of(server, check)) == "unknown not_applicable"

    @pytest.mark.parametrize(
        ("behaviour", "verdict"),
        [
            (FakeXmpp(DOMAIN, direct_tls=True), "supported"),
            (says_http, "supported"),
            (closes_at_once, "broken unreachable"),
            (silent, "unknown timeout"),
        ],
    )
    async def test_who_answers_at_all_is_up(
        self, authority: CertificateAuthority, behaviour: Behaviour, verdict: str
    ) -> None:
        context, services = tls_of(authority, DOMAIN), ("xmpps-client", "xmpps-server")
        async with serving(authority, behaviour, services, tls=context) as server:
            assert verdict_of(await outcome_of(server, "endpoints_up")) == verdict

    async def test_a_record_whose_host_has_no_address_is_broken(self, authority: CertificateAuthority) -> None:
        context, more = tls_of(authority, DOMAIN), "_xmpps-server._tcp SRV 9 0 5270 nowhere\n"
        behaviour, services = FakeXmpp(DOMAIN, direct_tls=True), ("xmpps-client", "xmpps-server")
        async with serving(authority, behaviour, services, tls=context, more=more) as server:
            outcome = await outcome_of(server, "endpoints_up")
        assert verdict_of(outcome) == "broken dns"
        assert f"nowhere.{DOMAIN} has no address" in outcome.detail

    async def test_private_addresses_are_our_own_limit(self, authority: CertificateAuthority) -> None:
        services = ("xmpps-client", "xmpps-server")
        async with serving(authority, closes_at_once, services, allow_private=False) as server:
            assert verdict_of(await outcome_of(server, "endpoints_up")) == "unknown prober_limit"
            assert verdict_of(await outcome_of(server, "xep0368_s2s")) == "unknown prober_limit"
            for check in ("c2s_stream", "s2s_stream", "tls_versions_c2s", "tls_ciphers", "cert_key", "cert_chain_c2s"):
                assert verdict_of(await outcome_of(server, check)) == "unknown depends_on"
