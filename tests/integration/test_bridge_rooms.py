"""The bridge stays in its rooms, and says so when it cannot (XEP-0045, XEP-0410)."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.integration.chat_site import DOMAIN, ROOMS, ChatSite, chat_site, until
from tests.integration.running_bridge import RunningBridge, alert, group, running_bridge, settings_of
from tests.servers.ear import Ear
from tests.servers.laboratory import PASSWORD
from xmpp_alerts.bridge import outbox
from xmpp_alerts.bridge import room as rooms

NICK = "xmpp-alerts"


@pytest.fixture(scope="module")
def site() -> Iterator[ChatSite]:
    with chat_site() as site:
        yield site


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither Alertmanager nor the test waits for long."""
    monkeypatch.setattr(outbox, "PATIENCE", 1.0)
    monkeypatch.setattr(rooms, "LONGEST_WAIT", 2.0)


@asynccontextmanager
async def bridge_for(site: ChatSite, directory: Path, room: str, **more: Any) -> AsyncIterator[RunningBridge]:
    (directory / "password").write_text(PASSWORD)
    subscribers = [{"id": "crew", "room": room}]
    settings = settings_of(directory, f"bridge@{DOMAIN}", site.address, site.ca_file, subscribers=subscribers, **more)
    async with running_bridge(directory, settings) as running:
        yield running


@asynccontextmanager
async def crew(site: ChatSite, room: str) -> AsyncIterator[Ear]:
    """Alice, who has made the room and is in it."""
    async with site.ear() as alice:
        await alice.enter(room, "alice")
        yield alice


async def test_a_group_of_alerts_is_said_in_a_room(site: ChatSite, tmp_path: Path) -> None:
    room = f"said@{ROOMS}"
    async with crew(site, room) as alice, bridge_for(site, tmp_path, room) as running:
        await running.in_rooms()
        assert await running.post("crew", group()) == 200
        await until(lambda: alice.texts, "message")
        assert alice.heard[-1].get("from") == f"{room}/{NICK}"
        assert await running.post("crew", group()) == 200
        assert await running.post("crew", group(alert("xep0280"))) == 200
        await until(lambda: "xep0280" in alice.texts[-1], "the other message")
        assert len(alice.texts) == 2, "what was said already was not said again"


async def test_who_was_kicked_comes_back(site: ChatSite, tmp_path: Path) -> None:
    room = f"kicked@{ROOMS}"
    async with crew(site, room) as alice, bridge_for(site, tmp_path, room) as running:
        await running.in_rooms()
        await alice.kick(room, NICK)
        await running.in_rooms(0)
        await running.post_until_delivered("crew", group())
        await until(lambda: alice.texts, "message")
        await running.in_rooms()


async def test_a_room_that_bans_gets_its_alerts_when_it_lets_us_in_again(site: ChatSite, tmp_path: Path) -> None:
    room = f"banned@{ROOMS}"
    async with crew(site, room) as alice, bridge_for(site, tmp_path, room) as running:
        await running.in_rooms()
        await alice.affiliate(room, f"bridge@{DOMAIN}", "outcast")
        posting = asyncio.create_task(running.post_until_delivered("crew", group()))
        await until(lambda: running.codes[503] >= 2, "answers that it is not said")
        assert running.samples()["rooms_joined"] == 0
        assert running.samples()['messages_failed_total{reason="not_in_room"}'] >= 2
        assert not alice.texts
        await alice.affiliate(room, f"bridge@{DOMAIN}", "none")
        await posting
        await until(lambda: alice.texts, "message")
        assert len(alice.texts) == 1


async def test_a_room_that_is_not_there_is_not_made(site: ChatSite, tmp_path: Path) -> None:
    room = f"missing@{ROOMS}"
    async with bridge_for(site, tmp_path, room) as running:
        await running.connected()
        assert await running.post("crew", group()) == 503
        assert room not in site.prosody.rooms(ROOMS)
        async with crew(site, room) as alice:
            await running.post_until_delivered("crew", group())
            await until(lambda: alice.texts, "message")


async def test_who_has_our_nick_keeps_it(site: ChatSite, tmp_path: Path) -> None:
    room = f"namesake@{ROOMS}"
    async with site.ear("bob") as bob:
        await bob.enter(room, NICK)
        async with bridge_for(site, tmp_path, room) as running:
            await running.post_until_delivered("crew", group())
            await until(lambda: bob.texts, "message")
            assert bob.heard[-1].get("from") == f"{room}/{NICK}_"


async def test_a_room_that_has_forgotten_us_is_found_out_and_entered_again(
    site: ChatSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms, "SILENCE", 0.2)
    room = f"forgotten@{ROOMS}"
    async with crew(site, room) as alice, bridge_for(site, tmp_path, room) as running:
        await running.in_rooms()
        stream = running.bridge._connection.stream
        assert stream is not None
        with alice.listen(lambda each: each.get("from") == f"{room}/{NICK}") as presences:
            # without a word, as a service does that has lost its state
            there = f"prosody.hosts['{ROOMS}'].modules.muc.get_room_from_jid('{room}')"
            forget = f"r._occupants['{room}/{NICK}'] = nil; r._jid_nick['{stream.jid}'] = nil"
            site.prosody.shell(f">local r = {there}; {forget}")
            presence = await presences.next("presence of the bridge")
            assert presence.get("type") is None, "it comes, and has never gone"


async def test_a_room_that_leaves_the_configuration_is_left(site: ChatSite, tmp_path: Path) -> None:
    room = f"left@{ROOMS}"
    async with crew(site, room) as alice, bridge_for(site, tmp_path, room) as running:
        await running.in_rooms()
        text = running.config_file.read_text()
        with alice.listen(lambda each: each.get("from") == f"{room}/{NICK}") as presences:
            running.config_file.write_text(text.replace(room, f"other@{ROOMS}"))
            await running.bridge.reload()
            presence = await presences.next("goodbye")
            assert presence.get("type") == "unavailable"
        assert running.samples()["rooms"] == 1
