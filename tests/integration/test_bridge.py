"""Alerts reach people by real servers, once; and the webhook lets in nobody else, and never tells anybody else."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import bcrypt
import pytest
import yaml

from tests.integration.chat_site import DOMAIN, PLAIN_DOMAIN, ChatSite, chat_site, until
from tests.integration.running_bridge import RunningBridge, alert, group, running_bridge, settings_of
from tests.servers.ear import ear_at
from tests.servers.laboratory import PASSWORD, PEER, PROBE, Laboratory
from xmpp_alerts.bridge.stream import PING
from xmpp_alerts.bridge.web import MAX_BODY
from xmpp_exporter.serving.webconfig import WebConfig
from xmpp_exporter.wire.dns import Resolver
from xmpp_exporter.wire.network import Network
from xmpp_exporter.wire.session import CLIENT
from xmpp_exporter.wire.tls import TlsContexts
from xmpp_exporter.wire.xml import MAX_DEPTH, MAX_STANZA_ELEMENTS

MAIL = {"id": "by-mail", "mail": "ops@example.org"}
SMTP = {"host": "mail.example.org", "from": "alerts@example.org"}


@pytest.fixture
def site() -> Iterator[ChatSite]:
    """One for each test: the server keeps what is sent to somebody who is not there."""
    with chat_site() as site:
        yield site


@asynccontextmanager
async def bridge_at(
    site: ChatSite, directory: Path, domain: str = DOMAIN, web_config: WebConfig | None = None
) -> AsyncIterator[RunningBridge]:
    """Its subscribers are alice, somebody whom the server does not know, and one by mail."""
    (directory / "password").write_text(PASSWORD)
    subscribers = [{"id": "alice", "jid": f"Alice@{domain}"}, {"id": "nobody", "jid": f"nobody@{domain}"}, MAIL]
    jid = f"bridge@{domain}"
    settings = settings_of(directory, jid, site.address, site.ca_file, subscribers=subscribers, smtp=SMTP)
    async with running_bridge(directory, settings, web_config) as running:
        await running.connected()
        yield running


@pytest.mark.parametrize("domain", [DOMAIN, PLAIN_DOMAIN], ids=["acknowledged", "without stream management"])
async def test_a_group_of_alerts_reaches_a_person_once(site: ChatSite, tmp_path: Path, domain: str) -> None:
    async with site.ear(domain=domain) as alice, bridge_at(site, tmp_path, domain) as running:
        assert await running.post("alice", group()) == 200
        assert await running.post("alice", group()) == 200
        assert await running.post("alice", group(alert(status="resolved"))) == 200
        await until(lambda: len(alice.texts) == 2, "messages")
        assert alice.texts[0].startswith(
            "*warning* · example.org: xep0313 does not work any more\nalerted since 2026-07-01"
        )
        assert alice.texts[1].startswith("*no longer alerted* · example.org: xep0313")
        [first, second] = [element for element in alice.heard if element.find(f"{CLIENT}body") is not None]
        assert first.get("type") == "chat"
        assert first.get("from", "").startswith(f"bridge@{domain}/xmpp-alerts-")
        for element in (first, second):
            origin = element.find("{urn:xmpp:sid:0}origin-id")
            assert origin is not None and origin.get("id") == element.get("id")
        assert first.get("id") != second.get("id")
        samples = running.samples()
        assert samples["messages_sent_total"] == 2
        assert samples["last_success_timestamp_seconds"] > samples["config_last_reload_success_timestamp_seconds"]
        assert samples['webhook_requests_total{code="200"}'] == 3


async def test_ejabberd_delivers_to_a_person_and_a_room(laboratory: Laboratory, tmp_path: Path) -> None:
    server = laboratory.server("good.ejabberd.test")
    network = Network(Resolver([laboratory.dns.address], laboratory.dns.port), TlsContexts(laboratory.ca_file))
    (tmp_path / "password").write_text(PASSWORD)
    room = f"bridged@conference.{server.domain}"
    subscribers = [{"id": "peer", "jid": server.jid(PEER)}, {"id": "crew", "room": room}]
    settings = settings_of(tmp_path, server.jid(PROBE), server.address, laboratory.ca_file, subscribers=subscribers)
    async with ear_at(network, server.address, server.jid(PEER)) as peer:
        await peer.enter(room, "peer")
        async with running_bridge(tmp_path, settings) as running:
            await running.in_rooms()
            for subscriber in ("peer", "crew"):
                assert await running.post(subscriber, group()) == 200
            await until(lambda: len(peer.texts) == 2, "messages")
            assert {element.get("type") for element in peer.heard if element.findtext(f"{CLIENT}body")} == {
                "chat",
                "groupchat",
            }


async def test_a_message_that_comes_back_is_not_delivered(site: ChatSite, tmp_path: Path) -> None:
    async with bridge_at(site, tmp_path) as running:
        assert await running.post("nobody", group()) == 503
        samples = running.samples()
        assert samples['messages_failed_total{reason="bounced"}'] == 1
        assert samples["messages_sent_total"] == 0
        status, text = await running.ask("POST", "/alerts/nobody", group())
        assert status == 503 and "service-unavailable" in text


async def test_what_strangers_send_does_not_end_the_connection(site: ChatSite, tmp_path: Path) -> None:
    hostile = [
        "<a>" * 2 * MAX_DEPTH + "</a>" * 2 * MAX_DEPTH,
        "<a/>" * (MAX_STANZA_ELEMENTS + 1),
        "<body>\N{SNOWMAN}</body>",
    ]
    async with site.ear("bob") as bob, site.ear() as alice, bridge_at(site, tmp_path) as running:
        for content in hostile:
            for kind in ("chat", "error", "groupchat", "nonsense"):
                bob.send(f"<message to='bridge@{DOMAIN}' type='{kind}'>{content}</message>")
            bob.send(f"<iq to='bridge@{DOMAIN}/nobody' type='get' id='1'>{content}</iq>")
            bob.send(f"<presence to='bridge@{DOMAIN}' type='subscribe'>{content}</presence>")
        await bob.iq("get", PING, DOMAIN)
        assert await running.post("alice", group()) == 200
        await until(lambda: alice.texts, "message")
        failures = [value for series, value in running.samples().items() if series.startswith("connection_failures")]
        assert sum(failures) == 0
        assert not bob.texts


async def test_a_note_reaches_a_person_once(site: ChatSite, tmp_path: Path) -> None:
    async with site.ear() as alice, bridge_at(site, tmp_path) as running:
        note = {"id": "report 2026-27", "text": "All is well.\n\N{SNOWMAN} \x00"}
        for _ in range(2):
            assert await running.ask("POST", "/notes/alice", note) == (200, "Delivered.\n")
        assert (await running.ask("POST", "/notes/alice", {**note, "id": "another"}))[0] == 200
        await until(lambda: len(alice.texts) == 2, "notes")
        assert alice.texts[0] == "All is well.\n\N{SNOWMAN} \N{REPLACEMENT CHARACTER}"
        assert (await running.ask("POST", "/notes/alice", note, token=None))[0] == 401
        assert (await running.ask("POST", "/notes/stranger", note))[0] == 404
        assert (await running.ask("POST", "/notes/alice", {**note, "to": "bob@example.org"}))[0] == 400


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[" * 100_000, 400),
        (b"[]", 400),
        ({}, 400),
        ({**group(), "version": "3"}, 400),
        ({**group(), "alerts": []}, 400),
        (group({**alert(), "startsAt": "yesterday"}), 400),
        (b" " * (MAX_BODY + 1), 413),
    ],
    ids=["no JSON", "deep JSON", "no object", "empty", "version 3", "no alerts", "no time", "too long"],
)
async def test_what_is_no_webhook_is_refused(site: ChatSite, tmp_path: Path, body: Any, status: int) -> None:
    async with bridge_at(site, tmp_path) as running:
        assert await running.post("alice", body) == status
        assert running.samples()[f'webhook_requests_total{{code="{status}"}}'] == 1


@pytest.mark.parametrize("subscriber", ["stranger", "by-mail", f"alice@{DOMAIN}", "..%2falice"])
async def test_nobody_else_is_told(site: ChatSite, tmp_path: Path, subscriber: str) -> None:
    async with bridge_at(site, tmp_path) as running:
        assert await running.post(subscriber, group()) == 404


@pytest.mark.parametrize("token", [None, "", "another token", "ä"])
async def test_nobody_gets_in_without_the_token(site: ChatSite, tmp_path: Path, token: str | None) -> None:
    async with bridge_at(site, tmp_path) as running:
        assert await running.post("alice", group(), token) == 401
        assert await running.post("stranger", group(), token) == 401
        assert running.samples()['webhook_requests_total{code="401"}'] == 2


async def test_where_pages_have_passwords_either_the_token_or_a_password_opens_the_webhook(
    site: ChatSite, tmp_path: Path
) -> None:
    users = {"alertmanager": bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode()}
    (tmp_path / "web.yml").write_text(yaml.safe_dump({"basic_auth_users": users}))
    async with bridge_at(site, tmp_path, web_config=WebConfig(tmp_path / "web.yml")) as running:
        assert await running.post("alice", group()) == 200
        assert await running.post("alice", group(), "another token") == 401
        assert (await running.ask("GET", "/metrics"))[0] == 401, "the token opens nothing else"
        for path, method in (("/alerts/alice", "POST"), ("/metrics", "GET")):
            url = running.url.replace("http://", "http://alertmanager:secret@") + path
            async with running.client.request(method, url, json=group()) as answer:
                assert answer.status == 200


async def test_the_pages_say_how_it_is(site: ChatSite, tmp_path: Path) -> None:
    async with bridge_at(site, tmp_path) as running:
        assert (await running.ask("GET", "/-/healthy", token=None))[0] == 200
        assert (await running.ask("GET", "/-/ready", token=None))[0] == 200
        status, text = await running.ask("GET", "/metrics", token=None)
        assert status == 200 and "\nxmpp_alerts_bridge_connected 1.0\n" in text


def changed(file: Path, **chat: Any) -> None:
    """Change keys of `chat` in a configuration."""
    settings: dict[str, Any] = yaml.safe_load(file.read_text())
    settings["chat"].update(chat)
    file.write_text(yaml.safe_dump(settings))


async def test_a_reload_changes_the_account_or_nothing(site: ChatSite, tmp_path: Path) -> None:
    async with site.ear() as alice, bridge_at(site, tmp_path) as running:
        changed(running.config_file, jid="no jid")
        status, text = await running.ask("POST", "/-/reload")
        assert status == 500 and "alerts.yml:" in text and "bare JID" in text
        assert running.samples()["config_last_reload_successful"] == 0
        assert await running.post("alice", group()) == 200
        changed(running.config_file, jid=f"bob@{DOMAIN}")
        assert (await running.ask("POST", "/-/reload"))[0] == 200
        await running.connected()
        assert await running.post("alice", group(alert("xep0280"))) == 200
        await until(lambda: len(alice.texts) == 2, "messages")
        senders = [
            element.get("from", "").partition("@")[0] for element in alice.heard if element.find("{*}body") is not None
        ]
        assert senders == ["bridge", "bob"]
        assert running.samples()["config_last_reload_successful"] == 1
