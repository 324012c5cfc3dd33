"""A real Prometheus that scrapes a page which the test writes, and a real Alertmanager without anybody to tell."""

import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.integration.chat_site import LIMIT, POLL
from tests.integration.test_prometheus_server import free_port
from tests.servers.alertmanager import Alertmanager
from tests.servers.prometheus import Prometheus

SCRAPING = """
global: {{scrape_interval: 1s}}
scrape_configs: [{{job_name: xmpp, static_configs: [{{targets: ["127.0.0.1:{port}"]}}]}}]
"""
TELLING_NOBODY = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"


@dataclass
class Monitoring:
    """What commands ask."""

    prometheus: Prometheus
    alertmanager: Alertmanager

    def report(self, domain: str, name: str = "XmppCheckLost", **labels: str) -> None:
        """Report an alert that fires from now on."""
        self.alertmanager.post(
            {
                "labels": {"alertname": name, "severity": "warning", "domain": domain, **labels},
                "annotations": {"summary": f"{name} at {domain}"},
                "startsAt": datetime.now(UTC).isoformat(),
            }
        )


@contextmanager
def monitoring(metrics: str) -> Iterator[Monitoring]:
    """Prometheus knows these samples, in its text format."""
    folder = Path(tempfile.mkdtemp(prefix="monitoring-"))
    try:
        folder.chmod(0o755)
        with _page(metrics) as port:
            prometheus = Prometheus(folder / "prometheus", SCRAPING.format(port=port), port=free_port())
            alertmanager = Alertmanager(folder / "alertmanager", port=free_port())
            alertmanager.directory.mkdir()
            (alertmanager.directory / "alertmanager.yml").write_text(TELLING_NOBODY)
            with prometheus, alertmanager:
                deadline = time.monotonic() + LIMIT
                while not prometheus.query("up == 1"):
                    assert time.monotonic() < deadline, "no scrape"
                    time.sleep(POLL)
                yield Monitoring(prometheus, alertmanager)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _page(metrics: str) -> Iterator[int]:
    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(metrics.encode())

        def log_message(self, *_arguments: object) -> None:
            """Nobody wants to read it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
