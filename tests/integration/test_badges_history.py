"""Badges, pages and data of servers of which a real Prometheus has a month of history."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import html5lib
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.history.script import END
from tests.history.server import PastPrometheus
from tests.history.shared import past_prometheus
from tests.integration.badges_site import BadgesSite, badges_site, in_front
from xmpp_badges.documents import rfc3339
from xmpp_badges.site import Site
from xmpp_exporter.catalogue import checks

pytestmark = pytest.mark.timeout(900)  # whoever comes first makes a month of history

HOUR, DAY = 3600.0, 86_400.0

LISTED = {"well.test", "busy.test", "down.test", "closed.test", "twice.test", "stuck.test"}

PAGES = [
    "/",
    "/?q=prosody&sort=domain&order=reverse&page=7",
    "/?q=nothing+of+this",
    "/server/busy.test",
    "/server/busy.test?at=2025-12-26",
    "/server/down.test",
    "/server/closed.test",
    "/checks",
    "/check/xep0313",
    "/check/srv_c2s",
    "/compare",
    "/compare?domains=busy.test,well.test,nobody.test",
    "/help/prosody/xep0313",
    "/help/other/xep0313",
]
PROBLEMS = {
    "/server/nobody.test": 404,
    "/server/foreign.test": 404,
    "/server/removed.test": 404,
    "/server/..%2F": 404,
    "/check/nothing": 404,
    "/help/prosody/nothing": 404,
    "/server/busy.test?at=tomorrow": 400,
    "/compare?domains=a.test,b.test,c.test,d.test,e.test,f.test,g.test": 400,
}

BADGES = {
    "/badge/well.test": ("XMPP compliance", r"100% \((\d+)/\1\)"),
    "/badge/busy.test": ("XMPP compliance", r"85% \(18/21\)"),
    "/badge/busy.test/im": ("XMPP IM", r"\d+% \(\d+/\d+\)"),
    "/badge/busy.test/check/xep0313": ("Message Archive Management", "not supported"),
    "/badge/busy.test/check/xep0352": ("Client State Indication", "broken"),
    "/badge/busy.test/check/xep0280": ("Message Carbons", "supported"),
    "/badge/busy.test/check/xep0398": ("User avatar to vCard conversion", "unknown"),
    "/badge/busy.test/check/xep9999": ("XMPP", "unknown check"),
    "/badge/busy.test/nothing": ("XMPP", "unknown category"),
    "/badge/busy.test/availability": ("XMPP up, 30 days", r"96\.\d+%"),
    "/badge/busy.test/certificate": ("certificate", "expires in 9 days"),
    "/badge/busy.test/strip": ("XMPP, 30 days", r"8\d\.?\d*% on average"),
    "/badge/down.test": ("XMPP compliance", "server down"),
    "/badge/down.test/check/xep0313": ("Message Archive Management", "server down"),
    "/badge/down.test/availability": ("XMPP up, 30 days", r"99\.\d+%"),
    "/badge/twice.test/check/xep0215": ("External Service Discovery", "supported"),
    "/badge/nobody.test": ("XMPP", "unknown server"),
    "/badge/foreign.test": ("XMPP", "unknown server"),
    "/badge/removed.test": ("XMPP", "unknown server"),
    "/badge/%22%5D%7D": ("XMPP", "unknown server"),
}


SHIELDS = {"color": str, "labelColor": str, "isError": bool, "style": str, "cacheSeconds": int}
"""Of what https://shields.io/badges/endpoint-badge lists as optional, what we say."""


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PastPrometheus]:
    with past_prometheus(tmp_path_factory) as prometheus:
        yield prometheus


@pytest.fixture
async def site(past: PastPrometheus) -> AsyncIterator[BadgesSite]:
    async with badges_site(past.url) as site:
        yield site


@pytest.mark.parametrize("badge", BADGES)
async def test_a_badge_says_what_happened_as_an_image_and_as_data(site: BadgesSite, badge: str) -> None:
    label, message = BADGES[badge]
    data = (await site.get(f"{badge}.json")).json
    assert (data["schemaVersion"], data["label"]) == (1, label)
    assert data.keys() == {*SHIELDS, "schemaVersion", "label", "message"}
    assert {name: type(value) for name, value in data.items() if name in SHIELDS} == SHIELDS
    assert re.fullmatch(message, data["message"])
    image = await site.get(f"{badge}.svg")
    assert (image.status, image.headers["Content-Type"]) == (200, "image/svg+xml; charset=utf-8")
    assert ElementTree.fromstring(image.text).attrib["aria-label"] == f"{label}: {data['message']}"


