"""What a real Alertmanager with our configuration brings to the bridge, and to a dead man's switch."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.integration.alerting import SOON, alert, alertmanager, over
from tests.integration.command import until


@dataclass
class Listener:
    """A web server that takes what it is given."""

    url: str = ""
    calls: list[tuple[str, str | None, dict[str, Any]]] = field(default_factory=list)
    """Path, Authorization, and the document of each request."""

    async def take(self, request: web.Request) -> web.Response:
        self.calls.append((request.path, request.headers.get("Authorization"), await request.json()))
        return web.Response()

    async def called(self, path: str, count: int = 1) -> list[tuple[str | None, dict[str, Any]]]:
        """Who called at a path and with what, once there are so many."""
        await until(lambda: sum(call[0] == path for call in self.calls) >= count, f"call {count} of {path}")
        return [(who, document) for at, who, document in self.calls if at == path]


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    listener = Listener()
    application = web.Application()
    application.router.add_post("/{path:.*}", listener.take)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    listener.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield listener
    await runner.cleanup()


async def test_the_bridge_gets_each_subscriber_s_alerts_at_his_address_with_the_token(
    open_folder: Path, listener: Listener
) -> None:
    (open_folder / "token").write_text("let me in\n")
    text = (
        f"chat:\n  jid: alerts@example.org\n  password_file: never-read\n  webhook: {listener.url}/bridge/\n"
        f"  token: {{password_file: {open_folder}/token}}\n"
        "subscribers:\n"
        "  - {id: person, jid: person@example.org}\n"
        "  - {id: room, room: room@rooms.example.org, domains: ['*.test'], severities: [critical]}\n"
    )
    lost, late = alert("XmppCheckLost", check="xep0313"), alert("XmppCheckLost", "warning", check="xep0280")
    with alertmanager(open_folder, SOON + text) as running:
        running.post(lost, late)
        for_person = await listener.called("/bridge/alerts/person")
        for_room = await listener.called("/bridge/alerts/room")
        running.post(over(lost), over(late))
        (_, resolved) = (await listener.called("/bridge/alerts/person", 2))[-1]
    assert {who for who, _ in (*for_person, *for_room)} == {"Bearer let me in"}
    assert [len(document["alerts"]) for _, document in (for_person[0], for_room[0])] == [2, 1]
    assert for_person[0][1]["groupLabels"] == {"job": "xmpp", "domain": "a.test"}
    assert (resolved["status"], resolved["receiver"]) == ("resolved", "person")


async def test_the_watchdog_calls_the_dead_man_s_switch_and_nobody_else(open_folder: Path, listener: Listener) -> None:
    token = open_folder / "token"
    token.write_text("let me in\n")
    text = (
        f"watchdog: {listener.url}/deadman\n"
        f"chat: {{jid: a@b.test, password_file: x, webhook: '{listener.url}', token: {{password_file: {token}}}}}\n"
        "subscribers: [{id: everything, jid: person@example.org, severities: [critical, warning, info]}]\n"
    )
    with alertmanager(open_folder, SOON + text) as running:
        running.post(alert("XmppWatchdog", "none"), alert("XmppCheckLost"))
        ((who, document),) = await listener.called("/deadman")
        ((_, other),) = await listener.called("/alerts/everything")
    assert who is None
    assert [each["labels"]["alertname"] for each in document["alerts"]] == ["XmppWatchdog"]
    assert [each["labels"]["alertname"] for each in other["alerts"]] == ["XmppCheckLost"]
