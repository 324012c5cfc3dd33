"""xep0368 and xep0077 against fakes that answer as no real server in the laboratory would."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.integration.https_site import tls_of
from tests.integration.one_check import DOMAIN, outcome_of, server_at, verdict_of
from tests.servers.certificates import CertificateAuthority, Flaw
from tests.servers.dns import FakeDns
from tests.servers.fake import Behaviour, Connection, FakeXmpp, Session, closes_at_once, listening, says_http, silent
from xmpp_exporter.checks import Server
from xmpp_exporter.model import Outcome
from xmpp_exporter.wire.dns import Lookups
from xmpp_exporter.wire.endpoints import Endpoint, endpoints_of
from xmpp_exporter.wire.network import Party, Target

FEATURE = "<register xmlns='http://jabber.org/features/iq-register'/>"
STARTTLS = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>"
INVITES = "<register xmlns='urn:xmpp:ibr-token:0'/>"


@pytest.fixture
def authority(tmp_path: Path) -> CertificateAuthority:
    return CertificateAuthority(tmp_path)


class TestDirectTls:
    async def judged(
        self,
        authority: CertificateAuthority,
        behaviour: Behaviour,
        flaw: Flaw = Flaw.NONE,
        more: str = "",
        allow_private: bool = True,
    ) -> Outcome:
        """The outcome with `behaviour` in TLS behind the first record, and `more` in the zone."""
        async with listening(behaviour, tls=tls_of(authority, DOMAIN, flaw)) as listener:
            zone = f"_xmpps-client._tcp SRV 5 0 {listener.port} @\n@ A {listener.address}\n"
            with FakeDns({DOMAIN: zone + more}) as dns:
                async with server_at(authority, dns, allow_private=allow_private) as server:
                    server.endpoints += await self.endpoints(server)
                    return await outcome_of(server, "xep0368")

    async def endpoints(self, server: Server) -> list[Endpoint]:
        lookups = Lookups(server.network.resolver)
        try:
            return await endpoints_of(lookups, DOMAIN, Party.CLIENT)
        finally:
            await lookups.close()

    async def test_a_stream_with_features_is_enough(self, authority: CertificateAuthority) -> None:
        assert verdict_of(await self.judged(authority, FakeXmpp(DOMAIN, direct_tls=True))) == "supported"

    @pytest.mark.parametrize(
        ("behaviour", "verdict"),
        [
            (silent, "unknown timeout"),
            (closes_at_once, "broken unreachable"),
            (says_http, "broken mismatch"),
        ],
    )
    async def test_what_is_no_stream_is_broken_but_silence_is_not_known_to_be(
        self, authority: CertificateAuthority, behaviour: Behaviour, verdict: str
    ) -> None:
        assert verdict_of(await self.judged(authority, behaviour)) == verdict

    @pytest.mark.parametrize("flaw", [Flaw.EXPIRED, Flaw.WRONG_NAME, Flaw.SELF_SIGNED])
    async def test_a_bad_certificate_is_broken(self, authority: CertificateAuthority, flaw: Flaw) -> None:
        outcome = await self.judged(authority, FakeXmpp(DOMAIN, direct_tls=True), flaw)
        assert verdict_of(outcome) == "broken certificate"

    async def test_starttls_inside_of_tls_is_broken(self, authority: CertificateAuthority) -> None:
        """As it is offered where a proxy does TLS and the server does not know of it."""

        async def behave(connection: Connection) -> None:
            await Session(connection, DOMAIN).open(STARTTLS)
            await silent(connection)

        outcome = await self.judged(authority, behave)
        assert verdict_of(outcome) == "broken mismatch"
        assert "offers STARTTLS inside of TLS" in outcome.detail

    async def test_a_server_that_chooses_no_alpn_protocol_is_none_the_worse(
        self, authority: CertificateAuthority
    ) -> None:
        outcome = await self.judged(authority, FakeXmpp(DOMAIN, direct_tls=True))
        assert "ALPN" not in outcome.detail

    async def test_a_private_address_is_not_connected_to(self, authority: CertificateAuthority) -> None:
        connected: list[Connection] = []

        async def note(connection: Connection) -> None:
            connected.append(connection)

        outcome = await self.judged(authority, note, allow_private=False)
        assert verdict_of(outcome) == "unknown prober_limit"
        assert connected == []

    async def test_a_dead_record_outweighs_one_that_is_not_known_to_work(self, authority: CertificateAuthority) -> None:
        outcome = await self.judged(authority, silent, more="_xmpps-client._tcp SRV 9 0 9 @\n")
        assert verdict_of(outcome) == "broken unreachable"
        assert ": unknown, " in outcome.detail

    async def test_a_name_server_that_fails_for_one_host_does_not_hide_it(
        self, authority: CertificateAuthority
    ) -> None:
        outcome = await self.judged(
            authority,
            FakeXmpp(DOMAIN, direct_tls=True),
            more="_xmpps-client._tcp SRV 9 0 5223 elsewhere.test.\n",
        )
        assert verdict_of(outcome) == "broken dns"
        assert "elsewhere.test" in outcome.detail

    async def test_more_records_than_are_tried_are_our_own_limit(self, authority: CertificateAuthority) -> None:
        async with listening(FakeXmpp(DOMAIN, direct_tls=True), tls=tls_of(authority, DOMAIN)) as listener:
            records = [f"_xmpps-client._tcp SRV {n} 0 {listener.port} @\n" for n in range(20)]
            with FakeDns({DOMAIN: f"@ A {listener.address}\n{''.join(records)}"}) as dns:
                async with server_at(authority, dns) as server:
                    server.endpoints += await self.endpoints(server)
                    outcome = await outcome_of(server, "xep0368")
        assert verdict_of(outcome) == "unknown prober_limit"


@asynccontextmanager
async def registering(
    authority: CertificateAuthority, features: str, answer: Callable[[str], str]
) -> AsyncIterator[Server]:
    """A server that offers `features` before login, and gives `answer(id)` to the first request."""

    async def behave(connection: Connection) -> None:
        session = Session(connection, DOMAIN)
        await session.open(features)
        request = await session.receive()
        assert request.get("type") == "get", "nothing is ever registered"
        await session.send(answer(request.get("id", "")))
        await silent(connection)

    async with listening(behave, tls=tls_of(authority, DOMAIN)) as listener:
        with FakeDns({}) as dns:
            front = Target(DOMAIN, DOMAIN, listener.address, listener.port, direct_tls=True, allow_private=True)
            async with server_at(authority, dns, front=front) as server:
                yield server


def result(payload: str) -> Callable[[str], str]:
    return lambda request: f"<iq type='result' id='{request}'>{payload}</iq>"


def form(content: str) -> Callable[[str], str]:
    return result(f"<query xmlns='jabber:iq:register'>{content}</query>")


def error(condition: str) -> Callable[[str], str]:
    stanza = f"<error type='cancel'><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
    return lambda request: f"<iq type='error' id='{request}'>{stanza}</iq>"


OOB = "<x xmlns='jabber:x:oob'><url>https://alone.test/join</url></x>"
DATA = (
    "<x xmlns='jabber:x:data' type='form'><field var='username'/><field var='password'/>"
    "<field var='ocr'/><field var='email'/></x>"
)
MODES = {
    "a form": (FEATURE, form("<username/><password/>"), "supported", "open: "),
    "a data form": (FEATURE, form(DATA), "supported", "email, ocr"),
    "a form beside a web page": (FEATURE, form(f"<username/><password/>{OOB}"), "supported", "open: "),
    "a form for the invited": (FEATURE + INVITES, form("<username/><password/>"), "supported", "an invitation only"),
    "a web page": (FEATURE, form(OOB), "unsupported not_offered", "out of band: "),
    "a change of password": (FEATURE, form("<password/>"), "unsupported not_offered", "closed: "),
    "instructions": (FEATURE, form("<instructions>Ask me</instructions>"), "unsupported not_offered", "closed: "),
    "not-allowed": (FEATURE, error("not-allowed"), "unsupported not_offered", "refused: not-allowed"),
    "forbidden": (FEATURE, error("forbidden"), "unsupported not_offered", "refused: forbidden"),
    "service-unavailable": (FEATURE, error("service-unavailable"), "unsupported not_offered", "refused: service"),
    "another error": (FEATURE, error("internal-server-error"), "broken stanza_error", "internal-server-error"),
    "no form": (FEATURE, result(""), "broken mismatch", "without one"),
    "the end of the stream": (FEATURE, lambda request: "</stream:stream>", "unknown disconnected", "ended"),
    "silence": (FEATURE, lambda request: "", "unknown timeout", "sent nothing"),
    "no feature": ("", form("<username/><password/>"), "unsupported not_offered", "closed: "),
}


@pytest.mark.parametrize(("features", "answer", "verdict", "detail"), MODES.values(), ids=MODES)
async def test_registration_is_open_with_a_form_alone(
    authority: CertificateAuthority, features: str, answer: Callable[[str], str], verdict: str, detail: str
) -> None:
    async with registering(authority, features, answer) as server:
        outcome = await outcome_of(server, "xep0077")
    assert (verdict_of(outcome), detail in outcome.detail) == (verdict, True), outcome.detail


CAPTCHA = (
    "<x xmlns='jabber:x:data' type='form'><field var='FORM_TYPE' type='hidden'><value>urn:xmpp:captcha</value></field>"
    "<field var='username'/><field var='password'/><field var='ocr'/></x>"
)
OBSTACLES = {
    "a captcha": (FEATURE, form(CAPTCHA), "supported", "captcha"),
    "an e-mail address": (FEATURE, form("<username/><password/><email/>"), "supported", "e-mail"),
    "an invitation": (FEATURE + INVITES, form("<username/><password/>"), "supported", "invitation"),
    "nothing": (FEATURE, form("<username/><password/>"), "unsupported not_offered", "a program can"),
    "a web page": (FEATURE, form(OOB), "unknown not_applicable", "out of band"),
    "no feature": ("", form(""), "unknown not_applicable", "closed"),
    "an error": (FEATURE, error("internal-server-error"), "unknown depends_on", "internal-server-error"),
    "silence": (FEATURE, lambda request: "", "unknown timeout", "sent nothing"),
}


@pytest.mark.parametrize(("features", "answer", "verdict", "detail"), OBSTACLES.values(), ids=OBSTACLES)
async def test_open_registration_has_an_obstacle_for_programs(
    authority: CertificateAuthority, features: str, answer: Callable[[str], str], verdict: str, detail: str
) -> None:
    async with registering(authority, features, answer) as server:
        outcomes = await asyncio.gather(*(outcome_of(server, check) for check in ("xep0077", "xep0077_captcha")))
    assert (verdict_of(outcomes[1]), detail in outcomes[1].detail) == (verdict, True), outcomes[1].detail
