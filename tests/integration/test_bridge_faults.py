"""Nothing is lost: what was answered with 200 has arrived, what was answered with 503 arrives with the next attempt."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.integration.chat_site import DEAF_DOMAIN, DOMAIN, ROOMS, ChatSite, chat_site, until
from tests.integration.running_bridge import RunningBridge, alert, group, running_bridge, settings_of
from tests.servers.ear import Ear
from tests.servers.laboratory import PASSWORD
from tests.servers.relay import relayed
from xmpp_alerts.bridge import outbox, stream

MANY = 500
ROOM = f"alerts@{ROOMS}"
SUBSCRIBERS = [{"id": "alice", "jid": f"alice@{DOMAIN}"}, {"id": "crew", "room": ROOM}]


@pytest.fixture
def site() -> Iterator[ChatSite]:
    """It is stopped and killed."""
    with chat_site() as site:
        yield site


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Alertmanager gets its 503 sooner, so that a test sees several of them."""
    monkeypatch.setattr(outbox, "PATIENCE", 1.0)


def settings_at(site: ChatSite, directory: Path, *subscribers: dict[str, Any], **chat: Any) -> dict[str, Any]:
    (directory / "password").write_text(PASSWORD)
    jid = f"bridge@{DOMAIN}"
    wanted = list(subscribers or SUBSCRIBERS[:1])
    return settings_of(directory, jid, site.address, site.ca_file, subscribers=wanted, chat=chat)


def texts_for(groups: list[dict[str, Any]]) -> set[str]:
    """What each of these groups is recognised by."""
    return {each["alerts"][0]["annotations"]["summary"] for each in groups}


def heard_by(ear: Ear) -> Counter[str]:
    """How often each summary was heard, over different messages: a message that came again counts once."""
    distinct = dict(zip(ear.origins, ear.texts, strict=True))
    return Counter(text.splitlines()[0].partition(" · ")[2] for text in distinct.values())


def groups(number: int, prefix: str = "server") -> list[dict[str, Any]]:
    domains = [f"{prefix}{each}.example.org" for each in range(number)]
    return [group(alert(domain=domain), domain=domain) for domain in domains]


async def post_all(running: RunningBridge, subscriber: str, posts: list[dict[str, Any]]) -> None:
    await asyncio.gather(*(running.post_until_delivered(subscriber, post) for post in posts))


@pytest.mark.usefixtures("impatient")
async def test_alerts_that_come_while_the_server_is_stopped_arrive_when_it_is_back(
    site: ChatSite, tmp_path: Path
) -> None:
    async with running_bridge(tmp_path, settings_at(site, tmp_path)) as running:
        await running.connected()
        await asyncio.to_thread(site.prosody.stop)
        posts = groups(5)
        posting = asyncio.create_task(post_all(running, "alice", posts))
        await until(lambda: running.codes[503] >= 5, "answer that it cannot be told")
        assert running.samples()['messages_failed_total{reason="offline"}'] >= 5
        assert running.samples()["connected"] == 0
        assert running.codes[200] == 0
        await asyncio.to_thread(site.prosody.start)
        await posting
        async with site.ear() as alice:  # the server has kept them for her
            await until(lambda: len(heard_by(alice)) == 5, "messages")
        assert set(heard_by(alice)) == texts_for(posts)
        assert len(alice.texts) == 5