async def test_another_suite_window_and_look_can_be_asked_for(site: BadgesSite) -> None:
    assert (await site.get("/badge/busy.test.json?suite=conversations")).json["message"] == "89% (17/19)"
    assert (await site.get("/badge/busy.test.json?level=core")).json["message"] != "85% (18/21)"
    hours = (await site.get("/badge/busy.test/availability.json?window=24h")).json
    assert (hours["label"], hours["message"][:3]) == ("XMPP up, 24 hours", "91.")
    look = await site.get("/badge/busy.test.svg?style=for-the-badge&label=%3Cb%3E%00ok&color=purple")
    assert "&lt;B&gt; OK" in look.text
    assert "#6d28d9" in look.text
    for wrong in ("style=big", "suite=x", "level=x", "color=x"):
        assert (await site.get(f"/badge/busy.test.svg?{wrong}")).status == 400
    assert (await site.get("/badge/busy.test/availability.svg?window=1y")).status == 400


async def test_the_predecessors_addresses_go_on_working(site: BadgesSite) -> None:
    for path in ("/badge/busy.test/", "/badge/busy.test"):
        assert "85% (18/21)" in (await site.get(path)).text
    for old, new in {"/server/busy.test/": "/server/busy.test", "/test/xep0313/": "/check/xep0313"}.items():
        moved = await site.get(old)
        assert (moved.status, moved.headers["Location"]) == (301, new)
    compliant = await site.get("/api/compliant_servers/")
    assert (compliant.text, compliant.headers["Content-Type"]) == ("well.test\n", "text/plain; charset=utf-8")


def documented() -> set[str]:
    """Every address of docs/badges.md, with something in the place of what is written in capitals."""
    text = DOCS.read_text()
    written = "".join(re.findall(r"^\| ((?:`/[^`]+`,? ?)+) \|", text, re.MULTILINE))
    predecessors = text.partition("go on working:")[2].partition("\n\n")[0]
    found = set(re.findall("`(/[^`]+)`", written + predecessors))
    for name, value in EXAMPLES.items():
        found = {address.replace(name, value) for address in found}
    badges = {address for address in found if address.endswith(".svg")}
    return found | {address.replace(".svg", ".json") for address in badges}


DOCS = Path(__file__).parents[2] / "docs" / "badges.md"
EXAMPLES = {
    "DOMAIN": "busy.test",
    "CATEGORY": "im",
    "CHECK": "xep0313",
    "SOFTWARE": "prosody",
    "a,b,c": "busy.test,well.test",
}


async def test_every_documented_address_answers(site: BadgesSite) -> None:
    addresses = documented()
    assert len(addresses) > 25
    for address in sorted(addresses):
        answer = await site.get(address)
        if answer.status == 301:
            answer = await site.get(answer.headers["Location"])
        assert answer.status == 200, address
        assert "unknown" not in answer.text or not address.startswith("/badge/"), address


@pytest.mark.parametrize("page", [*PAGES, *PROBLEMS])
async def test_a_page_is_strictly_html_and_links_to_what_is_there(site: BadgesSite, page: str) -> None:
    answer = await site.get(page)
    assert answer.status == PROBLEMS.get(page, 200)
    document = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(answer.text)
    assert len(document.findall(".//h1")) == 1
    assert document.findall(".//script") == []
    attributes = {name for each in document.iter() for name in each.attrib}
    assert not [name for name in attributes if name.startswith("on") or name == "style"]
    ids = [each.attrib["id"] for each in document.iter() if "id" in each.attrib]
    assert len(ids) == len(set(ids))
    links = {each.attrib[name] for each in document.iter() for name in ("href", "src") if name in each.attrib}
    for link in sorted(link for link in links if link.startswith("/")):
        assert (await site.get(link)).status == 200, link


