"""`xmpp-alerts bridge` as a service: how it starts, loads its configuration again, and ends."""

import contextlib
import json
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
import yaml

from tests.integration.chat_site import DOMAIN, LIMIT, POLL, ChatSite, chat_site
from tests.integration.running_bridge import TOKEN, group, settings_of
from tests.servers.laboratory import PASSWORD

PROGRAM = [str(Path(sys.executable).with_name("xmpp-alerts")), "bridge"]
Found = TypeVar("Found")
ANYWHERE = "--web.listen-address=127.0.0.1:0"


@pytest.fixture(scope="module")
def site() -> Iterator[ChatSite]:
    with chat_site() as site:
        yield site


def configured(directory: Path, site: ChatSite | None, **more: Any) -> Path:
    """The configuration file."""
    (directory / "password").write_text(PASSWORD)
    address, ca_file = (
        (site.address, site.ca_file) if site else ("127.0.0.1", Path("/etc/ssl/certs/ca-certificates.crt"))
    )
    subscribers = [{"id": "alice", "jid": f"alice@{DOMAIN}"}]
    settings = settings_of(directory, f"bridge@{DOMAIN}", address, ca_file, **{"subscribers": subscribers, **more})
    file = directory / "alerts.yml"
    file.write_text(yaml.safe_dump(settings))
    return file


class Running:
    """The process and its log."""

    def __init__(self, process: "subprocess.Popen[bytes]", log_file: Path) -> None:
        self.process = process
        self._log_file = log_file

    @property
    def log(self) -> str:
        return self._log_file.read_text()

    @property
    def url(self) -> str:
        found = self.until(lambda: re.search(r"url=(http\S+)", self.log), "address")
        assert found is not None
        return str(found[1])

    def until(self, condition: Callable[[], Found], what: str) -> Found:
        deadline = time.monotonic() + LIMIT
        while not (found := condition()):
            assert self.process.poll() is None, f"it ended: {self.log}"
            assert time.monotonic() < deadline, f"no {what} within {LIMIT:g} s: {self.log}"
            time.sleep(POLL)
        return found


@contextlib.contextmanager
def running(directory: Path, config_file: Path, *arguments: str) -> Iterator[Running]:
    log_file = directory / "log"
    with log_file.open("wb") as log:
        command = [*PROGRAM, f"--config.file={config_file}", ANYWHERE, *arguments]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        yield Running(process, log_file)
    finally:
        process.kill()
        process.wait()


def ended(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([*PROGRAM, *arguments], capture_output=True, text=True, timeout=LIMIT, check=False)


def post(url: str) -> int:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}"}
    request = urllib.request.Request(f"{url}/alerts/alice", json.dumps(group()).encode(), headers)
    with urllib.request.urlopen(request, timeout=LIMIT) as answer:
        status: int = answer.status
    return status


def test_it_delivers_reloads_and_ends_when_it_is_told_to(site: ChatSite, tmp_path: Path) -> None:
    config_file = configured(tmp_path, site)
    with running(tmp_path, config_file) as program:
        program.until(lambda: 'msg="logged in"' in program.log, "login")
        assert post(program.url) == 200
        config_file.write_text("nonsense")
        program.process.send_signal(signal.SIGHUP)
        program.until(lambda: 'msg="the configuration was not reloaded"' in program.log, "complaint")
        configured(tmp_path, site, repeat="2d")
        program.process.send_signal(signal.SIGHUP)
        program.until(lambda: 'msg="the configuration was reloaded"' in program.log, "reload")
        program.process.terminate()
        assert program.process.wait(LIMIT) == 0
        assert "Traceback" not in program.log
        assert PASSWORD not in program.log and TOKEN not in program.log


def test_it_listens_on_loopback_unless_told_otherwise() -> None:
    result = ended("--help")
    assert result.returncode == 0
    assert "127.0.0.1:15224" in result.stdout


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"subscribers": [{"id": "alice"}]}, "needs exactly one of mail, jid and room"),
        ({"chat": {"ca_file": "missing.pem"}}, "No such file"),
    ],
)
def test_a_wrong_configuration_is_told_and_ends_it(tmp_path: Path, change: dict[str, Any], complaint: str) -> None:
    result = ended(f"--config.file={configured(tmp_path, None, **change)}", ANYWHERE)
    assert result.returncode == 2
    assert complaint in result.stderr
    assert "Traceback" not in result.stderr


def test_a_configuration_without_an_account_is_told_and_ends_it(tmp_path: Path) -> None:
    (tmp_path / "alerts.yml").write_text("subscribers: []\n")
    result = ended(f"--config.file={tmp_path / 'alerts.yml'}", ANYWHERE)
    assert result.returncode == 2
    assert "chat: is missing: the bridge needs an account to write with" in result.stderr


def test_a_port_that_is_taken_is_told_and_ends_it(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = ended(f"--config.file={configured(tmp_path, None)}", f"--web.listen-address=127.0.0.1:{port}")
    assert result.returncode == 1
    assert str(port) in result.stderr
    assert "Traceback" not in result.stderr
