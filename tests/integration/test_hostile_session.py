"""A logged-in stream: what a server may do to it, what it learns from us, and how it ends."""

import asyncio
import logging
import re
import time
from xml.etree.ElementTree import Element

import pytest

from tests.integration.fake_site import DOMAIN, PATIENCE, FakeSite
from tests.integration.heartbeat import Heartbeat
from tests.integration.hostility import Listening, answers_late, die, ignore, sends_after_login
from tests.servers.fake import FakeXmpp, listening
from tests.servers.fake import Session as ServerSession
from tests.servers.fake.xmpp import BIND
from xmpp_exporter.wire.errors import Disconnected, ProtocolViolation, StanzaError, TimedOut, WireError
from xmpp_exporter.wire.network import Timeouts
from xmpp_exporter.wire.session import Session

LIMIT = 20
LONGEST_GAP = 0.5
SESSION = "urn:ietf:params:xml:ns:xmpp-session"
QUESTION = "<query xmlns='urn:example:question'/>"
HOOK = "{urn:example:question}query"


async def error_of(session: Session, to: str = DOMAIN) -> WireError:
    with pytest.raises(WireError) as raised:
        await session.iq("get", QUESTION, to)
    return raised.value


# how it ends


async def test_when_the_stream_dies_everybody_who_waits_learns_so_at_once(site: FakeSite) -> None:
    server = site.server(on_iq=ignore, hooks={HOOK: die})
    async with listening(server) as listener, site.session(listener, timeouts=Timeouts(reply=LIMIT)) as session:
        with session.listen(lambda _element: False) as listener_:
            waiting = [asyncio.create_task(session.iq("get", "<other xmlns='urn:example:other'/>")) for _ in range(20)]
            collecting = asyncio.create_task(listener_.next("a stanza"))
            begin = time.monotonic()
            first = await error_of(session)
            results = [*await asyncio.gather(*waiting, return_exceptions=True)]
            results += await asyncio.gather(collecting, return_exceptions=True)
            # and whoever comes later, too, however often
            with pytest.raises(Disconnected):
                await listener_.next("another stanza")
        later = await error_of(session)
        with pytest.raises(Disconnected):
            session.send("<presence/>")
        assert time.monotonic() - begin < LIMIT / 4
        assert not session.alive
    errors = [first, *results, later]
    assert {type(error) for error in errors} == {Disconnected}
    assert {str(error) for error in errors} == {str(first)}
    assert len({id(error) for error in errors}) == len(errors), "each has an error of its own"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<a/>" * 10_001, "more than 10000 stanzas"),
        ("<message>" + "<b>" * 100, "nested more than 100 deep"),
        ("<message><body>" + "x" * (1 << 20), "a stanza of more than 1048576 bytes"),
        ("</message>", "not XML: mismatched tag"),
        (
            "<stream:error><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>127.0.0.1:1</see-other-host>"
            "</stream:error>",
            "stream error see-other-host",
        ),
    ],
    ids=["a flood", "deep nesting", "an endless stanza", "no XML", "a redirect"],
)
async def test_a_hostile_server_ends_the_session_at_once_and_holds_up_nobody(
    site: FakeSite, text: str, words: str
) -> None:
    async def attack(session: ServerSession, _iq: Element) -> None:
        await session.send(text)

    async with listening(site.server(hooks={HOOK: attack})) as listener, Heartbeat() as heartbeat:
        async with site.session(listener, timeouts=Timeouts(reply=LIMIT)) as session:
            begin = time.monotonic()
            error = await error_of(session)
            assert time.monotonic() - begin < LIMIT / 4
        assert isinstance(error, ProtocolViolation) and words in error.detail
        assert listener.accepted == 1
    assert heartbeat.longest_work < LONGEST_GAP


async def test_many_stanzas_in_chunks_that_end_anywhere_are_read(site: FakeSite) -> None:
    """Two megabytes of messages, none of them big: no limit is about how they are cut on the way."""
    message = "<message><body>" + "x" * 997 + "</body></message>"

    async def tell(session: ServerSession, iq: Element) -> None:
        text = message * 2000
        for begin in range(0, len(text), 1499):
            await session.send(text[begin : begin + 1499])
        await session.reply(iq)

    async with listening(site.server(hooks={HOOK: tell})) as listener, site.session(listener) as session:
        with session.listen(lambda element: element.tag.endswith("message")) as messages:
            await session.iq("get", QUESTION)
            assert len(messages.collected()) == 2000


@pytest.mark.parametrize("direct_tls", [False, True], ids=["STARTTLS", "direct TLS"])
async def test_the_stream_is_ended_in_order(site: FakeSite, direct_tls: bool) -> None:
    tls = site.tls()
    server = Listening(DOMAIN, tls, direct_tls=direct_tls)
    async with listening(server, tls=tls if direct_tls else None) as listener:
        async with site.session(listener, direct_tls=direct_tls):
            pass
        async with asyncio.timeout(LIMIT):
            while not server.heard.endswith(b"</stream:stream>"):
                await asyncio.sleep(0.01)


