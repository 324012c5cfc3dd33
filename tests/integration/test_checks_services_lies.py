"""The checks of services against a server whose services lie, refuse, fall silent or speak of other times."""

import datetime
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import pytest

from tests.integration.fake_site import DOMAIN, FakeSite
from tests.integration.https_site import by_path, response, site
from tests.integration.probing import verdicts_of
from tests.servers.dns import FakeDns
from tests.servers.fake import Session, listening
from tests.servers.fake.services import DATA, ROOM, Services, features, identity
from xmpp_exporter.checks import shared
from xmpp_exporter.journal import Journal
from xmpp_exporter.model import ProbeReport
from xmpp_exporter.probe import probe_compliance
from xmpp_exporter.prober import Prober

MUC = f"muc.{DOMAIN}"
UPLOAD = f"upload.{DOMAIN}"
PROXY = f"proxy.{DOMAIN}"
ROOMS = f"{ROOM}@{MUC}"

IS_MUC = identity("conference", "text") + features("http://jabber.org/protocol/muc")
IS_UPLOAD = features("urn:xmpp:http:upload:0")
IS_PROXY = identity("proxy", "bytestreams") + features("http://jabber.org/protocol/bytestreams")
FORM = (
    f"<query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='{DATA}' type='form'>"
    "<field var='FORM_TYPE' type='hidden'><value>http://jabber.org/protocol/muc#roomconfig</value></field>"
    "<field type='fixed' var='heading'><value>Settings</value></field>"
    "<field var='muc#roomconfig_publicroom' type='boolean'><value>1</value></field>"
    "<field var='muc#roomconfig_persistentroom' type='boolean'><value>1</value></field>"
    "<field var='muc#roomconfig_enablearchiving' type='boolean'><value>0</value></field>"
    "<field var='muc#roomconfig_enablelogging' type='boolean'><value>0</value></field>"
    "<field var='muc#roomconfig_roomname'><value>&lt;ours&gt;</value></field>"
    "<field var='muc#roomconfig_getmemberlist' type='list-multi'><value>a</value><value>b</value></field>"
    "</x></query>"
)
NO_FORM = "<query xmlns='http://jabber.org/protocol/muc#owner'/>"
ARCHIVED = features("urn:xmpp:mam:2")


@pytest.fixture
async def fakes(tmp_path: Path) -> AsyncIterator[FakeSite]:
    with FakeDns({}) as dns:
        yield FakeSite.create(tmp_path, dns)


async def probed(
    fakes: FakeSite,
    services: Services,
    *checks: str,
    prober: Prober | None = None,
    previous: ProbeReport | None = None,
) -> ProbeReport:
    fake = fakes.server(on_iq=services.on_iq, on_stanza=services.on_stanza)
    async with listening(fake) as listener:
        fakes.dns.add_zone(DOMAIN, f"_xmpp-client._tcp SRV 5 0 {listener.port} @\n@ A {listener.address}\n")
        config = fakes.config(timeouts={"reply": "1s"})
        return await probe_compliance(prober or fakes.prober(), config, only=checks, previous=previous)


def detail_of(report: ProbeReport, check: str) -> str:
    return next(result.outcome.detail for result in report.checks if result.check == check)


async def verdict_of(fakes: FakeSite, services: Services, check: str) -> tuple[str, str]:
    report = await probed(fakes, services, check)
    return verdicts_of(report)[check], detail_of(report, check)


