"""A Prometheus that knows the week."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.test_prometheus_server import free_port
from tests.reports.week import write_blocks
from tests.servers.prometheus import Prometheus

NOTHING = "global: {scrape_interval: 1h}\n"


@pytest.fixture(scope="session")
def open_session_folder() -> Iterator[Path]:
    """A folder that Prometheus's own user can enter, unlike pytest's."""
    with tempfile.TemporaryDirectory(prefix="xmpp-reports-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture(scope="session")
def week(open_session_folder: Path) -> Iterator[Prometheus]:
    """With the history of week.py."""
    folder = open_session_folder / "week"
    folder.mkdir()
    write_blocks(folder / "storage")
    with Prometheus(folder, NOTHING, port=free_port()) as running:
        yield running


@pytest.fixture(scope="session")
def empty(open_session_folder: Path) -> Iterator[Prometheus]:
    """Without any history."""
    with Prometheus(open_session_folder / "empty", NOTHING, port=free_port()) as running:
        yield running
