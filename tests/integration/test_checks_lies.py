"""The checks that need an account, against a server that offers what it does not deliver, or offers it elsewhere."""

import ssl
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest

from tests.integration.probing import verdicts_of
from tests.servers.certificates import CertificateAuthority
from tests.servers.dns import FakeDns
from tests.servers.fake import FakeXmpp, Session, listening
from tests.servers.fake.xmpp import Hook
from xmpp_exporter.checks import messaging
from xmpp_exporter.config import ServerConfig
from xmpp_exporter.model import ProbeReport
from xmpp_exporter.probe import probe_compliance
from xmpp_exporter.prober import Prober
from xmpp_exporter.wire.dns import Resolver
from xmpp_exporter.wire.network import Network
from xmpp_exporter.wire.tls import TlsContexts

DOMAIN = "fake.test"
INFO = "http://jabber.org/protocol/disco#info"
PUBSUB = "http://jabber.org/protocol/pubsub"
ROSTER = "{jabber:iq:roster}query"

STREAM_FEATURES = (
    "<ver xmlns='urn:xmpp:features:rosterver'/><sm xmlns='urn:xmpp:sm:3'/><csi xmlns='urn:xmpp:csi:0'/>"
    "<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='fake' ver='a lie'/>"
)
OF_THE_DOMAIN = (
    "<feature var='msgoffline'/><feature var='urn:xmpp:blocking'/><feature var='urn:xmpp:carbons:2'/>"
    "<x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'>"
    "<value>http://jabber.org/network/serverinfo</value></field>"
    "<field var='abuse-addresses'><value>call me</value></field></x>"
)
OF_THE_ACCOUNT = "<identity category='pubsub' type='pep'/>" + "".join(
    f"<feature var='{name}'/>"
    for name in (
        f"{PUBSUB}#publish-options",
        "urn:xmpp:bookmarks-conversion:0",
        "urn:xmpp:bookmarks:1#compat",
        "urn:xmpp:mam:2",
        "urn:xmpp:pep-vcard-conversion:0",
        "urn:xmpp:push:0",
    )
)

ON_OFFER = ("xep0115", "xep0160", "xep0163", "xep0198", "xep0357", "xep0411")
"""Checks that make no request of their own."""
PUBLISHING = ("xep0384", "xep0398", "xep0402")
ASKING = ("roster_versioning", "xep0191", "xep0280", "xep0313", *PUBLISHING)
CHECKS = {*ON_OFFER, *ASKING, "abuse-contact", "xep0352"}
LIES = dict.fromkeys(ON_OFFER, "supported") | {"abuse-contact": "broken mismatch", "xep0352": "supported"}
"""What everybody who believes the offers would find."""


@pytest.fixture
def authority(tmp_path: Path) -> CertificateAuthority:
    return CertificateAuthority(tmp_path)


async def probe(
    authority: CertificateAuthority,
    on_iq: Hook,
    *checks: str,
    domain: str = OF_THE_DOMAIN,
    account: str = OF_THE_ACCOUNT,
    features: str = STREAM_FEATURES,
    **hooks: Hook,
) -> ProbeReport:
    """Probe a server that offers `domain`, `account` and `features`, and leaves all requests to `on_iq`.

    `hooks` go before it, by the name of the request's element; `stanza` gets what is no request.
    """

    async def answer(session: Session, iq: Element) -> None:
        if not len(iq):  # an answer to what the server asked
            return
        name = iq[0].tag
        if name == f"{{{INFO}}}query":
            what = domain if iq.get("to") == DOMAIN else account
            await hooks.get("info", said(f"<query xmlns='{INFO}'>{what}</query>"))(session, iq)
        elif name == ROSTER and iq[0].get("ver") is None:
            # asked by who wants to know whether somebody would see what is published
            await session.reply(iq, "<query xmlns='jabber:iq:roster'/>")
        else:
            await hooks.get(name.rpartition("}")[2], on_iq)(session, iq)

    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(authority.issue(DOMAIN))
    password_file = authority.directory / "password"
    password_file.write_text("secret")
    config = ServerConfig.model_validate(
        {
            "domain": DOMAIN,
            "relation": "own",
            "account": {"jid": f"probe@{DOMAIN}", "password_file": password_file},
            "allow_private_addresses": True,
            "timeouts": {"reply": 1.0},
        }
    )
    fake = FakeXmpp(DOMAIN, tls=tls, features=features, on_iq=answer, on_stanza=hooks.get("stanza", unanswered))
    async with listening(fake) as listener:
        zone = f"@ A {listener.address}\n_xmpp-client._tcp SRV 5 0 {listener.port} @\n"
        with FakeDns({DOMAIN: zone}) as dns:
            prober = Prober(Network(Resolver([dns.address], dns.port), TlsContexts(authority.ca_file)))
            return await probe_compliance(prober, config, only=checks or CHECKS)


