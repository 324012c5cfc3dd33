"""Alertmanager as a fixture: a real one that takes alerts, and tells what it does with them."""

import json
import subprocess
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.servers.program import SYSTEM_PATH, Program

REQUEST_LIMIT = 10


class Alertmanager(Program):
    """Alertmanager on `address`:`port`, storing below `directory`, which has its alertmanager.yml before the start."""

    name = "Alertmanager"
    executable = "prometheus-alertmanager"
    package = "prometheus-alertmanager"

    def __init__(self, directory: Path, address: str = "127.0.0.1", port: int = 9093) -> None:
        super().__init__(directory, [(address, port)], user="prometheus")
        self.url = f"http://{address}:{port}"

    def command(self) -> Sequence[str]:
        address, port = self.listens[0]
        return [
            self.executable,
            f"--config.file={self.directory / 'alertmanager.yml'}",
            f"--storage.path={self.directory / 'storage'}",
            f"--web.listen-address={address}:{port}",
            f"--web.external-url={self.url}",
            "--cluster.listen-address=",  # alone, and without a port for others
            "--log.level=debug",
        ]

    def post(self, *alerts: Mapping[str, Any]) -> None:
        """Report alerts as Prometheus does: `labels`, `annotations`, and `startsAt` and `endsAt` in RFC 3339."""
        self._ask("/api/v2/alerts", json.dumps(alerts).encode())

    def alerts(self) -> list[dict[str, Any]]:
        """All that are active, with their `status` (`state`, `inhibitedBy`)."""
        found: list[dict[str, Any]] = self._ask("/api/v2/alerts")
        return found

    def log(self) -> str:
        return self.log_file.read_text(errors="replace")

    def _ask(self, path: str, content: bytes | None = None) -> Any:
        request = urllib.request.Request(self.url + path, content, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=REQUEST_LIMIT) as answer:
            text = answer.read()
        return json.loads(text) if text else None


def amtool(*arguments: str | Path) -> str:
    """What amtool prints. Raises CalledProcessError, with that and its complaints, unless it ends with 0."""
    return subprocess.run(
        ["amtool", *arguments],
        capture_output=True,
        text=True,
        timeout=REQUEST_LIMIT,
        check=True,
        env={"PATH": SYSTEM_PATH, "HOME": "/nonexistent"},
    ).stdout
