"""Whatever a server does before a login, it costs little, ends in an error that says so, and gets nothing."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tests.integration.fake_site import DOMAIN, PATIENCE, FakeSite
from tests.integration.heartbeat import Heartbeat
from tests.integration.hostility import (
    Listening,
    answers,
    floods,
    injects,
    invents_an_encoding,
    nests_deeply,
    opens_with,
)
from tests.servers.certificates import Flaw
from tests.servers.fake import (
    Behaviour,
    Listener,
    closes_at_once,
    declares_entities,
    drips,
    listening,
    never_ends_a_stanza,
    says_http,
    silent,
)
from tests.servers.fake.behaviours import HEADER
from tests.servers.fake.xmpp import SASL, TLS
from xmpp_exporter.wire.errors import (
    MAX_DETAIL,
    CertificateRejected,
    ProtocolViolation,
    TimedOut,
    TlsFailed,
    WireError,
)
from xmpp_exporter.wire.network import Target, Timeouts
from xmpp_exporter.wire.stream import Stream

LIMIT = 20
LONGEST_GAP = 0.5
"""Seconds that other probes may be held up; on a busy machine this is mostly other programs' doing."""

IMPATIENCE = Timeouts(connect=0.3, reply=0.3)
STREAM_ERROR = "<stream:error><{} xmlns='urn:ietf:params:xml:ns:xmpp-streams'>{}</{}></stream:error></stream:stream>"

HOSTILITIES: dict[str, tuple[Behaviour, type[WireError], str]] = {
    "silent": (silent, TimedOut, "0.3 s"),
    "closes at once": (closes_at_once, WireError, "ended|closed|broke|lost|reset"),
    "a web server": (says_http, ProtocolViolation, "the server sent 'HTTP/1.1 400"),
    "an endless stanza": (never_ends_a_stanza(DOMAIN), ProtocolViolation, "a stanza of more than 1048576 bytes"),
    "an endless comment": (floods(DOMAIN, "x", "<!--"), ProtocolViolation, "a stanza of more than 1048576 bytes"),
    "entities": (declares_entities(DOMAIN), ProtocolViolation, "a DTD"),
    "deep nesting": (nests_deeply(DOMAIN), ProtocolViolation, "nested more than 100 deep"),
    "a flood of stanzas": (floods(DOMAIN), ProtocolViolation, "more than 10000 stanzas"),
    "a flood within a stanza": (floods(DOMAIN, "<a/>", "<stream:features>"), ProtocolViolation, "20000 XML elements"),
    "a flood of attributes": (
        opens_with(DOMAIN, "<stream:features><a " + " ".join(f"b{n}='{n}'" for n in range(80_000))),
        ProtocolViolation,
        "more than 1048576",
    ),
    "a flood of lines": (floods(DOMAIN, "\n"), ProtocolViolation, "1048576 bytes"),
    "a strange encoding": (invents_an_encoding(DOMAIN), ProtocolViolation, "not XML: .*invalid token"),
    "long names": (opens_with(DOMAIN, f"<{'x' * 100_000}/>"), ProtocolViolation, "sent <x+…$"),
    "another document": (answers("<html><body/></html>"), ProtocolViolation, "answered with <html/>"),
    "a stream error": (
        opens_with(DOMAIN, STREAM_ERROR.format("host-unknown", "", "host-unknown")),
        ProtocolViolation,
        "stream error host-unknown",
    ),
    "something else than features": (opens_with(DOMAIN, "<message/>"), ProtocolViolation, "sent <message/>"),
}


Approach = Callable[[FakeSite, Listener, bool], Awaitable[None]]


async def log_in(site: FakeSite, listener: Listener, direct_tls: bool) -> None:
    async with site.session(listener, direct_tls=direct_tls, timeouts=IMPATIENCE):
        pass


async def look(site: FakeSite, listener: Listener, direct_tls: bool) -> None:
    target = Target(DOMAIN, DOMAIN, listener.address, listener.port, direct_tls, allow_private=True)
    async with Stream(site.network, target, IMPATIENCE).open():
        pass


@pytest.mark.parametrize("approach", [log_in, look])
@pytest.mark.parametrize("after_tls", [False, True], ids=["before TLS", "after TLS"])
@pytest.mark.parametrize("hostility", HOSTILITIES)
async def test_a_hostile_server_ends_in_an_error_and_holds_up_nobody(
    site: FakeSite, hostility: str, after_tls: bool, approach: Approach
) -> None:
    behaviour, error, words = HOSTILITIES[hostility]
    tls = site.tls() if after_tls else None
    async with listening(behaviour, tls=tls) as listener, Heartbeat() as heartbeat:
        async with asyncio.timeout(LIMIT):
            with pytest.raises(error, match=words) as raised:
                await approach(site, listener, after_tls)
    assert len(str(raised.value)) <= len(raised.value.detail) <= MAX_DETAIL
    assert heartbeat.longest_work < LONGEST_GAP


