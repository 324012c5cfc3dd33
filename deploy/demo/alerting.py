"""Alerting as a user would run it: Alertmanager with what `xmpp-alerts render` makes, and the bridge to XMPP."""

import json
import subprocess
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from deploy.demo.service import Service, installed
from tests.servers.alertmanager import Alertmanager
from tests.servers.laboratory import Laboratory, Server
from tests.servers.program import ProgramError

RENDER_LIMIT = 60.0
WRITER, READER = "probe", "peer"
"""The accounts that messages come from and go to: every server of the laboratory has them."""
READER_MAIL = "admin@example.org"
"""The mail address that they go to."""
TOKEN = "a secret that Alertmanager and the bridge share"  # noqa: S105 - on loopback, for as long as this runs


class Bridge(Service):
    """`xmpp-alerts bridge` on `address`:`port`, with the text of an alerts.yml."""

    name = "xmpp-alerts"
    executable = installed("xmpp-alerts")
    subcommand = "bridge"
    file_name = "alerts.yml"


class RenderedAlertmanager(Alertmanager):
    """Alertmanager with what `xmpp-alerts render` makes of an alerts.yml."""

    def __init__(self, directory: Path, alerts_file: Path, address: str, port: int) -> None:
        super().__init__(directory, address, port)
        self._alerts_file = alerts_file

    def prepare(self) -> None:
        result = subprocess.run(  # noqa: S603 - our own command, with our own paths
            [Bridge.executable, "render", f"--config.file={self._alerts_file}", f"--output={self.directory}"],
            check=False,
            capture_output=True,
            text=True,
            timeout=RENDER_LIMIT,
        )
        if result.returncode:
            raise ProgramError(f"xmpp-alerts render: {result.stdout}{result.stderr}")


@dataclass(frozen=True, slots=True)
class Places:
    """Where everything is that alerting has to do with: URLs, and the mail server's address and port."""

    prometheus: str
    pages: str
    alertmanager: str
    bridge: str
    mail: tuple[str, int]


def start(
    stack: ExitStack, laboratory: Laboratory, chat: Server, places: Places, interval: str
) -> tuple[RenderedAlertmanager, Bridge]:
    """Start both, with one subscriber by mail and one by chat, who are told what is new each `interval`.

    `chat` is the server that the bridge writes on, and has accounts for both sides. Raises ProgramError.
    """
    directory = laboratory.directory / "alerting"
    directory.mkdir()
    (directory / "token").write_text(TOKEN)
    settings = _settings(laboratory, chat, places, directory / "token", interval)
    parts = [urlsplit(url) for url in (places.bridge, places.alertmanager)]
    (bridge_address, bridge_port), (address, port) = ((str(part.hostname), part.port or 0) for part in parts)
    bridge = Bridge(directory / "bridge", json.dumps(settings, indent=2), bridge_address, bridge_port)
    stack.enter_context(bridge)
    alertmanager = RenderedAlertmanager(directory / "alertmanager", bridge.configuration_file, address, port)
    return stack.enter_context(alertmanager), bridge


def _settings(laboratory: Laboratory, chat: Server, places: Places, token: Path, interval: str) -> dict[str, Any]:
    host, port = places.mail
    return {
        "pages": places.pages,
        "group_wait": interval,
        "group_interval": interval,
        "smtp": {"host": host, "port": port, "from": "alerts@example.org", "starttls": False},
        "chat": {
            "jid": chat.jid(WRITER),
            "password_file": str(laboratory.password_file),
            "host": chat.address,
            "ca_file": str(laboratory.ca_file),
            "webhook": places.bridge,
            "token": {"password_file": str(token)},
        },
        "prometheus": {"url": places.prometheus},
        "alertmanager": {"url": places.alertmanager},
        "subscribers": [{"id": "by-mail", "mail": READER_MAIL}, {"id": "by-chat", "jid": chat.jid(READER)}],
    }