class TestRooms:
    def services(
        self,
        room: str = ARCHIVED,
        muc: str = IS_MUC,
        form: str = FORM,
        replies: Mapping[tuple[str, str], str | None] | None = None,
        **settings: Any,
    ) -> Services:
        info = {DOMAIN: features("x"), MUC: muc, ROOMS: room}
        return Services(DOMAIN, info, {(ROOMS, "query"): form} | dict(replies or {}), **settings)

    @pytest.mark.parametrize(
        ("settings", "verdict", "detail"),
        [
            ({}, "supported", "was found in the archive"),
            ({"archived_after": 2}, "supported", "was found in the archive"),
            ({"archived_after": 1000}, "broken mismatch", "was not in the archive"),
            ({"room": features("urn:xmpp:mam:1")}, "unsupported outdated", "only urn:xmpp:mam:1"),
            ({"room": ""}, "unsupported not_offered", "although muc#roomconfig_enablearchiving was set"),
            ({"room": "", "form": NO_FORM}, "unsupported not_offered", "urn:xmpp:mam:2 is not among"),
            ({"replies": {(ROOMS, "query"): "!forbidden"}}, "unknown depends_on", "cannot be configured: forbidden"),
            ({"replies": {(ROOMS, "submit"): "!not-acceptable"}}, "unknown depends_on", "not-acceptable"),
            ({"presence": "forbidden"}, "unknown forbidden", "may make no room: forbidden"),
            ({"presence": "not-allowed", "errors_from_room": True}, "unknown forbidden", "not-allowed"),
            ({"presence": "item-not-found"}, "unknown forbidden", "item-not-found"),
            ({"presence": "resource-constraint"}, "unknown forbidden", "resource-constraint"),
            ({"presence": "internal-server-error"}, "unknown depends_on", "internal-server-error"),
            ({"presence": None}, "unknown timeout", "did not come"),
            ({"message": "forbidden"}, "unknown forbidden", "to say something in a room"),
            ({"message": None}, "unknown timeout", "did not come"),
        ],
    )
    async def test_the_archive_must_give_back_what_was_said(
        self,
        fakes: FakeSite,
        monkeypatch: pytest.MonkeyPatch,
        settings: dict[str, Any],
        verdict: str,
        detail: str,
    ) -> None:
        monkeypatch.setattr(shared, "WRITERS_LIMIT", 0.5)
        found = await verdict_of(fakes, self.services(**settings), "xep0313muc")
        assert (found[0], detail in found[1]) == (verdict, True), found[1]

    @pytest.mark.parametrize("condition", ["forbidden", "internal-server-error"])
    async def test_an_archive_that_answers_with_an_error_is_broken_unless_it_is_a_refusal(
        self, fakes: FakeSite, condition: str
    ) -> None:
        found = await verdict_of(fakes, self.services(archive=f"!{condition}"), "xep0313muc")
        assert found[0] == ("unknown forbidden" if condition == "forbidden" else "broken stanza_error")
        assert f"{condition} (asked what is in the archive of a room)" in found[1]

    async def test_the_form_comes_back_as_it_was_but_for_what_we_want(self, fakes: FakeSite) -> None:
        services = self.services()
        await probed(fakes, services, "xep0313muc", "vcard_muc")
        (form,) = services.submitted
        submitted = {
            field.get("var"): [value.text for value in field.iterfind(f"{{{DATA}}}value")]
            for field in form.iterfind(f"{{{DATA}}}field")
        }
        assert submitted == {
            "FORM_TYPE": ["http://jabber.org/protocol/muc#roomconfig"],
            "muc#roomconfig_publicroom": ["0"],
            "muc#roomconfig_persistentroom": ["0"],
            "muc#roomconfig_enablearchiving": ["1"],
            "muc#roomconfig_enablelogging": ["0"],
            "muc#roomconfig_roomname": ["<ours>"],
            "muc#roomconfig_getmemberlist": ["a", "b"],
        }

    async def test_the_room_is_destroyed_once(self, fakes: FakeSite) -> None:
        services = self.services()
        journal = Journal()
        await probed(fakes, services, "xep0313muc", "vcard_muc", prober=Prober(fakes.network, journal))
        assert len(services.destroyed) == 1
        assert services.destroyed[0].startswith("xmpp-exporter-")
        assert journal.left(f"probe@{DOMAIN}") == []

    async def test_a_room_that_came_not_to_be_is_not_kept_in_the_journal(self, fakes: FakeSite) -> None:
        services = self.services(presence="not-allowed")
        journal = Journal()
        await probed(fakes, services, "xep0313muc", prober=Prober(fakes.network, journal))
        assert services.destroyed == []
        assert journal.left(f"probe@{DOMAIN}") == []

    @pytest.mark.parametrize(
        ("room", "muc", "vcard", "verdict", "detail"),
        [
            ("vcard-temp", "x", "<vCard xmlns='vcard-temp'/>", "supported", "feature of rooms"),
            ("vcard-temp", "x", "!item-not-found", "supported", "feature of rooms"),
            ("x", "vcard-temp", "<vCard xmlns='vcard-temp'/>", "supported", "feature of the service"),
            ("x", "x", "<vCard xmlns='vcard-temp'/>", "unsupported not_offered", "neither"),
            ("vcard-temp", "x", "!service-unavailable", "broken stanza_error", "service-unavailable"),
            ("vcard-temp", "x", "!forbidden", "unknown forbidden", "forbidden"),
            ("vcard-temp", "x", None, "unknown timeout", "nothing arrived"),
        ],
    )
    async def test_a_room_that_says_it_has_a_vcard_must_show_it(
        self, fakes: FakeSite, room: str, muc: str, vcard: str | None, verdict: str, detail: str
    ) -> None:
        services = self.services(features(room), IS_MUC + features(muc), replies={(ROOMS, "vCard"): vcard})
        found = await verdict_of(fakes, services, "vcard_muc")
        assert (found[0], detail in found[1]) == (verdict, True), found[1]