@pytest.mark.usefixtures("impatient")
async def test_nothing_is_lost_when_the_server_is_killed_among_500_alerts(site: ChatSite, tmp_path: Path) -> None:
    async with running_bridge(tmp_path, settings_at(site, tmp_path)) as running:
        await running.connected()
        posts = groups(MANY)
        posting = asyncio.create_task(post_all(running, "alice", posts))
        await until(lambda: running.codes[200] >= MANY // 10, "first messages")
        await asyncio.to_thread(site.prosody.kill)
        assert running.codes[200] < MANY
        await asyncio.to_thread(site.prosody.start)
        await posting
        async with site.ear() as alice:
            await until(lambda: len(heard_by(alice)) == MANY, "messages")
        assert set(heard_by(alice)) == texts_for(posts)
        assert set(heard_by(alice).values()) == {1}, "a copy has the origin-id of what it is a copy of"


@pytest.mark.parametrize("subscriber", ["alice", "crew"])
async def test_500_alerts_at_once_all_arrive(site: ChatSite, tmp_path: Path, subscriber: str) -> None:
    async with site.ear() as alice:
        await alice.enter(ROOM, "alice")
        async with running_bridge(tmp_path, settings_at(site, tmp_path, *SUBSCRIBERS)) as running:
            await running.in_rooms()
            posts = groups(MANY)
            await post_all(running, subscriber, posts)
            await until(lambda: len(heard_by(alice)) == MANY, "messages")
            assert set(heard_by(alice)) == texts_for(posts)
            assert len(alice.texts) == MANY, "none came twice"
            assert running.samples()["messages_sent_total"] == MANY


async def test_a_connection_that_is_cut_before_the_acknowledgement_is_resumed_and_nothing_comes_twice(
    site: ChatSite, tmp_path: Path
) -> None:
    async with relayed(site.address, 5222) as relay, site.ear() as alice, AsyncExitStack() as stack:
        settings = settings_at(site, tmp_path, port=relay.port)
        running = await stack.enter_async_context(running_bridge(tmp_path, settings))
        await running.connected()
        relay.keep_back()
        posting = asyncio.create_task(running.post("alice", group()))
        await until(lambda: alice.texts and relay.kept_back, "message whose acknowledgement is kept back")
        relay.cut()
        assert await posting == 200
        assert await running.post("alice", group(alert("xep0280"))) == 200
        await until(lambda: len(alice.texts) == 2, "the next message")
        assert "xep0280" in alice.texts[1]


@pytest.mark.usefixtures("impatient")
async def test_a_message_whose_acknowledgement_is_lost_with_the_server_comes_again_under_the_same_id(
    site: ChatSite, tmp_path: Path
) -> None:
    async with relayed(site.address, 5222) as relay:
        async with running_bridge(tmp_path, settings_at(site, tmp_path, port=relay.port)) as running:
            await running.connected()
            async with site.ear() as alice:
                relay.keep_back()
                posting = asyncio.create_task(running.post_until_delivered("alice", group()))
                await until(lambda: alice.texts and relay.kept_back, "message whose acknowledgement is kept back")
                await asyncio.to_thread(site.prosody.kill)
            relay.cut()
            await asyncio.to_thread(site.prosody.start)
            await posting
        async with site.ear() as alice_again:
            await until(lambda: alice_again.texts, "the message again")
    assert alice.texts == alice_again.texts
    assert alice.origins == alice_again.origins


async def test_a_connection_on_which_nothing_is_acknowledged_is_given_up_and_the_next_one_tells(
    site: ChatSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "UNACKNOWLEDGED", 0.3)
    (tmp_path / "password").write_text(PASSWORD)
    subscribers = [{"id": "alice", "jid": f"alice@{DEAF_DOMAIN}"}]
    jid = f"bridge@{DEAF_DOMAIN}"
    settings = settings_of(tmp_path, jid, site.address, site.ca_file, subscribers=subscribers)
    async with site.ear(domain=DEAF_DOMAIN) as alice, running_bridge(tmp_path, settings) as running:
        await running.connected()
        assert await running.post("alice", group()) == 200
        assert len(alice.texts) == 1
        assert running.samples()['connection_failures_total{reason="timeout"}'] == 1


async def test_a_wrong_password_is_tried_once_and_told(
    site: ChatSite, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    settings = settings_at(site, tmp_path)
    (tmp_path / "password").write_text("wrong")
    bad = 'connection_failures_total{reason="bad_password"}'
    async with running_bridge(tmp_path, settings) as running:
        await until(lambda: running.samples()[bad] >= 2, "second look")
        assert running.samples()["connected"] == 0
        assert site.prosody.log_file.read_text().count("Stream encrypted") == 1, "one guess is enough"
        assert "not-authorized" in capfd.readouterr().out
        (tmp_path / "password").write_text(PASSWORD)
        await running.connected()
        assert await running.post("alice", group()) == 200