def texts(html: str) -> str:
    """All that a page says, with single blanks."""
    document = html5lib.parse(html, namespaceHTMLElements=False)
    return " ".join(" ".join(document.itertext()).split())


async def test_the_table_shows_the_listed_servers_and_finds_them(site: BadgesSite) -> None:
    page = (await site.get("/")).text
    assert set(re.findall(r'href="/server/([a-z.]+)"', page)) == LISTED
    found = (await site.get("/?q=openfire")).text
    assert re.findall(r'href="/server/([a-z.]+)"', found) == ["down.test"]
    names = re.findall(r'href="/server/([a-z.]+)"', (await site.get("/?sort=domain")).text)
    assert names == sorted(LISTED)
    table = (await site.get("/api/v1/servers.csv?sort=domain")).text.splitlines()
    assert [line.partition(",")[0] for line in table] == ["domain", *sorted(LISTED)]


async def test_a_servers_page_says_what_does_not_work_since_when_and_what_to_do(site: BadgesSite) -> None:
    page = (await site.get("/server/busy.test")).text
    said = texts(page)
    assert "18 of 21 requirements of the XMPP Compliance Suites 2023 are met; 2 could not be decided." in said
    assert "3 of the checks that count do not work. Open one for what to change with ejabberd." in said
    assert "Nothing says that it is there. Since 2025-12-28." in said
    assert "[![XMPP compliance of busy.test]" in said
    assert "24.07" not in said
    assert "up available 96.39% of the last 30 days certificate expires in 9 days ejabberd probed" in said
    down = texts((await site.get("/server/down.test")).text)
    assert "The server is down, so its features cannot be tried." in down
    assert "login fails" not in down
    closed = (await site.get("/server/closed.test")).text
    assert "login fails" in texts(closed)
    # with one requirement decided of 23
    assert '<p class="score none"><strong>100%' in closed


async def test_changes_are_those_of_the_script(site: BadgesSite) -> None:
    document = (await site.get("/api/v1/servers/busy.test/history")).json
    found = {(each["check"], each["to"]): each["time"] for each in document["changes"]}
    expected = {
        ("xep0313", "unsupported"): 20 * HOUR,
        ("xep0280", "supported"): 12 * HOUR,
        ("xep0352", "unsupported"): 5 * DAY,
        ("xep0384", "supported"): 4 * DAY,
    }
    assert found.keys() == expected.keys()
    for change, age in expected.items():
        # the exporter probes once an hour, and it is looked at once an hour
        assert rfc3339(END - age) <= found[change] <= rfc3339(END - age + 2 * HOUR)
    down = {each["date"]: each["value"] for each in document["availability"]["days"]}
    assert down["2025-12-09"] < 0.9
    assert (document["score"]["days"][-1]["value"], len(down)) == (pytest.approx(0.86, abs=0.03), 90)
    assert (await site.get("/api/v1/servers/well.test/history")).json["changes"] == []


async def test_the_past_is_shown_as_it_was(site: BadgesSite) -> None:
    then = (await site.get("/api/v1/servers/busy.test?at=2025-12-27")).json
    now = (await site.get("/api/v1/servers/busy.test")).json
    states = [{each["id"]: each["verdict"] for each in document["checks"]} for document in (then, now)]
    assert [state["xep0313"] for state in states] == ["supported", "unsupported"]
    assert [state["xep0280"] for state in states] == ["unsupported", "supported"]
    assert then["at"] == "2025-12-27T23:59:00Z"
    since = {each["id"]: each["since"] for each in then["checks"]}
    assert since["xep0352"].startswith("2025-12-24")
    page = texts((await site.get("/server/busy.test?at=2025-12-27")).text)
    assert "Since 2025-12-24." in page
    assert "2025-12-28" not in page
    down = (await site.get("/api/v1/servers/down.test?at=2025-12-27")).json
    assert (down["up"], (await site.get("/api/v1/servers/down.test")).json["up"]) == (True, False)


async def test_of_a_past_that_is_too_long_ago_nothing_is_said_that_is_not_known(site: BadgesSite) -> None:
    page = texts((await site.get("/server/busy.test?at=2025-03-01")).text)
    assert "What changed is looked for in the last 90 days only." in page
    assert re.findall(r"(?i)since (?:before )?\d|load the page again", page) == []
    document = (await site.get("/api/v1/servers/busy.test?at=2025-03-01")).json
    assert {each["at_least_since"] for each in document["checks"]} == {None}