class TestFinding:
    """Which items count, and what those hide that do not answer."""

    @pytest.mark.parametrize(
        ("info", "verdict", "detail"),
        [
            ({MUC: IS_MUC}, "supported", MUC),
            ({MUC: IS_MUC + identity("gateway", "irc")}, "unsupported not_offered", "no item"),
            ({MUC: identity("conference", "irc")}, "unsupported not_offered", "no item"),
            ({MUC: identity("conference", "text")}, "unsupported not_offered", "no item"),
            ({MUC: features("http://jabber.org/protocol/muc")}, "unsupported not_offered", "no item"),
            ({MUC: None}, "unknown depends_on", f"{MUC}: "),
            ({MUC: "!service-unavailable"}, "unknown depends_on", f"{MUC}: service-unavailable"),
            ({MUC: "!remote-server-not-found"}, "unknown depends_on", f"{MUC}: remote-server-not-found"),
            ({MUC: "!forbidden"}, "unknown depends_on", f"{MUC}: forbidden"),
            ({MUC: "!feature-not-implemented"}, "unsupported not_offered", "no item"),
            ({MUC: IS_MUC, "icq.test": None}, "supported", MUC),
            ({MUC: IS_MUC, "icq.test": "!remote-server-timeout"}, "supported", MUC),
        ],
    )
    async def test_a_service_that_does_not_say_what_it_is_leaves_it_undecided_if_there_is_no_other(
        self, fakes: FakeSite, info: dict[str, str | None], verdict: str, detail: str
    ) -> None:
        found = await verdict_of(fakes, Services(DOMAIN, {DOMAIN: "", **info}), "xep0045")
        assert (found[0], detail in found[1]) == (verdict, True), found[1]

    @pytest.mark.parametrize(
        ("domain", "items", "verdict"),
        [
            ("!service-unavailable", "!service-unavailable", "unsupported not_offered"),
            (features("x"), "!internal-server-error", "unknown depends_on"),
            (features("x"), None, "unknown timeout"),
        ],
    )
    async def test_a_domain_that_does_not_list_its_services_leaves_it_undecided_unless_it_has_no_discovery(
        self, fakes: FakeSite, domain: str, items: str | None, verdict: str
    ) -> None:
        assert (await verdict_of(fakes, Services(DOMAIN, {DOMAIN: domain}, items=items), "xep0045"))[0] == verdict

    @pytest.mark.parametrize("items", [None, "!internal-server-error"])
    async def test_what_was_known_is_not_forgotten_while_nobody_answers(
        self, fakes: FakeSite, items: str | None
    ) -> None:
        up = Services(DOMAIN, {DOMAIN: "", MUC: IS_MUC})
        report = await probed(fakes, up, "xep0045")
        report = await probed(fakes, Services(DOMAIN, up.info, items=items), "xep0045", previous=report)
        assert verdicts_of(report)["xep0045"].startswith("unknown ")
        assert report.services == {"group_chat": (MUC,)}
        down = Services(DOMAIN, {DOMAIN: "", MUC: "!remote-server-not-found"})
        report = await probed(fakes, down, "xep0045", "xep0363", previous=report)
        assert verdicts_of(report) == {"xep0045": "broken component_down", "xep0363": "unsupported not_offered"}

    async def test_a_stream_that_dies_decides_nothing(self, fakes: FakeSite) -> None:
        async def die(session: Session, iq: Element) -> None:
            session.connection.reset()

        async with listening(fakes.server(on_iq=die)) as listener:
            fakes.point(DOMAIN, [(listener.address, listener.port)])
            report = await probe_compliance(fakes.prober(), fakes.config(), only={"xep0045", "xep0363", "stun"})
        assert set(verdicts_of(report).values()) == {"unknown disconnected"}


