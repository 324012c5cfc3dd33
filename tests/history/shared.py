"""The history told once in a run of the tests, however many of them, in however many processes, look at it."""

import fcntl
import shutil
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.history.server import PastPrometheus, tell
from tests.integration.test_prometheus_server import free_port
from tests.servers.prometheus import copy_rules


@contextmanager
def past_prometheus(factory: pytest.TempPathFactory) -> Iterator[PastPrometheus]:
    """A Prometheus of its own that has seen what happened in the script. It may be stopped and started."""
    base = factory.getbasetemp()
    # a worker's folder is below that of the run
    told = _told((base.parent if base.name.startswith("popen-") else base) / "history")
    folder = Path(tempfile.mkdtemp(prefix="past-"))  # pytest's own folders are for root alone
    try:
        folder.chmod(0o755)
        prometheus = PastPrometheus(folder / "past", "", port=free_port())
        shutil.copytree(told, prometheus.storage)
        with prometheus:
            yield prometheus
    finally:
        shutil.rmtree(folder)


def _told(kept: Path) -> Path:
    """The storage with the history; whoever comes first makes it, the others wait."""
    kept.mkdir(exist_ok=True)
    storage = kept / "storage"
    with (kept / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not storage.exists():
            _make(storage)
    return storage


def _make(storage: Path) -> None:
    folder = Path(tempfile.mkdtemp(prefix="history-"))
    try:
        folder.chmod(0o755)
        copy_rules(folder / "empty")
        with (
            PastPrometheus(folder / "empty", 'rule_files: ["rules/*.yml"]', port=free_port()) as empty,
            urllib.request.urlopen(f"{empty.url}/metrics", timeout=10) as page,
        ):
            own_page = page.read()
        past = PastPrometheus(folder / "past", "", port=free_port())
        tell(past, own_page)
        (past.storage / "lock").unlink(missing_ok=True)
        shutil.copytree(past.storage, storage)
    finally:
        shutil.rmtree(folder)
