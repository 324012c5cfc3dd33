"""The report as a message: through the real bridge and a real server, to a person and into a room."""

from pathlib import Path

from tests.integration.chat_site import DOMAIN, ROOMS, chat_site, until
from tests.integration.running_bridge import group, running_bridge, settings_of
from tests.reports.sender import Sender
from tests.reports.sender import settings_of as report_settings_of
from tests.servers.laboratory import PASSWORD
from tests.servers.prometheus import Prometheus

ROOM = f"operators@{ROOMS}"


async def test_a_person_and_a_room_get_the_report_once(week: Prometheus, tmp_path: Path) -> None:
    (tmp_path / "password").write_text(PASSWORD)
    people = [
        {"id": "alice", "jid": f"alice@{DOMAIN}", "domains": ["busy.test"]},
        {"id": "operators", "room": ROOM, "domains": ["well.test"]},
    ]
    with chat_site() as site:
        chat = settings_of(tmp_path, f"bridge@{DOMAIN}", site.address, site.ca_file)["chat"]
        settings = report_settings_of(week.url, people, chat=chat)
        async with site.ear() as alice, site.ear("bob") as bob:
            await bob.enter(ROOM, "bob")
            async with running_bridge(tmp_path, settings) as bridge:
                await bridge.in_rooms()
                sender = Sender(tmp_path, settings | {"chat": chat | {"webhook": bridge.url}})
                first = await sender.run()
                (tmp_path / "state" / "reports.json").unlink()  # as if it had been killed before it could note them
                second = await sender.run()
                await until(lambda: len(alice.texts) == 1 and len(bob.texts) == 1, "messages")
                assert await bridge.post_until_delivered("alice", group()) == 1
                await until(lambda: len(alice.texts) > 1, "message behind them")
    assert (first.out, second.out) == ("2 sent.\n", "2 sent.\n")
    assert alice.texts[0].startswith("*XMPP servers, 13 to 19 July 2026*\n2 checks lost, ")
    assert "lost Wed 15 July 10:30: Message Archive Management" in alice.texts[0]
    assert [len(alice.texts), len(bob.texts)] == [2, 1]
    assert "1 server without news" in bob.texts[0]
