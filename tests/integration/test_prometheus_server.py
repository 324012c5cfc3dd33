"""The Prometheus fixture: a real one that scrapes, answers, and goes."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.laboratory import Laboratory
from tests.servers.program import ProgramError, accepts
from tests.servers.prometheus import Prometheus

LIMIT = 20


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


@pytest.fixture
def prometheus(laboratory: Laboratory) -> Iterator[Prometheus]:
    port = free_port()
    configuration = f"""
global: {{scrape_interval: 1s}}
scrape_configs:
  - {{job_name: itself, static_configs: [{{targets: ["127.0.0.1:{port}"]}}]}}
"""
    with Prometheus(laboratory.directory / f"prometheus-{port}", configuration, port=port) as running:
        yield running


def test_prometheus_scrapes_and_answers(prometheus: Prometheus) -> None:
    deadline = time.monotonic() + LIMIT
    while not (samples := prometheus.query("up{job='itself'} == 1")):
        assert time.monotonic() < deadline, prometheus.get("/api/v1/targets")
        time.sleep(0.05)
    assert samples[0].labels["job"] == "itself"
    assert prometheus.query("1 + 1")[0].value == 2
    with pytest.raises(ProgramError, match="parse error"):
        prometheus.query("up{")


def test_prometheus_refuses_a_wrong_configuration_with_its_own_words(laboratory: Laboratory) -> None:
    directory: Path = laboratory.directory / "prometheus-wrong"
    with pytest.raises(ProgramError, match="field scrape_confgs not found"):
        Prometheus(directory, "scrape_confgs: []", port=free_port()).start()


def test_prometheus_is_gone_after_stop(prometheus: Prometheus) -> None:
    prometheus.stop()
    assert not accepts(*prometheus.listens[0])
