"""The bridge in the test's own event loop, with its webhook, and somebody who uses that as Alertmanager does."""

import asyncio
import io
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from tests.integration.chat_site import LIMIT, until
from xmpp_alerts.bridge.service import Bridge
from xmpp_alerts.bridge.web import application, shows_token
from xmpp_exporter.serving import address
from xmpp_exporter.serving.listeners import Listeners
from xmpp_exporter.serving.webconfig import WebConfig

TOKEN = "a token for nobody else"
NOWHERE = "http://127.0.0.1:9"
RETRY = 0.2
"""Seconds between two attempts; Alertmanager begins with half a second."""


def settings_of(directory: Path, jid: str, server: str, ca_file: Path, **more: Any) -> dict[str, Any]:
    """alerts.yml for an account at the address `server`."""
    (directory / "token").write_text(TOKEN + "\n")
    chat = {
        "jid": jid,
        "password_file": str(directory / "password"),
        "host": server,
        "ca_file": str(ca_file),
        "token": {"password_file": str(directory / "token")},
        **more.pop("chat", {}),
    }
    return {"chat": chat, "prometheus": {"url": NOWHERE}, "alertmanager": {"url": NOWHERE}, **more}


@dataclass
class RunningBridge:
    """A bridge, and a client of its webhook."""

    bridge: Bridge
    url: str
    config_file: Path
    client: aiohttp.ClientSession
    codes: Counter[int] = field(default_factory=Counter)
    """Of the answers so far."""

    async def post(self, subscriber: str, body: Any, token: str | None = TOKEN) -> int:
        """The status of one request."""
        status, _text = await self.ask("POST", f"/alerts/{subscriber}", body, token)
        return status

    async def ask(self, method: str, path: str, body: Any = None, token: str | None = TOKEN) -> tuple[int, str]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        content: dict[str, Any] = {"data": io.BytesIO(body)} if isinstance(body, bytes) else {"json": body}
        async with self.client.request(method, self.url + path, headers=headers, **content) as answer:
            self.codes[answer.status] += 1
            return answer.status, await answer.text()

    async def post_until_delivered(self, subscriber: str, body: Any) -> int:
        """As Alertmanager: again and again until it is taken. Returns how many attempts that needed."""
        deadline = time.monotonic() + LIMIT
        attempts = 1
        while (status := await self.post(subscriber, body)) != 200:
            assert status == 503, f"Alertmanager gives up after {status}"
            assert time.monotonic() < deadline, f"not delivered within {LIMIT:g} s"
            attempts += 1
            await asyncio.sleep(RETRY)
        return attempts

    def samples(self) -> dict[str, float]:
        """The values on /metrics by series, without the prefix that they share."""
        lines = re.findall(r"^xmpp_alerts_bridge_(\S+) (\S+)$", self.bridge.metrics().decode(), re.MULTILINE)
        return {series: float(value) for series, value in lines}

    async def connected(self) -> None:
        await until(lambda: self.bridge.connected, "login of the bridge")

    async def in_rooms(self, number: int = 1) -> None:
        await until(lambda: self.samples()["rooms_joined"] == number, "bridge in its rooms")


@asynccontextmanager
async def running_bridge(
    directory: Path, settings: Mapping[str, Any], web_config: WebConfig | None = None
) -> AsyncIterator[RunningBridge]:
    """Runs with these settings until the end of the block."""
    config_file = directory / "alerts.yml"
    config_file.write_text(yaml.safe_dump(dict(settings)))
    bridge = Bridge(config_file)
    web_config = web_config or WebConfig()
    listeners = Listeners(
        application(bridge, web_config),
        [address.parse("127.0.0.1:0")],
        web_config,
        grace=1.0,
        admitted=lambda request: shows_token(request, bridge.token),
    )
    connector = aiohttp.TCPConnector(limit=0)
    async with bridge.running(), listeners, aiohttp.ClientSession(connector=connector) as client:
        yield RunningBridge(bridge, listeners.urls[0], config_file, client)


def alert(check: str = "xep0313", status: str = "firing", domain: str = "example.org", **more: Any) -> dict[str, Any]:
    """One alert as Alertmanager sends it."""
    return {
        "status": status,
        "labels": {"alertname": "XmppCheckLost", "severity": "warning", "domain": domain, "check": check},
        "annotations": {"summary": f"{domain}: {check} does not work any more", "description": "not_offered"},
        "startsAt": "2026-07-01T10:00:00.123456789Z",
        "endsAt": "0001-01-01T00:00:00Z" if status == "firing" else "2026-07-01T11:00:00Z",
        "generatorURL": "http://localhost:9090/graph",
        "fingerprint": f"{hash((check, domain)) & 0xFFFFFFFFFFFFFFFF:016x}",
        **more,
    }


def group(*alerts: Mapping[str, Any], domain: str = "example.org", **more: Any) -> dict[str, Any]:
    """A webhook of Alertmanager's."""
    sent: Sequence[Mapping[str, Any]] = alerts or [alert(domain=domain)]
    return {
        "version": "4",
        "groupKey": f'{{}}:{{domain="{domain}"}}',
        "truncatedAlerts": 0,
        "status": "firing" if any(each["status"] == "firing" for each in sent) else "resolved",
        "receiver": "somebody",
        "groupLabels": {"domain": domain},
        "commonLabels": {"domain": domain},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager.example.org",
        "alerts": list(sent),
        **more,
    }