@pytest.mark.parametrize("approach", [log_in, look])
async def test_a_slow_drip_goes_on_until_somebody_ends_it(site: FakeSite, approach: Approach) -> None:
    async with listening(drips(DOMAIN, interval=0.02)) as listener:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(4 * IMPATIENCE.reply):
                await approach(site, listener, False)
        assert listener.accepted == 1


@pytest.mark.parametrize("direct_tls", [False, True], ids=["STARTTLS", "direct TLS"])
@pytest.mark.parametrize("flaw", [Flaw.EXPIRED, Flaw.WRONG_NAME, Flaw.SELF_SIGNED])
async def test_nothing_is_sent_on_a_bad_certificate(site: FakeSite, flaw: Flaw, direct_tls: bool) -> None:
    tls = site.tls(flaw=flaw)
    server = Listening(DOMAIN, tls, direct_tls=direct_tls)
    async with listening(server, tls=tls if direct_tls else None) as listener:
        with pytest.raises(CertificateRejected, match=f"the certificate (for|is not for) {DOMAIN}"):
            async with site.session(listener, direct_tls=direct_tls):
                pass
    assert server.attempts == []
    assert b"<auth" not in server.heard and b"<iq" not in server.heard


async def test_the_password_is_not_sent_where_starttls_is_not_offered(site: FakeSite) -> None:
    mechanisms = (
        f"<mechanisms xmlns='{SASL}'><mechanism>PLAIN</mechanism><mechanism>SCRAM-SHA-1</mechanism></mechanisms>"
    )
    heard = bytearray()

    async def plain(connection: object) -> None:
        heard.extend(await connection.reader.read(65536))  # type: ignore[attr-defined]
        await connection.send(  # type: ignore[attr-defined]
            f"{HEADER.format(domain=DOMAIN)}<stream:features>{mechanisms}</stream:features><success xmlns='{SASL}'/>"
        )
        while data := await connection.reader.read(65536):  # type: ignore[attr-defined]
            heard.extend(data)

    async with listening(plain) as listener:
        for approach in (log_in, look):
            with pytest.raises(TlsFailed, match="does not offer STARTTLS"):
                await approach(site, listener, False)
    assert b"<auth" not in heard


@pytest.mark.parametrize("approach", [log_in, look])
@pytest.mark.parametrize(
    "injected",
    [
        "<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism>"
        "</mechanisms></stream:features>",
        f"<success xmlns='{SASL}'/>",
        f"<proceed xmlns='{TLS}'/>",
    ],
)
async def test_more_in_plain_text_after_the_agreement_to_tls_ends_the_stream(
    site: FakeSite, injected: str, approach: Approach
) -> None:
    async with listening(injects(site.server(), injected)) as listener:
        with pytest.raises(ProtocolViolation, match="plain text"):
            await approach(site, listener, False)


@pytest.mark.parametrize("size", [1, 100_000])
async def test_half_an_element_in_plain_text_is_not_read_on_after_tls(site: FakeSite, size: int) -> None:
    """Whether or not the handshake survives it, nothing that came before TLS counts as if it came through it."""
    injected = "<stream:features xmlns:stream='http://etherx.jabber.org/streams'><evil>" + "x" * size
    async with listening(injects(site.server(), injected)) as listener:
        session = site.session(listener)
        try:
            async with session:
                assert session.login_features is not None and session.login_features.find(".//evil") is None
        except WireError:
            assert session.mechanism == ""
    async with listening(injects(site.server(), injected)) as listener:
        target = Target(DOMAIN, DOMAIN, listener.address, listener.port, False, allow_private=True)
        stream = Stream(site.network, target, PATIENCE)
        try:
            async with stream.open():
                assert stream.features.find(f"{{{SASL}}}mechanisms") is not None
        except WireError:
            assert len(stream.features) == 0


async def test_a_redirect_is_not_followed(site: FakeSite) -> None:
    elsewhere = site.server()
    async with listening(elsewhere) as other:
        error = STREAM_ERROR.format("see-other-host", f"{other.address}:{other.port}", "see-other-host")
        async with listening(opens_with(DOMAIN, error)) as listener:
            with pytest.raises(ProtocolViolation, match="see-other-host"):
                await log_in(site, listener, False)
        assert other.accepted == 0