REFUSED = {
    "/api/v1/servers/nobody.test": 404,
    "/api/v1/servers/foreign.test": 404,
    "/api/v1/servers/foreign.test/history": 404,
    "/api/v1/servers/busy.test?at=tomorrow": 400,
    "/api/v1/servers/busy.test/history?suite=x": 400,
    "/api/v1/compare?domains=a.test,b.test,c.test,d.test,e.test,f.test,g.test": 400,
    "/api/v1/checks/nothing": 404,
    "/api/v1/help/prosody/nothing": 404,
    "/api/v1/help/nothing/xep0313": 404,
    "/api/v1/compliant?level=x": 400,
}


@pytest.mark.parametrize("path", REFUSED)
async def test_scripts_are_told_why_there_is_no_answer(site: BadgesSite, path: str) -> None:
    answer = await site.get(path)
    assert (answer.status, answer.headers["Content-Type"]) == (REFUSED[path], "application/json; charset=utf-8")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.json.keys() == {"error"}


async def test_the_predecessors_list_has_servers_that_people_can_register_with(past: PastPrometheus) -> None:
    """It is the same Prometheus, but for what is said of registration."""

    async def ask(path: str, query: str) -> list[Any] | None:
        return [{"metric": {"domain": "well.test"}, "value": [END, said[0]]}] if 'check="xep0077"' in query else None

    said = ["1"]
    async with TestServer(in_front(past.url, ask)) as server, badges_site(str(server.make_url("/"))) as site:
        assert (await site.get("/api/compliant_servers/")).text == "well.test\n"
    said = ["0"]
    async with TestServer(in_front(past.url, ask)) as server, badges_site(str(server.make_url("/"))) as site:
        assert (await site.get("/api/compliant_servers/")).text == ""
        assert (await site.get("/api/v1/compliant?suite=conversations")).text == "well.test\n"


async def test_a_check_tells_where_it_works(site: BadgesSite) -> None:
    document = (await site.get("/api/v1/checks/xep0313")).json
    assert document["servers"]["busy.test"] == "unsupported"
    assert document["servers"]["well.test"] == "supported"
    assert not {"foreign.test", "removed.test", "closed.test"} & document["servers"].keys()
    assert document["share"][-1]["value"] < document["share"][-3]["value"] == 1
    overview = {each["id"]: each["share"] for each in (await site.get("/api/v1/checks")).json["checks"]}
    assert overview.keys() == checks().keys()
    assert overview["xep0313"] == 0.75


async def test_servers_are_compared_side_by_side(site: BadgesSite) -> None:
    document = (await site.get("/api/v1/compare?domains=busy.test,well.test")).json
    assert [each["domain"] for each in document["servers"]] == ["busy.test", "well.test"]
    assert "Not watched here: nobody.test." in texts((await site.get("/compare?domains=busy.test,nobody.test")).text)
    nobody = (await site.get("/api/v1/compare?domains=busy.test,nobody.test")).json
    assert ([each["domain"] for each in nobody["servers"]], nobody["missing"]) == (["busy.test"], ["nobody.test"])


async def test_an_answer_that_is_known_already_is_not_sent_again(site: BadgesSite) -> None:
    for path in ("/badge/well.test.svg", "/badge/well.test.json", "/check/xep0313", "/api/v1/compliant"):
        first = await site.get(path)
        etag = first.headers["ETag"]
        again = await site.get(path, If_None_Match=etag)
        assert (again.status, again.text, again.headers["ETag"]) == (304, "", etag)
        assert (await site.get(path, If_None_Match='"other"')).status == 200
        head = await site.get(path, "HEAD")
        assert (head.status, head.text, head.headers["ETag"]) == (200, "", etag)
        assert head.headers["Cache-Control"].startswith("public, max-age=60")


