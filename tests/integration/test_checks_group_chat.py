"""The checks of group chat: against real servers every verdict as in its domain's table, and against rooms that lie."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import pytest
import yaml

from tests.integration.fake_site import DOMAIN, FakeSite
from tests.integration.probing import config_of, prober_of, verdicts_of
from tests.servers.dns import FakeDns
from tests.servers.fake import Session as FakeSession
from tests.servers.fake import listening
from tests.servers.fake.services import ROOM, Services, features, identity
from tests.servers.laboratory import PROBE, Laboratory
from xmpp_exporter.checks import room_avatars
from xmpp_exporter.checks.avatar import pixel
from xmpp_exporter.model import ProbeReport
from xmpp_exporter.probe import probe_compliance
from xmpp_exporter.wire.session import Session

EXPECTED = Path(__file__).parent / "expected" / "group_chat"
"""One table for each domain: check id to verdict and reason."""

BOTH = pytest.mark.parametrize("domain", ["good.prosody.test", "good.ejabberd.test"])

MUC, SEARCH, MIX = f"muc.{DOMAIN}", f"search.{DOMAIN}", f"mix.{DOMAIN}"
ROOMS, ACCOUNT = f"{ROOM}@{MUC}", f"probe@{DOMAIN}"
IS_MUC = identity("conference", "text") + features("http://jabber.org/protocol/muc")


def expected(domain: str) -> dict[str, str]:
    table: dict[str, str] = yaml.safe_load((EXPECTED / f"{domain}.yml").read_text())
    return table


@pytest.mark.parametrize("domain", sorted(file.stem for file in EXPECTED.glob("*.yml")))
async def test_every_verdict_is_the_expected_one(laboratory: Laboratory, domain: str) -> None:
    prober = prober_of(laboratory)
    report = await probe_compliance(prober, config_of(laboratory, domain), only=expected(domain))
    assert report.success
    assert verdicts_of(report) == expected(domain)
    assert prober.journal.left(f"{PROBE}@{domain}") == []
    program = laboratory.server(domain).program
    for service in report.services.get("group_chat", ()):
        assert program.rooms(service) == set()


@BOTH
async def test_all_checks_of_rooms_share_one_room_and_its_message(
    laboratory: Laboratory, domain: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    send = Session.send

    def record(session: Session, stanza: str) -> None:
        sent.append(stanza)
        send(session, stanza)

    monkeypatch.setattr(Session, "send", record)
    await probe_compliance(
        prober_of(laboratory), config_of(laboratory, domain), only={*expected(domain), "xep0313muc", "vcard_muc"}
    )
    assert len([line for line in sent if line.startswith("<presence to=")]) == 1
    messages = [line for line in sent if line.startswith("<message")]
    assert len(messages) == 1 and len(messages[0].encode()) <= 200


async def test_nothing_is_published_where_it_would_outlive_the_room(laboratory: Laboratory) -> None:
    domain = "good.prosody.test"
    directory = laboratory.server(domain).program.directory
    before = set(directory.rglob("xmpp%2dexporter*"))
    await probe_compliance(prober_of(laboratory), config_of(laboratory, domain), only={"xep0486"})
    assert set(directory.rglob("xmpp%2dexporter*")) == before


# against scripted rooms


@pytest.fixture
async def fakes(tmp_path: Path) -> AsyncIterator[FakeSite]:
    with FakeDns({}) as dns:
        yield FakeSite.create(tmp_path, dns)


async def probed(fakes: FakeSite, scripted: "Services | Pinged", check: str) -> ProbeReport:
    services = scripted.services if isinstance(scripted, Pinged) else scripted
    fake = fakes.server(on_iq=scripted.on_iq, on_stanza=services.on_stanza)
    async with listening(fake) as listener:
        fakes.dns.add_zone(DOMAIN, f"_xmpp-client._tcp SRV 5 0 {listener.port} @\n@ A {listener.address}\n")
        return await probe_compliance(fakes.prober(), fakes.config(timeouts={"reply": "1s"}), only={check})


async def verdict_of(fakes: FakeSite, services: "Services | Pinged", check: str) -> tuple[str, str]:
    report = await probed(fakes, services, check)
    return verdicts_of(report)[check], report.checks[0].outcome.detail


def form(*fields: str) -> str:
    inner = "".join(f"<field var='{name}'><value>5</value></field>" for name in fields)
    return f"<query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data'>{inner}</x></query>"


def room_info(**fields: str) -> str:
    inner = "".join(f"<field var='{name}'><value>{value}</value></field>" for name, value in fields.items())
    kind = "<field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#roominfo</value></field>"
    return f"<x xmlns='jabber:x:data' type='result'>{kind}{inner}</x>"


def rooms(info: str = "", account: str = "", service: str = "", **settings: Any) -> Services:
    """A group chat service whose rooms say `info` of themselves."""
    replies = {(ROOMS, "query"): form("muc#roomconfig_publicroom")} | settings.pop("replies", {})
    known = {DOMAIN: features("x"), MUC: IS_MUC + service, ROOMS: info, ACCOUNT: account}
    return Services(DOMAIN, known, replies, **settings)


TOMBSTONE = "urn:xmpp:message-retract:1#tombstone"


@pytest.mark.parametrize(
    ("check", "services", "verdict", "detail"),
    [
        ("xep0317", rooms(features("urn:xmpp:hats:0")), "supported", "is a feature of rooms"),
        ("xep0317", rooms(features("http://prosody.im/protocol/hats:1")), "unsupported outdated", "hats:1"),
        ("xep0463", rooms(features("urn:xmpp:muc:affiliations:1")), "supported", "is a feature of rooms"),
        ("xep0463", rooms(features("urn:xmpp:muc:affiliations:0")), "unsupported outdated", "affiliations:0"),
        ("xep0424_tombstone", rooms(features(TOMBSTONE)), "supported", "is a feature of rooms"),
        ("xep0424_tombstone", rooms(features(TOMBSTONE), features(TOMBSTONE)), "supported", "and of the account"),
        ("xep0424_tombstone", rooms("", features(TOMBSTONE)), "unsupported not_offered", "the account's archive has"),
        ("xep0424_tombstone", rooms(features(TOMBSTONE.replace("1", "0"))), "unsupported outdated", "retract:0"),
        (
            "xep0500",
            rooms(replies={(ROOMS, "query"): form("muc#roomconfig_slow_mode_duration")}),
            "supported",
            "rooms have muc#roomconfig_slow_mode_duration",
        ),
        (
            "xep0500",
            rooms(room_info(**{"muc#roominfo_slow_mode_duration": "0"})),
            "supported",
            "rooms have muc#roominfo_slow_mode_duration",
        ),
        ("xep0500", rooms(None), "unknown timeout", "did not come"),  # type: ignore[arg-type]
    ],
)
async def test_what_rooms_say_of_themselves(
    fakes: FakeSite, check: str, services: Services, verdict: str, detail: str
) -> None:
    found = await verdict_of(fakes, services, check)
    assert (found[0], detail in found[1]) == (verdict, True), found[1]


@pytest.mark.parametrize(
    ("settings", "verdict", "detail"),
    [
        ({}, "supported", "made and configured"),
        ({"codes": ("201",)}, "broken mismatch", "without the status codes 110"),
        ({"codes": ()}, "broken mismatch", "without the status codes 110, 201"),
        ({"presence": "forbidden"}, "unknown forbidden", "may make no room"),
        ({"presence": None}, "unknown timeout", "did not come"),
        ({"replies": {(ROOMS, "submit"): "!internal-server-error"}}, "unknown depends_on", "cannot be configured"),
    ],
)
async def test_who_makes_a_room_is_told_so(
    fakes: FakeSite, settings: dict[str, Any], verdict: str, detail: str
) -> None:
    found = await verdict_of(fakes, rooms(**settings), "muc_create")
    assert (found[0], detail in found[1]) == (verdict, True), found[1]


@pytest.mark.parametrize(
    ("settings", "verdict"),
    [
        ({}, "supported"),
        ({"message_id": "another"}, "broken mismatch"),
        ({"message": "forbidden"}, "unknown forbidden"),
    ],
)
async def test_a_message_must_keep_the_id_that_it_is_said_to_keep(
    fakes: FakeSite, settings: dict[str, Any], verdict: str
) -> None:
    services = rooms(features("http://jabber.org/protocol/muc#stable_id"), **settings)
    assert (await verdict_of(fakes, services, "muc_stable_id"))[0] == verdict


def occupant(occupant_id: str) -> str:
    return f"<occupant-id xmlns='urn:xmpp:occupant-id:0' id='{occupant_id}'/>"


@pytest.mark.parametrize(
    ("presence", "message", "verdict", "detail"),
    [
        (occupant("me"), occupant("me"), "supported", "the same occupant id"),
        (occupant("me"), occupant("you"), "broken mismatch", "different occupant ids"),
        (occupant("me"), "", "broken mismatch", "our message came back without"),
        ("", occupant("me"), "broken mismatch", "our presence came back without"),
        (occupant(""), occupant(""), "broken mismatch", "our presence came back without"),
    ],
)
async def test_an_occupant_has_one_id(fakes: FakeSite, presence: str, message: str, verdict: str, detail: str) -> None:
    services = rooms(features("urn:xmpp:occupant-id:0"), occupant=presence, said_with=message)
    found = await verdict_of(fakes, services, "xep0421")
    assert (found[0], detail in found[1]) == (verdict, True), found[1]


@dataclass
class Pinged:
    """Services whose rooms answer pings by whether they come from the first session, which is in the room."""

    services: Services
    inside: str | None
    outside: str | None

    async def on_iq(self, session: FakeSession, iq: Element) -> None:
        if iq[0].tag != "{urn:xmpp:ping}ping":
            await self.services.on_iq(session, iq)
            return
        answer = self.outside if self.services.asked.count((ROOMS, "ping")) else self.inside
        self.services.asked.append((ROOMS, "ping"))
        if answer == "":
            await session.reply(iq)
        elif answer is not None:
            await session.refuse(iq, answer)


@pytest.mark.parametrize(
    ("inside", "outside", "verdict", "detail"),
    [
        ("", "not-acceptable", "supported", "one's own client answers who is in a room; who is not is told not-accept"),
        ("", "bad-request", "supported", "who is not is told bad-request"),
        ("service-unavailable", "not-acceptable", "supported", "who is not is told not-acceptable"),
        ("not-acceptable", "not-acceptable", "broken stanza_error", "is told not-acceptable"),
        ("not-allowed", "not-allowed", "broken stanza_error", "clients enter it again and again"),
        ("remote-server-timeout", "not-acceptable", "unknown timeout", "remote-server-timeout"),
        ("", "", "broken mismatch", "who is not in a room gets a result"),
        ("", "item-not-found", "broken mismatch", "who is not in a room gets item-not-found"),
        ("", "remote-server-timeout", "unknown timeout", "remote-server-timeout"),
        ("", "internal-server-error", "supported", "who is not is told internal-server-error"),
        (None, "not-acceptable", "unknown timeout", "asked with a ping to our own address in a room"),
    ],
)
async def test_who_is_in_a_room_must_be_told_from_who_is_not(
    fakes: FakeSite, inside: str | None, outside: str | None, verdict: str, detail: str
) -> None:
    found = await verdict_of(fakes, Pinged(rooms(), inside, outside), "xep0410")
    assert (found[0], detail in found[1]) == (verdict, True), found[1]


STANZA_ID = "<stanza-id xmlns='urn:xmpp:sid:0' by='{room}' id='s1'/>"
RETRACTED = "<message from='{room}' type='groupchat'><retract xmlns='urn:xmpp:message-retract:1' id='s1'/></message>"
ANOTHER = RETRACTED.replace("s1", "s2")
FORGED = RETRACTED.replace("{room}'", "{room}/somebody'")


@pytest.mark.parametrize(
    ("said_with", "answer", "notice", "verdict", "detail"),
    [
        (STANZA_ID, "", RETRACTED, "supported", "everybody in the room told"),
        ("", "", RETRACTED, "broken mismatch", "without the stanza id"),
        (STANZA_ID.replace("{room}", "elsewhere.test"), "", RETRACTED, "broken mismatch", "without the stanza id"),
        (STANZA_ID, "!item-not-found", RETRACTED, "broken stanza_error", "asked to retract a message in a room"),
        (STANZA_ID, "!forbidden", RETRACTED, "unknown forbidden", "asked to retract a message in a room"),
        (STANZA_ID, "", ANOTHER, "unknown timeout", "the notice to everybody in the room did not come"),
        (STANZA_ID, "", FORGED, "unknown timeout", "the notice to everybody in the room did not come"),
    ],
)
async def test_a_moderator_must_be_able_to_retract_a_message(
    fakes: FakeSite, said_with: str, answer: str, notice: str, verdict: str, detail: str
) -> None:
    services = rooms(
        features("urn:xmpp:message-moderate:1"),
        replies={(ROOMS, "moderate"): answer},
        said_with=said_with,
        notices={"moderate": notice},
    )
    found = await verdict_of(fakes, services, "xep0425")
    assert (found[0], detail in found[1]) == (verdict, True), found[1]


class TestAvatars:
    HASH = "muc#roominfo_avatarhash"
    MODULE = "{http://modules.prosody.im/mod_vcard_muc}avatar#sha1"
    PICTURE = pixel()

    @pytest.fixture(autouse=True)
    def known_picture(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(room_avatars, "pixel", lambda: self.PICTURE)

    @pytest.mark.parametrize(
        ("fields", "answer", "verdict", "detail"),
        [
            ({HASH: PICTURE.id}, "", "supported", "the hash of the picture that was published"),
            ({HASH: "0" * 40}, "", "broken mismatch", "another hash than that of its picture: 000"),
            ({}, "", "unsupported not_offered", "does not tell its hash"),
            ({}, "!service-unavailable", "broken stanza_error", "asked to give a room a picture"),
            ({}, "!forbidden", "unknown forbidden", "asked to give a room a picture"),
            ({}, None, "unknown timeout", "asked to give a room a picture"),
        ],
    )
    async def test_a_room_must_tell_the_hash_of_its_picture(
        self, fakes: FakeSite, fields: dict[str, str], answer: str | None, verdict: str, detail: str
    ) -> None:
        services = rooms(features("vcard-temp") + room_info(**fields), replies={(ROOMS, "vCard"): answer})
        found = await verdict_of(fakes, services, "xep0486")
        assert (found[0], detail in found[1]) == (verdict, True), found[1]
        assert services.asked.count((ROOMS, "vCard")) >= 2, "one to give the picture and one to remove it"

    @pytest.mark.parametrize(
        ("fields", "verdict"),
        [({MODULE: ""}, "unsupported outdated"), ({MODULE: "", HASH: ""}, "supported")],
    )
    async def test_nothing_is_published_where_it_would_stay(
        self, fakes: FakeSite, fields: dict[str, str], verdict: str
    ) -> None:
        services = rooms(features("vcard-temp") + room_info(**fields))
        assert (await verdict_of(fakes, services, "xep0486"))[0] == verdict
        assert (ROOMS, "vCard") not in services.asked

    async def test_a_room_without_a_vcard_has_no_picture(self, fakes: FakeSite) -> None:
        services = rooms(room_info(**{self.HASH: ""}))
        assert (await verdict_of(fakes, services, "xep0486"))[0] == "unsupported not_offered"


SEARCH_FORM = "<search xmlns='urn:xmpp:channel-search:0:search'><x xmlns='jabber:x:data' type='form'/></search>"


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (SEARCH_FORM, "supported"),
        ("<search xmlns='urn:xmpp:channel-search:0:search'/>", "broken mismatch"),
        ("", "broken mismatch"),
        ("!feature-not-implemented", "broken stanza_error"),
        ("!forbidden", "unknown forbidden"),
        (None, "unknown timeout"),
    ],
)
async def test_a_search_must_say_what_can_be_searched_for(fakes: FakeSite, answer: str | None, verdict: str) -> None:
    known = {DOMAIN: "", SEARCH: features("urn:xmpp:channel-search:0:search")}
    assert (await verdict_of(fakes, Services(DOMAIN, known, {(SEARCH, "search"): answer}), "xep0433"))[0] == verdict


@pytest.mark.parametrize(
    ("service", "account", "verdict", "detail"),
    [
        ("urn:xmpp:mix:core:1", "urn:xmpp:mix:pam:2", "supported", "urn:xmpp:mix:pam:2 is among"),
        ("urn:xmpp:mix:core:1", "x", "unsupported not_offered", "urn:xmpp:mix:pam:2 is not among"),
        ("urn:xmpp:mix:core:0", "urn:xmpp:mix:pam:2", "unsupported not_offered", "no item of the domain"),
    ],
)
async def test_channels_need_a_service_and_accounts_that_can_join(
    fakes: FakeSite, service: str, account: str, verdict: str, detail: str
) -> None:
    services = Services(DOMAIN, {DOMAIN: "", MIX: features(service), ACCOUNT: features(account)})
    found = await verdict_of(fakes, services, "mix")
    assert (found[0], detail in found[1]) == (verdict, True), found[1]
