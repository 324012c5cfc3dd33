"""A Prometheus that is away or hangs: every badge and page comes all the same, soon, and says how old it is."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.history.server import PastPrometheus
from tests.history.shared import past_prometheus
from tests.integration.badges_site import Answer, BadgesSite, badges_site, in_front
from xmpp_badges import colours
from xmpp_badges.queries import Queries
from xmpp_exporter.catalogue import checks

pytestmark = pytest.mark.timeout(900)  # whoever comes first makes a month of history

LIMIT = 60.0
BADGE_LIMIT, PAGE_LIMIT = 2.0, 5.0
"""Seconds in which a badge, or a page, must be there."""

BADGES = ["/badge/busy.test.json", "/badge/busy.test/check/xep0313.json", "/badge/busy.test/strip.json"]
PAGES = ["/", "/server/busy.test", "/check/xep0313"]


@pytest.fixture
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PastPrometheus]:
    with past_prometheus(tmp_path_factory) as prometheus:
        yield prometheus


@pytest.fixture
async def site(past: PastPrometheus) -> AsyncIterator[BadgesSite]:
    async with badges_site(past.url, cache="100ms") as site:
        yield site


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(LIMIT):
        while not await condition():
            await asyncio.sleep(0.1)


async def timed(site: BadgesSite, path: str, limit: float) -> Answer:
    started = time.monotonic()
    answer = await site.get(path)
    assert time.monotonic() - started < limit, path
    return answer


async def is_stale(site: BadgesSite, path: str) -> bool:
    return " as of " in (await site.get(path)).json["message"]


async def test_without_prometheus_all_that_was_known_is_shown_with_its_age(
    past: PastPrometheus, site: BadgesSite
) -> None:
    known = {path: (await site.get(path)).json["message"] for path in BADGES}
    for page in PAGES:
        assert (await site.get(page)).status == 200
    past.stop()
    # what changes slowly is good for minutes
    await until(lambda: is_stale(site, BADGES[0]))
    await until(lambda: is_stale(site, BADGES[1]))
    answers = await asyncio.gather(*(timed(site, path, BADGE_LIMIT) for path in BADGES[:2] * 50))
    for path, answer in zip(BADGES[:2] * 50, answers, strict=True):
        assert answer.json["message"].startswith(f"{known[path]} as of ")
        assert answer.json["color"] == colours.STALE
        assert answer.headers["Cache-Control"].startswith("public, max-age=20")
    for page in PAGES:
        answer = await timed(site, page, PAGE_LIMIT)
        assert answer.status == 200
        assert "<strong>As of " in answer.text
    # not asked for before
    unknown = await timed(site, "/badge/well.test/check/xep0313.json", BADGE_LIMIT)
    assert (unknown.json["message"], unknown.json["color"]) == ("not available", colours.UNKNOWN)
    past.start()

    async def recovered() -> bool:
        return not await is_stale(site, BADGES[1])

    await until(recovered)
    assert (await site.get(BADGES[1])).json["message"] == known[BADGES[1]]


async def test_a_prometheus_that_hangs_holds_up_nobody(past: PastPrometheus) -> None:
    os.kill(past.pid, signal.SIGSTOP)
    try:
        async with badges_site(past.url) as site:
            answers = await asyncio.gather(*(timed(site, path, BADGE_LIMIT) for path in BADGES * 20))
            assert {answer.json["message"] for answer in answers} == {"not available"}
            assert (await site.get("/-/ready")).status == 503
            page = await timed(site, "/server/busy.test", PAGE_LIMIT)
            assert (page.status, page.headers["Retry-After"]) == (503, "10")
            data = await timed(site, "/api/v1/servers", PAGE_LIMIT)
            assert (data.status, "Prometheus does not answer" in data.json["error"]) == (503, True)
            os.kill(past.pid, signal.SIGCONT)

            async def known() -> bool:
                return bool((await site.get(BADGES[0])).json["message"] == "85% (18/21)")

            await until(known)
            assert (await site.get("/-/ready")).status == 200
    finally:
        os.kill(past.pid, signal.SIGCONT)


async def test_badges_do_not_wait_for_what_takes_long_of_the_past(past: PastPrometheus) -> None:
    end = asyncio.Event()

    async def ask(path: str, query: str) -> None:
        if path.endswith("query_range"):
            await end.wait()

    async with TestServer(in_front(past.url, ask)) as server:
        async with badges_site("", prometheus={"url": str(server.make_url("/")), "timeout": "5m"}) as site:
            pages = await asyncio.gather(*(site.get(f"/check/{check}") for check in list(checks())[:25]))
            assert {page.status for page in pages} == {503}
            assert (await site.get("/badge/busy.test/check/xep0313.json")).json["message"] == "not supported"
        end.set()


async def test_so_many_moments_of_the_past_can_be_asked_for_at_once(past: PastPrometheus) -> None:
    end = asyncio.Event()
    asked = []

    async def ask(path: str, query: str) -> None:
        asked.append(query)
        if "busy.test" in query:
            await end.wait()

    async with (
        TestServer(in_front(past.url, ask)) as server,
        badges_site("", prometheus={"url": str(server.make_url("/")), "timeout": "5m"}) as site,
    ):
        await site.get("/")
        usual = len(asked)
        moments = [f"2025-12-{day:02}T{hour:02}:00:00Z" for day in (26, 27) for hour in range(24)]
        pages = await asyncio.gather(*(site.get(f"/server/busy.test?at={moment}") for moment in moments))
        assert {page.status for page in pages} == {503}
        end.set()
        queries = len(Queries().summaries("cs2023", "advanced"))

        async def answered() -> bool:
            return (await site.get("/server/busy.test?at=2025-12-26T12:30:00Z")).status == 200

        await until(answered)
        assert len(asked) < usual + queries * len(moments)


async def test_an_exporter_that_hangs_holds_up_no_badge(past: PastPrometheus) -> None:
    asked: list[str] = []

    async def hang(request: web.Request) -> web.Response:
        asked.append(request.path)
        await end.wait()
        return web.json_response([])

    app, end = web.Application(), asyncio.Event()
    app.add_routes([web.get("/{path:.*}", hang)])
    async with TestServer(app) as server:
        async with badges_site(past.url, exporter={"url": str(server.make_url("/")), "timeout": "5m"}) as site:
            assert (await site.get(BADGES[1])).json["message"] == "not supported"
            assert asked == []
            page = await timed(site, "/server/busy.test", PAGE_LIMIT)
            assert (page.status, asked) == (200, ["/api/v1/servers"])
            unlisted = await timed(site, "/badge/foreign.test.json", BADGE_LIMIT)
            assert unlisted.json["message"] == "unknown server"
        end.set()