async def unanswered(session: Session, stanza: Element) -> None:
    """Silence."""


async def dies(session: Session, stanza: Element) -> None:
    session.connection.reset()


async def agrees(session: Session, iq: Element) -> None:
    """To everything, with nothing."""
    await session.reply(iq)


def refused(condition: str) -> Hook:
    async def refuse(session: Session, iq: Element) -> None:
        await session.refuse(iq, condition)

    return refuse


def said(payload: str) -> Hook:
    async def say(session: Session, iq: Element) -> None:
        await session.reply(iq, payload)

    return say


def detail_of(report: ProbeReport, check: str) -> str:
    return next(result.outcome.detail for result in report.checks if result.check == check)


async def test_an_error_in_reply_to_what_was_offered_is_broken_and_quoted(authority: CertificateAuthority) -> None:
    report = await probe(authority, refused("internal-server-error"))
    assert verdicts_of(report) == LIES | dict.fromkeys(ASKING, "broken stanza_error")
    assert "internal-server-error (asked for the block list)" in detail_of(report, "xep0191")
    assert "does not fit" in detail_of(report, "xep0115")


async def test_a_refusal_says_nothing_about_the_server(authority: CertificateAuthority) -> None:
    report = await probe(authority, refused("forbidden"))
    assert verdicts_of(report) == LIES | dict.fromkeys(ASKING, "unknown forbidden")


async def test_silence_is_unknown(authority: CertificateAuthority) -> None:
    report = await probe(authority, unanswered)
    assert verdicts_of(report) == LIES | dict.fromkeys((*ASKING, "xep0352"), "unknown timeout")


async def test_a_stream_that_dies_decides_nothing_that_was_still_open(authority: CertificateAuthority) -> None:
    report = await probe(authority, dies, *ASKING)
    assert verdicts_of(report) == dict.fromkeys(ASKING, "unknown disconnected")


async def test_agreeing_to_everything_does_not_make_it_work(authority: CertificateAuthority) -> None:
    async def publishes_into_the_void(session: Session, iq: Element) -> None:
        await (agrees if iq.get("type") == "set" else refused("item-not-found"))(session, iq)

    report = await probe(authority, agrees, pubsub=publishes_into_the_void)
    agreed = dict.fromkeys(ASKING, "broken mismatch") | {"xep0280": "supported"}
    assert verdicts_of(report) == LIES | agreed


async def test_a_roster_that_is_sent_again_is_not_versioned(authority: CertificateAuthority) -> None:
    whole = said("<query xmlns='jabber:iq:roster' ver='7'><item jid='romeo@example.org'/></query>")
    report = await probe(authority, whole, "roster_versioning")
    assert verdicts_of(report) == {"roster_versioning": "broken mismatch"}
    assert "although nothing has changed" in detail_of(report, "roster_versioning")


async def test_a_stream_that_does_not_survive_inactivity_is_broken(authority: CertificateAuthority) -> None:
    report = await probe(authority, agrees, "xep0352", "xep0280", stanza=dies)
    assert verdicts_of(report) == {"xep0352": "broken mismatch", "xep0280": "supported"}
    assert "<inactive/>" in detail_of(report, "xep0352")