# time


async def test_a_server_that_says_something_now_and_then_is_waited_for(site: FakeSite) -> None:
    timeouts = Timeouts(reply=0.5)
    server = site.server(hooks={HOOK: answers_late(0.2, breaths=5)})
    async with listening(server) as listener, site.session(listener, timeouts=timeouts) as session:
        begin = time.monotonic()
        await session.iq("get", QUESTION)
        assert time.monotonic() - begin > timeouts.reply


async def test_a_silent_server_is_not_and_the_others_may_go_on(site: FakeSite) -> None:
    server, timeouts = site.server(hooks={HOOK: ignore}), Timeouts(reply=0.3)
    async with listening(server) as listener, site.session(listener, timeouts=timeouts) as session:
        begin = time.monotonic()
        error = await error_of(session)
        assert 0.3 <= time.monotonic() - begin < PATIENCE.reply
        assert isinstance(error, TimedOut) and "nothing arrived for 0.3 s" in error.detail
        with pytest.raises(StanzaError, match="service-unavailable"):
            await session.iq("get", "<query xmlns='urn:example:other'/>")


# what it learns from us


async def test_nothing_is_answered_but_what_a_client_must(site: FakeSite) -> None:
    tries = (
        "<presence type='subscribe' from='stranger@elsewhere.test'/>"
        "<message from='stranger@elsewhere.test' type='chat'><body>hello?</body>"
        "<request xmlns='urn:xmpp:receipts'/></message>"
        "<presence from='stranger@elsewhere.test/there'/>"
        "<iq type='get' id='1' from='stranger@elsewhere.test'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>"
        "<iq type='set' id='2' from='stranger@elsewhere.test'><query xmlns='jabber:iq:roster'/></iq>"
        "<iq type='get' id='3' from='fake.test'><query xmlns='jabber:iq:version'/></iq>"
        f"<iq type='set' id='4' from='probe@{DOMAIN}'><query xmlns='jabber:iq:roster'/></iq>"
        "<iq type='result' id='5' from='fake.test'/>"
        "<presence type='unsubscribe' from='stranger@elsewhere.test'/>"
    )
    server = site.server(on_start=sends_after_login(tries))
    async with listening(server) as listener, site.session(listener) as session:
        await error_of(session)
        said = {each.get("id"): each for each in server.sessions[0].stanzas}
    assert {each.tag for each in said.values()} == {"{jabber:client}iq"}
    assert [said[key].get("type") for key in "1234"] == ["error", "error", "result", "result"]
    assert "5" not in said and len(said) == 5, "the four answers and our own question"
    assert said["3"].findtext("{jabber:iq:version}query/{jabber:iq:version}name") == site.network.user_agent
    assert said["3"].find("{jabber:iq:version}query/{jabber:iq:version}version") is None


async def test_no_secret_is_logged_at_any_level(site: FakeSite, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for name in list(logging.root.manager.loggerDict):
        caplog.set_level(logging.DEBUG, logger=name)
    server = Listening(DOMAIN, site.tls(), passwords={"probe": "correct horse"})
    async with listening(server) as listener:
        for password in ("correct horse", "wrong horse"):
            with pytest.raises(WireError):
                async with site.session(listener, password=password) as session:
                    await session.iq("get", QUESTION)
    payloads = re.findall(r"<(?:auth|response)[^>]*>([^<]+)<", server.heard.decode())
    assert len(payloads) == 4, "the client's two messages, twice"
    for secret in ("correct horse", "wrong horse", *payloads):
        assert secret not in caplog.text


# round trips


class BindsBoth(FakeXmpp):
    """A server of old: answers the bind only after the client has asked for a session, too."""

    async def _bind(self, session: ServerSession) -> None:
        bind, start = await session.receive(), await session.receive()
        assert start.find(f"{{{SESSION}}}session") is not None
        session.jid = f"{session.user}@{self.domain}/old"
        await session.reply(bind, f"<bind xmlns='{BIND}'><jid>{session.jid}</jid></bind>")
        await session.reply(start)


async def test_a_session_is_asked_for_without_a_round_trip_where_a_server_needs_it(site: FakeSite) -> None:
    server = BindsBoth(DOMAIN, site.tls(), features=f"<session xmlns='{SESSION}'/>")
    async with listening(server) as listener, site.session(listener) as session:
        assert session.jid == f"probe@{DOMAIN}/old"


async def test_a_session_is_not_asked_for_where_it_is_optional(site: FakeSite) -> None:
    server = site.server(features=f"<session xmlns='{SESSION}'><optional/></session>")
    async with listening(server) as listener, site.session(listener) as session:
        await error_of(session)
        assert len(server.sessions[0].stanzas) == 1
