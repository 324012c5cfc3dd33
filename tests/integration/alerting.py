"""Alerts as Prometheus reports them, and a real Alertmanager with what `xmpp-alerts render` makes of an alerts.yml."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.integration.test_prometheus_server import free_port
from tests.servers.alertmanager import Alertmanager
from tests.servers.mailbox import Mailbox
from xmpp_alerts.config import load_alerts
from xmpp_alerts.render.files import rendered

Alert = dict[str, Any]

SOON = "group_wait: 200ms\ngroup_interval: 300ms\n"
DOMAIN = "a.test"


def plain_smtp(box: Mailbox) -> str:
    """A section of alerts.yml."""
    return f"smtp: {{host: {box.address}, port: {box.port}, from: alerts@example.org, starttls: false}}\n"


def alert(
    name: str, severity: str = "critical", *, summary: str = "", description: str = "", age: float = 0, **labels: str
) -> Alert:
    """One of a server that has been firing for `age` seconds; an empty label is none."""
    began = datetime.now(UTC) - timedelta(seconds=age)
    annotations = {"summary": summary, "description": description}
    return {
        "labels": {"alertname": name, "severity": severity, "job": "xmpp", "domain": DOMAIN} | labels,
        "annotations": {key: text for key, text in annotations.items() if text},
        "startsAt": began.isoformat(),
    }


def over(firing: Alert) -> Alert:
    """The same, resolved now."""
    return {**firing, "endsAt": datetime.now(UTC).isoformat()}


def render(folder: Path, text: str) -> Path:
    """The folder with the files that are made of an alerts.yml with this text."""
    folder.mkdir(exist_ok=True)
    (folder / "alerts.yml").write_text(text)
    for file in rendered(load_alerts(folder / "alerts.yml")):
        file.write(folder)
    return folder


@contextmanager
def alertmanager(folder: Path, text: str) -> Iterator[Alertmanager]:
    """Running with that alerts.yml; `folder` must be one that other users can enter."""
    with Alertmanager(render(folder / "alertmanager", text), port=free_port()) as running:
        yield running