async def test_a_node_that_strangers_cannot_read_is_named_with_its_access_model(
    authority: CertificateAuthority,
) -> None:
    async def presence_only(session: Session, iq: Element) -> None:
        if iq.get("type") == "set":
            await session.reply(iq)
            return
        field = "<field var='pubsub#access_model'><value>presence</value></field>"
        form = f"<x xmlns='jabber:x:data' type='form'>{field}</x>"
        await session.reply(iq, f"<pubsub xmlns='{PUBSUB}#owner'><configure>{form}</configure></pubsub>")

    report = await probe(authority, agrees, "xep0384", pubsub=presence_only)
    assert verdicts_of(report) == {"xep0384": "broken mismatch"}
    assert "'presence'" in detail_of(report, "xep0384")


async def test_what_is_offered_by_the_wrong_entity_is_said_to_be_there(authority: CertificateAuthority) -> None:
    report = await probe(authority, agrees, domain=OF_THE_ACCOUNT, account=OF_THE_DOMAIN)
    elsewhere = ("xep0160", "xep0163", "xep0191", "xep0280", "xep0313", "xep0357", "xep0384", "xep0398", "xep0402")
    assert {check for check, verdict in verdicts_of(report).items() if verdict == "unsupported wrong_entity"} == {
        *elsewhere,
        "xep0411",
    }


async def test_earlier_versions_are_outdated(authority: CertificateAuthority) -> None:
    report = await probe(
        authority,
        agrees,
        *("xep0115", "xep0198", "xep0313"),
        account="<feature var='urn:xmpp:mam:0'/><feature var='urn:xmpp:mam:1'/>",
        features="<sm xmlns='urn:xmpp:sm:2'/><c xmlns='http://jabber.org/protocol/caps' node='fake' ver='0.1'/>",
    )
    assert set(verdicts_of(report).values()) == {"unsupported outdated"}
    assert "urn:xmpp:mam:0, urn:xmpp:mam:1" in detail_of(report, "xep0313")


async def test_where_nobody_answers_service_discovery_nothing_is_offered(authority: CertificateAuthority) -> None:
    report = await probe(authority, agrees, "xep0313", "abuse-contact", info=refused("service-unavailable"))
    assert set(verdicts_of(report).values()) == {"unsupported not_offered"}


async def test_where_service_discovery_fails_nothing_is_known(authority: CertificateAuthority) -> None:
    report = await probe(authority, agrees, "xep0313", "abuse-contact", info=refused("internal-server-error"))
    assert set(verdicts_of(report).values()) == {"unknown depends_on"}


def blocking(told_by: str | None) -> Hook:
    """A block list that works; `told_by` is who sends word of its changes, if anybody does."""
    blocked: list[str] = []

    async def answer(session: Session, iq: Element) -> None:
        request = iq[0].tag.partition("}")[2]
        jids = [item.get("jid", "") for item in iq[0]]
        if request == "block":
            blocked.extend(jids)
        elif request == "unblock":
            blocked[:] = [jid for jid in blocked if jid not in jids]
        else:
            items = "".join(f"<item jid='{jid}'/>" for jid in blocked)
            await session.reply(iq, f"<blocklist xmlns='urn:xmpp:blocking'>{items}</blocklist>")
            return
        await session.reply(iq)
        if told_by is not None and request == "block":  # after the other one the client is soon gone
            change = f"<{request} xmlns='urn:xmpp:blocking'><item jid='{jids[0]}'/></{request}>"
            await session.send(f"<iq type='set' id='push' from='{told_by}'>{change}</iq>")

    return answer


@pytest.mark.parametrize(
    ("told_by", "verdict"),
    [
        (f"probe@{DOMAIN}", "supported"),
        ("stranger@elsewhere.test", "broken mismatch"),
        (None, "broken mismatch"),
    ],
)
async def test_devices_must_be_told_when_an_address_is_blocked(
    authority: CertificateAuthority, monkeypatch: pytest.MonkeyPatch, told_by: str | None, verdict: str
) -> None:
    monkeypatch.setattr(messaging, "WRITERS_LIMIT", 0.5)
    report = await probe(authority, blocking(told_by), "xep0191")
    assert verdicts_of(report) == {"xep0191": verdict}