async def test_browsers_are_told_what_they_may_do(site: BadgesSite) -> None:
    for path in (
        "/",
        "/badge/well.test.svg",
        "/api/v1/servers",
        "/nothing",
        "/server/nobody.test",
        "/static/style.css",
    ):
        headers = (await site.get(path)).headers
        policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
        assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        assert policy["style-src"] == policy["img-src"] == policy["form-action"] == "'self'"
        assert (headers["X-Content-Type-Options"], headers["X-Frame-Options"]) == ("nosniff", "DENY")
    assert (await site.get("/badge/well.test.svg")).headers["Cross-Origin-Resource-Policy"] == "cross-origin"


async def test_it_counts_what_it_does_by_route(site: BadgesSite) -> None:
    await site.get("/badge/well.test.svg")
    await site.get("/badge/busy.test.svg")
    page = (await site.get("/metrics")).text
    assert re.search(r'xmpp_badges_requests_total\{code="200",route="/badge/\{domain\}\.\{format\}"\} 2\.0', page)
    assert re.search(r'xmpp_badges_answers_total\{became="stale"\} 0\.0', page)
    assert "busy.test" not in page
    assert (await site.get("/-/ready")).status == (await site.get("/-/healthy")).status == 200


@pytest.mark.parametrize("host", ["a b", "", "example.org:999999", '"><script>', "[::1", "example.org/x"])
async def test_a_host_that_is_none_gets_into_no_snippet(site: BadgesSite, host: str) -> None:
    reader, writer = await asyncio.open_connection(*site.url.removeprefix("http://").split(":"))
    writer.write(f"GET /server/busy.test HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
    writer.close()
    assert "http://[::1]:15223/badge/busy.test.svg" in (await site.get("/server/busy.test", Host="[::1]:15223")).text


async def test_behind_a_proxy_links_lead_where_browsers_look(past: PastPrometheus) -> None:
    where = Site("/inner", "/outer", "https://example.org/outer")
    async with badges_site(past.url, where, grafana={"url": "https://grafana.example.org"}, versions=True) as site:
        page = (await site.get("/inner/server/busy.test")).text
        assert 'href="/outer/check/xep0313"' in page
        assert "https://example.org/outer/badge/busy.test.svg" in page
        assert 'href="https://grafana.example.org/d/xmpp-server?var-domain=busy.test"' in page
        assert "ejabberd 24.07" in page
        assert (await site.get("/")).headers["Location"] == "/inner/"
        assert (await site.get("/inner/test/xep0313/")).headers["Location"] == "/outer/check/xep0313"


def exporter(reports: dict[str, Any]) -> web.Application:
    """The part of an exporter's API that is asked for, with the `relation` and the contacts of some servers."""

    async def servers(request: web.Request) -> web.Response:
        return web.json_response([{"domain": domain, "relation": each["relation"]} for domain, each in reports.items()])

    async def server(request: web.Request) -> web.Response:
        detail = reports[request.match_info["domain"]]["contacts"]
        return web.json_response({"checks": [{"id": "xep0157", "verdict": "supported", "detail": detail}]})

    app = web.Application()
    app.add_routes([web.get("/api/v1/servers", servers), web.get("/api/v1/servers/{domain}", server)])
    return app


async def test_contacts_and_unlisted_servers_are_shown_of_the_operators_own_only(past: PastPrometheus) -> None:
    contacts = "abuse: mailto:abuse@busy.test, xmpp:ops@busy.test; admin: javascript:alert(1), https://busy.test/<b>"
    reports = {
        "busy.test": {"relation": "own", "contacts": contacts},
        "well.test": {"relation": "permitted", "contacts": "abuse: mailto:abuse@well.test"},
        "foreign.test": {"relation": "own", "contacts": ""},
    }
    async with (
        TestServer(exporter(reports)) as server,
        badges_site(past.url, exporter={"url": str(server.make_url("/"))}) as site,
    ):
        own = (await site.get("/server/busy.test")).text
        shown = re.findall(r'<a href="((?:mailto|xmpp|javascript):[^"]*)"', own)
        assert shown == ["mailto:abuse@busy.test", "xmpp:ops@busy.test"]
        assert "abuse@well.test" not in (await site.get("/server/well.test")).text
        # its owner may have a badge of it, but it stays out of lists
        assert (await site.get("/server/foreign.test")).status == 200
        assert "foreign.test" not in (await site.get("/")).text
        assert "foreign.test" not in (await site.get("/api/v1/checks/srv_c2s")).text