class TestUpload:
    LIMIT = (
        "<x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE'><value>urn:xmpp:http:upload:0</value></field>"
        "<field var='max-file-size'><value>{}</value></field></x>"
    )

    @pytest.mark.parametrize(
        ("info", "verdict", "limit"),
        [
            (IS_UPLOAD, "supported", None),
            (IS_UPLOAD + LIMIT.format("1234"), "supported", 1234),
            (IS_UPLOAD + LIMIT.format("unlimited"), "supported", None),
            (IS_UPLOAD + LIMIT.format("-1"), "supported", None),
            (IS_UPLOAD + LIMIT.format("9" * 400), "supported", None),
            (features("urn:xmpp:http:upload"), "unsupported outdated", None),
        ],
    )
    async def test_the_largest_size_is_a_fact_where_it_is_a_number(
        self, fakes: FakeSite, info: str, verdict: str, limit: int | None
    ) -> None:
        report = await probed(fakes, Services(DOMAIN, {DOMAIN: "", UPLOAD: info}), "xep0363")
        assert verdicts_of(report) == {"xep0363": verdict}
        assert dict(report.checks[0].outcome.facts) == ({"xmpp_http_upload_max_bytes": limit} if limit else {})

    async def test_the_domain_itself_may_be_the_service(self, fakes: FakeSite) -> None:
        report = await probed(fakes, Services(DOMAIN, {DOMAIN: IS_UPLOAD}), "xep0363")
        assert verdicts_of(report) == {"xep0363": "supported"}
        assert report.services == {"upload": (DOMAIN,)}

    def slot(self, put: str, header: str = "") -> str:
        return f"<slot xmlns='urn:xmpp:http:upload:0'><put url='{put}'>{header}</put><get url='{put}'/></slot>"

    @pytest.mark.parametrize(
        ("answer", "verdict"),
        [
            ("!forbidden", "unknown forbidden"),
            ("!resource-constraint", "unknown forbidden"),
            ("!internal-server-error", "broken stanza_error"),
            (None, "unknown timeout"),
            ("<slot xmlns='urn:xmpp:http:upload:0'/>", "broken mismatch"),
            ("<slot xmlns='urn:xmpp:http:upload:0'><put url='http://x.test/'/><get url=''/></slot>", "broken mismatch"),
            ("<slot xmlns='urn:xmpp:http:upload:0'><put url='https://x.test/'/><get url=''/></slot>", "broken dns"),
        ],
    )
    async def test_what_is_no_slot_is_no_slot(self, fakes: FakeSite, answer: str | None, verdict: str) -> None:
        services = Services(DOMAIN, {DOMAIN: "", UPLOAD: IS_UPLOAD}, {(UPLOAD, "request"): answer})
        found = await verdict_of(fakes, services, "xep0363_cors")
        assert found[0] == verdict, found[1]

    ALLOWED: Mapping[str, str] = {
        "Access_Control_Allow_Origin": "*",
        "Access_Control_Allow_Methods": "GET, PUT",
        "Access_Control_Allow_Headers": "Content-Type, Authorization",
    }
    AUTHORIZED = "<header name='authorization'>token</header>"

    @pytest.mark.parametrize(
        ("status", "headers", "header", "verdict", "detail"),
        [
            ("200 OK", {}, "", "supported", "web pages may upload"),
            ("200 OK", {}, AUTHORIZED, "supported", "web pages may upload"),
            (
                "200 OK",
                {"Access_Control_Allow_Origin": "https://web-client.example.org"},
                "",
                "supported",
                "web pages may upload",
            ),
            ("200 OK", {"Access_Control_Allow_Origin": "https://x.test"}, "", "broken mismatch", "x.test"),
            ("200 OK", {"Access_Control_Allow_Origin": ""}, "", "unsupported not_offered", "is missing;"),
            ("404 Not Found", {"Access_Control_Allow_Origin": ""}, "", "unsupported not_offered", "404"),
            ("405 Not Allowed", {}, "", "broken http_status", "405"),
            ("503 Oops", {"Access_Control_Allow_Origin": ""}, "", "broken http_status", "503"),
            ("200 OK", {"Access_Control_Allow_Methods": "GET"}, "", "broken mismatch", "does not have PUT"),
            ("200 OK", {"Access_Control_Allow_Methods": "*"}, "", "supported", "web pages may upload"),
            ("200 OK", {"Access_Control_Allow_Headers": "X"}, "", "broken mismatch", "does not have content-type"),
            ("200 OK", {"Access_Control_Allow_Headers": "*"}, "", "supported", "web pages may upload"),
            (
                "200 OK",
                {"Access_Control_Allow_Headers": "*"},
                AUTHORIZED,
                "broken mismatch",
                "does not have authorization",
            ),
        ],
    )
    async def test_the_preflight_must_allow_what_the_upload_needs(
        self, fakes: FakeSite, status: str, headers: dict[str, str], header: str, verdict: str, detail: str
    ) -> None:
        requests: list[str] = []
        answers = {"OPTIONS /put": response(status, **{**self.ALLOWED, **headers})}
        async with listening(site(by_path(answers), requests), tls=fakes.tls()) as endpoint:
            slot = self.slot(f"https://{DOMAIN}:{endpoint.port}/put", header)
            services = Services(DOMAIN, {DOMAIN: "", UPLOAD: IS_UPLOAD}, {(UPLOAD, "request"): slot})
            found = await verdict_of(fakes, services, "xep0363_cors")
        assert (found[0], detail in found[1]) == (verdict, True), found[1]
        (preflight,) = [head for head in requests if head.startswith("OPTIONS")]
        wanted = "authorization,content-type" if header else "content-type"
        assert f"Access-Control-Request-Headers: {wanted}\r\n" in preflight
        assert "Access-Control-Request-Method: PUT" in preflight and "token" not in "".join(requests)


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ("<streamhost jid='p' host='127.0.0.1' port='7777'/>", "supported"),
        ("<streamhost jid='p' host='::1' port='7777'/>", "supported"),
        (f"<streamhost jid='p' host='{DOMAIN}' port='7777'/>", "supported"),
        ("<streamhost jid='p' host='nowhere.test' port='7777'/>", "broken dns"),
        ("<streamhost jid='p' host='127.0.0.1'/>", "broken mismatch"),
        ("<streamhost jid='p' port='7777'/>", "broken mismatch"),
        ("", "broken mismatch"),
        ("!forbidden", "unknown forbidden"),
        ("!not-allowed", "unknown forbidden"),
        ("!internal-server-error", "broken stanza_error"),
        (None, "unknown timeout"),
    ],
)
async def test_a_proxy_must_say_where_it_is(fakes: FakeSite, answer: str | None, verdict: str) -> None:
    wrapped = f"<query xmlns='http://jabber.org/protocol/bytestreams'>{answer}</query>"
    reply = wrapped if answer is not None and not answer.startswith("!") else answer
    services = Services(DOMAIN, {DOMAIN: "", PROXY: IS_PROXY}, {(PROXY, "query"): reply})
    found = await verdict_of(fakes, services, "xep0065")
    assert found[0] == verdict, found[1]


