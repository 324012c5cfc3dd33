"""From a real Alertmanager to people, with the configuration that both take from one alerts.yml."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.integration.alerting import SOON, alert, alertmanager, over
from tests.integration.chat_site import DOMAIN, ROOMS, ChatSite, chat_site, until
from tests.integration.running_bridge import running_bridge, settings_of
from tests.servers.laboratory import PASSWORD
from xmpp_alerts.bridge import outbox

ROOM = f"operators@{ROOMS}"


@pytest.fixture
def site() -> Iterator[ChatSite]:
    with chat_site() as site:
        yield site


async def test_alertmanager_keeps_trying_until_everybody_has_been_told(
    site: ChatSite, open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "PATIENCE", 1.0)
    (open_folder / "password").write_text(PASSWORD)
    subscribers = [{"id": "alice", "jid": f"alice@{DOMAIN}"}, {"id": "crew", "room": ROOM}]
    settings = settings_of(open_folder, f"bridge@{DOMAIN}", site.address, site.ca_file, subscribers=subscribers)
    async with site.ear() as alice:
        await alice.enter(ROOM, "alice")
        await alice.iq(
            "set",
            "<query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'>"
            "<field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#roomconfig</value></field>"
            "<field var='muc#roomconfig_persistentroom'><value>1</value></field></x></query>",
            ROOM,
        )
    async with running_bridge(open_folder, settings) as running:
        await running.in_rooms()
        settings["chat"]["webhook"] = running.url
        with alertmanager(open_folder, SOON + yaml.safe_dump(settings)) as telling:
            await asyncio.to_thread(site.prosody.stop)
            lost = alert("XmppCheckLost", check="xep0313", summary="Archive lost")
            telling.post(lost)
            refused = 'webhook_requests_total{code="503"}'
            await until(lambda: running.samples()[refused] >= 4, "answers that nobody can be told")
            await asyncio.to_thread(site.prosody.start)
            async with site.ear() as alice:
                await alice.enter(ROOM, "alice")
                await until(lambda: running.samples()["messages_sent_total"] == 2, "messages")
                telling.post(over(lost))
                await until(lambda: running.samples()["messages_sent_total"] == 4, "messages that it is over")
                to_alice = [text for text, sender in zip(alice.texts, alice.senders, strict=True) if sender != ROOM]
                assert [text.split(" · ")[0] for text in to_alice] == ["*critical*", "*no longer alerted*"]
                assert "Archive lost" in to_alice[0]
