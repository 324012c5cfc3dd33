"""The checks of two devices and two people, against a server that loses, forges and forgets what is sent."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element, tostring

import pytest

from tests.integration.fake_site import DOMAIN, PASSWORD, FakeSite
from tests.integration.probing import verdicts_of
from tests.servers.fake import FakeXmpp, Session, listening
from tests.servers.fake.xmpp import CLIENT, Hook
from xmpp_exporter.checks import devices, resumption, shared, stored_messages
from xmpp_exporter.config import Account
from xmpp_exporter.model import ProbeReport
from xmpp_exporter.probe import probe_compliance
from xmpp_exporter.wire import guard

INFO = "http://jabber.org/protocol/disco#info"
PUBSUB = "http://jabber.org/protocol/pubsub"
MAM = "urn:xmpp:mam:2"
SM = "urn:xmpp:sm:3"
STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas"

OFFER = "".join(
    f"<feature var='{name}'/>"
    for name in (
        "urn:xmpp:carbons:2",
        "msgoffline",
        MAM,
        f"{PUBSUB}#publish-options",
        "urn:xmpp:pep-vcard-conversion:0",
    )
)
PEP = "<identity category='pubsub' type='pep'/>"


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (devices, resumption, shared, stored_messages):
        monkeypatch.setattr(module, "WRITERS_LIMIT", 0.3)


@dataclass
class Post:
    """How a server deals with messages and streams; by default as it should."""

    sender: Callable[[Session], str] = lambda session: session.jid
    delivers: bool = True
    copies: bool = False
    bounces: str = ""
    """The condition with which messages to an account are refused."""
    preference: str = "always"
    enabled: str = f"<enabled xmlns='{SM}' resume='true' id='the-stream' max='60'/>"
    acknowledgement: str = f"<a xmlns='{SM}' h='0'/>"
    resumed: str = f"<resumed xmlns='{SM}' previd='the-stream' h='0'/>"
    pubsub: str = "<item id='current'/>"
    kept: list[str] = field(default_factory=list)
    """Messages to a device that is away."""
    fake: FakeXmpp | None = None
    asleep: str = ""

    async def on_stanza(self, session: Session, stanza: Element) -> None:
        name = stanza.tag.rpartition("}")[2]
        if name == "presence":
            await session.send(f"<presence from='{session.jid}'/>")
        elif name == "message":
            await self._deliver(session, stanza)
        elif name == "enable":
            self.asleep = session.jid
            await session.send(self.enabled)
        elif name == "r":
            await session.send(self.acknowledgement)

    async def _deliver(self, session: Session, stanza: Element) -> None:
        to, body = stanza.get("to", ""), stanza.findtext(f"{{{CLIENT}}}body", "")
        if self.bounces and "/" not in to:
            error = f"<error type='cancel'><{self.bounces} xmlns='{STANZAS}'/></error>"
            await session.send(f"<message type='error' from='{to}'>{error}</message>")
            return
        message = f"<message xmlns='{CLIENT}' from='{self.sender(session)}' to='{to}'><body>{body}</body></message>"
        assert self.fake is not None
        if to == self.asleep:
            self.kept.append(message)
        for other in self.fake.sessions:
            if other.jid == to and self.delivers:
                await other.send(message)
            if self.copies and other.user == session.user and other is not session:
                forwarded = f"<forwarded xmlns='urn:xmpp:forward:0'>{message}</forwarded>"
                await other.send(f"<message><sent xmlns='urn:xmpp:carbons:2'>{forwarded}</sent></message>")

    async def on_resume(self, session: Session, request: Element) -> None:
        await session.send(self.resumed)
        if "<resumed" in self.resumed:
            session.jid = self.asleep
            for message in self.kept if self.delivers else ():
                await session.send(message)

    async def on_iq(self, session: Session, iq: Element) -> None:
        name = iq[0].tag
        if name == f"{{{INFO}}}query":
            await session.reply(iq, f"<query xmlns='{INFO}'>{PEP}{OFFER}</query>")
        elif name == "{jabber:iq:roster}query":
            await session.reply(iq, "<query xmlns='jabber:iq:roster'/>")
        elif name == f"{{{MAM}}}prefs":
            await session.reply(iq, f"<prefs xmlns='{MAM}' default='{self.preference}'/>")
        elif name == f"{{{MAM}}}query":
            await session.reply(iq, f"<fin xmlns='{MAM}'/>")
        elif "pubsub" in name and iq.get("type") == "get":
            await session.reply(iq, f"<pubsub xmlns='{PUBSUB}'><items>{self.pubsub}</items></pubsub>")
        else:
            await session.reply(iq)


async def probe(
    site: FakeSite, post: Post, *checks: str, second: bool = False, on_iq: Hook | None = None, **settings: Any
) -> ProbeReport:
    """Probe a server that treats messages as `post` does."""
    fake = post.fake = site.server(
        features=f"<sm xmlns='{SM}'/>",
        passwords={"probe": PASSWORD, "peer": PASSWORD},
        on_iq=on_iq or post.on_iq,
        on_stanza=post.on_stanza,
        on_resume=post.on_resume,
    )
    other = Account(jid=f"peer@{DOMAIN}", password_file=site.password_file)
    async with listening(fake) as listener:
        site.point(DOMAIN, [(listener.address, listener.port)])
        config = site.config(second_account=other if second else None, **settings)
        return await probe_compliance(site.prober(), config, only=checks)


def detail_of(report: ProbeReport) -> str:
    return report.checks[0].outcome.detail


async def test_messages_that_arrive_are_what_it_takes(site: FakeSite) -> None:
    assert verdicts_of(await probe(site, Post(), "rfc6121")) == {"rfc6121": "supported"}


@pytest.mark.parametrize(
    ("condition", "verdict"),
    [("service-unavailable", "broken stanza_error"), ("internal-server-error", "unknown depends_on")],
)
async def test_who_has_no_roster_has_no_contacts_to_spare(site: FakeSite, condition: str, verdict: str) -> None:
    post = Post()

    async def on_iq(session: Session, iq: Element) -> None:
        if iq[0].tag == "{jabber:iq:roster}query":
            await session.refuse(iq, condition)
        else:
            await post.on_iq(session, iq)

    report = await probe(site, post, "rfc6121", on_iq=on_iq)
    assert verdicts_of(report) == {"rfc6121": verdict}
    assert "roster" in detail_of(report)


async def test_a_message_that_is_lost_is_broken(site: FakeSite) -> None:
    report = await probe(site, Post(delivers=False), "rfc6121")
    assert verdicts_of(report) == {"rfc6121": "broken mismatch"}


async def test_a_message_from_somebody_else_is_broken(site: FakeSite) -> None:
    report = await probe(site, Post(sender=lambda session: f"mallory@{DOMAIN}/x"), "rfc6121")
    assert verdicts_of(report) == {"rfc6121": "broken mismatch"}
    assert "mallory" in detail_of(report)


@pytest.mark.parametrize(
    ("copies", "second", "verdict"),
    [
        (True, False, "supported"),
        (True, True, "supported"),
        (False, False, "unknown needs_second_account"),
        (False, True, "broken mismatch"),
    ],
)
async def test_a_missing_copy_counts_only_of_a_message_to_somebody_else(
    site: FakeSite, copies: bool, second: bool, verdict: str
) -> None:
    report = await probe(site, Post(copies=copies), "xep0280_roundtrip", second=second)
    assert verdicts_of(report) == {"xep0280_roundtrip": verdict}


@pytest.mark.parametrize(
    ("preference", "second", "verdict"),
    [
        ("always", False, "unknown needs_second_account"),
        ("always", True, "broken mismatch"),
        ("roster", True, "unknown archive_disabled"),
        ("never", False, "unknown archive_disabled"),
    ],
)
async def test_an_archive_is_blamed_only_for_what_it_should_have(
    site: FakeSite, preference: str, second: bool, verdict: str
) -> None:
    report = await probe(site, Post(preference=preference), "xep0313_roundtrip", second=second)
    assert verdicts_of(report) == {"xep0313_roundtrip": verdict}


@pytest.mark.parametrize(
    ("post", "verdict"), [(Post(), "broken mismatch"), (Post(bounces="service-unavailable"), "unknown forbidden")]
)
async def test_a_message_to_who_is_offline_that_is_lost_or_refused(site: FakeSite, post: Post, verdict: str) -> None:
    report = await probe(site, post, "xep0160_roundtrip", second=True)
    assert verdicts_of(report) == {"xep0160_roundtrip": verdict}


RESUMPTIONS = [
    pytest.param(Post(), "supported", "60 s", id="resumed"),
    pytest.param(Post(delivers=False), "broken mismatch", "is lost", id="resumed without the message"),
    pytest.param(Post(enabled=f"<enabled xmlns='{SM}'/>"), "unsupported not_offered", "without", id="not resumable"),
    pytest.param(
        Post(enabled=f"<failed xmlns='{SM}'><unexpected-request xmlns='{STANZAS}'/></failed>"),
        "broken stanza_error",
        "unexpected-request",
        id="not enabled",
    ),
    pytest.param(Post(acknowledgement=f"<a xmlns='{SM}'/>"), "broken mismatch", "<a/>", id="nothing acknowledged"),
    pytest.param(
        Post(resumed=f"<failed xmlns='{SM}'><item-not-found xmlns='{STANZAS}'/></failed>"),
        "unknown depends_on",
        "another node",
        id="forgotten",
    ),
    pytest.param(
        Post(resumed=f"<failed xmlns='{SM}'><internal-server-error xmlns='{STANZAS}'/></failed>"),
        "broken stanza_error",
        "internal-server-error",
        id="refused",
    ),
    pytest.param(
        Post(enabled=f"<enabled xmlns='{SM}' resume='1' id='the-stream' location='nowhere.{DOMAIN}:5222'/>"),
        "broken dns",
        f"nowhere.{DOMAIN}",
        id="to be resumed nowhere",
    ),
    pytest.param(
        Post(enabled=f"<enabled xmlns='{SM}' resume='1' id='the-stream' location='127.0.0.1:9'/>"),
        "broken unreachable",
        "127.0.0.1",
        id="to be resumed where nobody listens",
    ),
    pytest.param(
        Post(enabled=f"<enabled xmlns='{SM}' resume='1' id='the-stream' location='[::1'/>"),
        "broken dns",
        "'[::1'",
        id="to be resumed at no address",
    ),
]


@pytest.mark.parametrize(("post", "verdict", "detail"), RESUMPTIONS)
async def test_a_stream_that_was_cut(site: FakeSite, post: Post, verdict: str, detail: str) -> None:
    report = await probe(site, post, "xep0198_resume")
    assert verdicts_of(report) == {"xep0198_resume": verdict}
    assert detail in detail_of(report)


async def test_a_stream_that_may_be_resumed_for_an_unknown_time_has_no_fact(site: FakeSite) -> None:
    report = await probe(
        site, Post(enabled=f"<enabled xmlns='{SM}' resume='1' id='the-stream' max='soon'/>"), "xep0198_resume"
    )
    assert verdicts_of(report) == {"xep0198_resume": "supported"}
    assert report.checks[0].outcome.facts == {}


async def test_a_server_cannot_have_a_stream_resumed_at_a_private_address(
    site: FakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "is_public", lambda address: address == "127.0.0.1")
    enabled = f"<enabled xmlns='{SM}' resume='1' id='the-stream' location='127.0.0.2:5222'/>"
    report = await probe(site, Post(enabled=enabled), "xep0198_resume", allow_private_addresses=False)
    assert verdicts_of(report) == {"xep0198_resume": "unknown prober_limit"}


async def test_devices_that_are_not_told_of_news_are_broken(site: FakeSite) -> None:
    assert verdicts_of(await probe(site, Post(), "pep_notify")) == {"pep_notify": "broken mismatch"}


async def test_nodes_that_lose_what_they_should_keep_are_broken(site: FakeSite) -> None:
    report = await probe(site, Post(), "xep0223", "pep_max_items", "xep0384_open", second=True)
    lost = dict.fromkeys(("xep0223", "pep_max_items"), "broken mismatch")
    assert verdicts_of(report) == lost | {"xep0384_open": "supported"}


async def test_keys_that_strangers_do_not_find_are_broken(site: FakeSite) -> None:
    report = await probe(site, Post(pubsub=""), "xep0384_open", second=True)
    assert verdicts_of(report) == {"xep0384_open": "broken mismatch"}


async def test_keys_that_strangers_may_not_read_are_broken(site: FakeSite) -> None:
    post = Post()

    async def private(session: Session, iq: Element) -> None:
        if session.user == "peer" and b"items" in tostring(iq):
            await session.refuse(iq, "presence-subscription-required")
        else:
            await post.on_iq(session, iq)

    report = await probe(site, post, "xep0384_open", second=True, on_iq=private)
    assert verdicts_of(report) == {"xep0384_open": "broken stanza_error"}
