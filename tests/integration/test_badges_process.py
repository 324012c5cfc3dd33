"""`xmpp-badges serve` as an operator runs it."""

import contextlib
import json
import os
import re
import signal
import subprocess
import textwrap
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import bcrypt
import pytest

from deploy.demo.badges import BadgesServer
from tests.history.shared import past_prometheus
from tests.integration.test_prometheus_server import free_port

DOCS = Path(__file__).parents[2] / "docs" / "badges.md"
LIMIT = 60
NOBODY = {"prometheus": {"url": "http://127.0.0.1:9"}}


def get(url: str, **headers: str) -> bytes:
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=LIMIT) as answer:
        body: bytes = answer.read()
        return body


def serve(folder: Path, configuration: str, *options: str) -> subprocess.CompletedProcess[str]:
    (folder / "badges.yml").write_text(configuration)
    command = [BadgesServer.executable, "serve", "--config.file", "badges.yml", *options]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=LIMIT, check=False)


def test_it_serves_also_without_prometheus_and_ends_when_told(tmp_path: Path) -> None:
    with BadgesServer(tmp_path, NOBODY, "127.0.0.1", free_port()) as badges:
        assert json.loads(get(f"{badges.url}/badge/example.org.json"))["message"] == "not available"
        assert get(f"{badges.url}/-/healthy") == b"Healthy.\n"
        process = badges.pid
        badges.stop()
        assert "ending" in badges.log_tail()
        assert signal.SIGTERM.name in badges.log_tail()
        assert not Path(f"/proc/{process}").exists()


def test_it_runs_as_the_documentation_says(tmp_path: Path) -> None:
    blocks = re.findall(r"^ +```(?:yaml|sh)\n(.+?)^ +```$", DOCS.read_text(), re.MULTILINE | re.DOTALL)
    configuration, command = (textwrap.dedent(block) for block in blocks)
    port = free_port()
    options = command.replace(":15223", f":{port}").split()[1:]
    (tmp_path / "badges.yml").write_text(configuration)
    with subprocess.Popen([BadgesServer.executable, *options], cwd=tmp_path) as process:
        try:
            until(lambda: b"https://xmpp.example.org" not in get(f"http://127.0.0.1:{port}/-/healthy"))
            assert b'href="/checks"' in get(f"http://127.0.0.1:{port}/help/prosody/xep0313")
        finally:
            process.terminate()
    assert process.returncode == 0


def test_the_web_configuration_asks_for_a_password(tmp_path: Path) -> None:
    hashed = bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode()
    file = tmp_path / "web.yml"
    file.write_text(json.dumps({"basic_auth_users": {"visitor": hashed}}))
    options = [f"--web.config.file={file}"]
    with BadgesServer(tmp_path / "it", NOBODY, "127.0.0.1", free_port(), options) as badges:
        try:
            get(f"{badges.url}/-/healthy")
        except urllib.error.HTTPError as error:
            assert error.code == 401
        else:
            raise AssertionError("it let a stranger in")
        password = b64encode(b"visitor:secret").decode()
        assert get(f"{badges.url}/-/healthy", Authorization=f"Basic {password}") == b"Healthy.\n"


def test_a_wrong_configuration_is_told_and_ends_it(tmp_path: Path) -> None:
    result = serve(tmp_path, "prometheus: {url: http://localhost:9090}\nstyle: nice\n")
    assert (result.returncode, result.stderr.splitlines()[-1][:34]) == (2, "badges.yml:2: style: unknown key; ")
    assert serve(tmp_path, json.dumps(NOBODY), "--web.listen-address", "nowhere").returncode == 2
    assert serve(tmp_path, json.dumps(NOBODY), "--web.external-url", "xmpp.example.org").returncode == 2


@pytest.mark.timeout(900)  # whoever comes first makes a month of history
def test_sighup_loads_the_configuration_again(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    with past_prometheus(tmp_path_factory) as prometheus:
        settings = {"prometheus": {"url": prometheus.url}}
        with BadgesServer(tmp_path, settings | {"title": "One"}, "127.0.0.1", free_port()) as badges:

            def reload(text: str) -> None:
                badges.configuration_file.write_text(text)
                os.kill(badges.pid, signal.SIGHUP)

            def shown() -> bytes:
                return get(f"{badges.url}/") + get(f"{badges.url}/metrics")

            until(lambda: get(f"{badges.url}/-/ready") == b"Ready.\n")
            assert b"<h1>One</h1>" in shown()
            reload(json.dumps(settings | {"title": "Two"}))
            until(lambda: b"<h1>Two</h1>" in shown())
            for wrong in (json.dumps(settings | {"titel": "Three"}), json.dumps(NOBODY | {"title": "Three"})):
                reload(wrong)
                until(lambda: b"xmpp_badges_config_last_reload_successful 0.0" in shown())
                assert b"<h1>Two</h1>" in shown()
                reload(json.dumps(settings | {"title": "Two"}))
                until(lambda: b"xmpp_badges_config_last_reload_successful 1.0" in shown())
            log = badges.log_tail()
    assert "titel: unknown key; did you mean title?" in log
    assert "http://127.0.0.1:9 does not answer" in log


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LIMIT
    while True:
        with contextlib.suppress(urllib.error.URLError):
            if condition():
                return
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with BadgesServer(tmp_path / "it", NOBODY, "127.0.0.1", free_port()) as badges:
        taken = badges.url.removeprefix("http://")
        result = serve(tmp_path, json.dumps(NOBODY), "--web.listen-address", taken)
        assert result.returncode == 1
        assert taken in result.stderr