def from_now(**time: float) -> str:
    moment = datetime.datetime.now(datetime.UTC) + datetime.timedelta(**time)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def listed(*services: str) -> str:
    return f"<services xmlns='urn:xmpp:extdisco:2'>{''.join(f'<service {each}/>' for each in services)}</services>"


def granted(*services: str) -> str:
    return listed(*services).replace("services", "credentials")


KNOWN = "username='u' password='p'"
HERE = "type='turn' host='t.test'"


class TestExternalServices:
    def services(
        self, services: str | None, credentials: str | None = "!item-not-found", version: str = "2"
    ) -> Services:
        replies = {(DOMAIN, "services"): services, (DOMAIN, "credentials"): credentials}
        return Services(DOMAIN, {DOMAIN: features(f"urn:xmpp:extdisco:{version}")}, replies)

    @pytest.mark.parametrize(
        ("services", "verdict", "detail"),
        [
            (listed("type='stun' host='s.test'"), "supported", "stun s.test"),
            (listed("type='stuns' host='s.test' port='5349' transport='tcp'"), "supported", "stuns tcp s.test:5349"),
            (listed("type='stun'", "type='stun' host='s.test'"), "supported", "stun s.test"),
            (listed("type='stun'"), "broken mismatch", "has no host"),
            (listed("type='stun' host='s.test' port='99999'"), "broken mismatch", "99999"),
            (listed(HERE), "unsupported not_offered", "is of type stun or stuns: there is turn t.test"),
            (listed(), "unsupported not_offered", "is empty"),
            ("!service-unavailable", "broken stanza_error", "asked for external services"),
            ("!forbidden", "unknown forbidden", "forbidden"),
            (None, "unknown timeout", "asked for external services"),
        ],
    )
    async def test_a_stun_server_needs_a_host_alone(
        self, fakes: FakeSite, services: str | None, verdict: str, detail: str
    ) -> None:
        found = await verdict_of(fakes, self.services(services), "stun")
        assert (found[0], detail in found[1]) == (verdict, True), found[1]

    @pytest.mark.parametrize(
        ("services", "credentials", "verdict", "detail"),
        [
            (listed(f"{HERE} {KNOWN}"), None, "supported", "turn t.test"),
            (listed(f"{HERE} {KNOWN} expires='{from_now(hours=1)}'"), None, "supported", "turn t.test"),
            (listed(f"{HERE} {KNOWN} expires='{from_now(hours=-1)}'"), None, "broken mismatch", "expired at"),
            (listed(f"{HERE} {KNOWN} expires='tomorrow'"), None, "broken mismatch", "no date"),
            (listed(HERE), None, "broken mismatch", "has no credentials"),
            (listed(f"{HERE} username='u' password=''"), None, "broken mismatch", "has no credentials"),
            (listed(f"type='turn' {KNOWN}"), None, "broken mismatch", "has no host"),
            (listed(f"{HERE} restricted='1'"), granted(f"{HERE} {KNOWN}"), "supported", "turn t.test"),
            (listed(f"{HERE} restricted='true'"), granted(f"{HERE} {KNOWN}"), "supported", "turn t.test"),
            (
                listed(f"{HERE} restricted='1'"),
                granted(f"{HERE} {KNOWN} expires='{from_now(days=-1)}'"),
                "broken mismatch",
                "expired at",
            ),
            (listed(f"{HERE} restricted='1'"), granted(), "broken mismatch", "no credentials are given"),
            (listed(f"{HERE} restricted='1'"), "!forbidden", "unknown forbidden", "forbidden"),
            (listed(f"{HERE} restricted='1'"), "!item-not-found", "broken stanza_error", "item-not-found"),
            (listed(f"{HERE} restricted='1'"), None, "unknown timeout", "asked for credentials of turn t.test"),
            (
                listed("type='turns' host='a.test'", f"{HERE} {KNOWN}"),
                None,
                "supported",
                "with credentials: turn t.test; turns a.test: has no credentials",
            ),
            (
                listed("type='stun' host='s.test'"),
                None,
                "unsupported not_offered",
                "type turn or turns: there is stun",
            ),
        ],
    )
    async def test_a_turn_server_needs_credentials_that_still_hold(
        self, fakes: FakeSite, services: str, credentials: str | None, verdict: str, detail: str
    ) -> None:
        found = await verdict_of(fakes, self.services(services, credentials), "turn")
        assert (found[0], detail in found[1]) == (verdict, True), found[1]

    async def test_the_version_before_is_outdated(self, fakes: FakeSite) -> None:
        report = await probed(fakes, self.services(listed(), version="1"), "stun", "turn")
        assert set(verdicts_of(report).values()) == {"unsupported outdated"}

    async def test_both_checks_ask_once_and_show_no_password(self, fakes: FakeSite) -> None:
        services = self.services(listed("type='stun' host='s.test'", f"{HERE} username='u' password='hush'"))
        report = await probed(fakes, services, "stun", "turn")
        assert services.asked.count((DOMAIN, "services")) == 1
        assert "hush" not in repr(report)
