"""`make demo` and what it installs, as a user sees them."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import Future
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from deploy.demo.messages import Messages
from deploy.demo.show import CHAT
from tests.history.rules import read_rules
from tests.servers.laboratory import Laboratory

TREE = Path(__file__).parents[2]
LIMIT = 120
COMMAND = [sys.executable, "-m", "deploy.demo"]
PROGRAMS = (
    *("prosody", "ejabberd", "turnserver", "prometheus", "prometheus-alertmanager"),
    *("xmpp-exporter serve", "xmpp-badges serve", "xmpp-alerts bridge"),
)


@pytest.fixture
def temporary() -> Iterator[Path]:
    """A folder for the temporary files of a program, which other users may enter, as those of /tmp."""
    folder = Path(tempfile.mkdtemp(prefix="xmpp-demo-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def processes_naming(folder: Path) -> list[str]:
    """The command lines of all processes that have something to do with a folder."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = file.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if str(folder) in command:
            found.append(command)
    return found


def test_once_ends_with_both_tables_after_prometheus_has_their_verdicts(temporary: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(temporary)}
    result = subprocess.run(
        [*COMMAND, "--once"], cwd=TREE, env=environment, capture_output=True, text=True, timeout=LIMIT, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    lines = result.stdout.splitlines()
    assert sum(line.startswith("good.prosody.test · Prosody") for line in lines) == 1
    assert sum(line.startswith("default.ejabberd.test · ejabberd") for line in lines) == 1
    asked = lines[next(number for number, line in enumerate(lines) if line.startswith("Prometheus has")) + 1 :]
    assert ["default.ejabberd.test", "xep0363"] in [line.split() for line in asked]
    # Debian's prosody-modules have an older version of that one
    assert [line.split()[1] for line in asked if "good.prosody.test" in line] == ["xep0425"]
    assert list(temporary.iterdir()) == []
    assert processes_naming(temporary) == []


def check_addresses(shown: str) -> None:
    """Everything that is to be opened is there: Debian's Prometheus has other pages than others."""
    addresses = re.findall(r"^  (http://\S+) ", shown, re.MULTILINE)
    assert len(addresses) == 6
    for address in addresses:
        with urllib.request.urlopen(address, timeout=LIMIT) as answer:
            assert answer.status == 200


def groups_of_rules(prometheus: str) -> list[dict[str, Any]]:
    with urllib.request.urlopen(f"{prometheus}/api/v1/rules", timeout=LIMIT) as answer:
        groups: list[dict[str, Any]] = json.load(answer)["data"]["groups"]
    return groups


def check_rules(prometheus: str) -> None:
    """All are loaded; those of the groups that are evaluated each minute work, and no other has failed."""
    deadline = time.monotonic() + LIMIT
    while True:
        groups = groups_of_rules(prometheus)
        rules = [rule for group in groups for rule in group["rules"]]
        assert {rule["name"] for rule in rules} == {rule.record or rule.alert for rule in read_rules()}
        assert [rule for rule in rules if rule["health"] == "err" or rule.get("lastError")] == []
        if all(rule["health"] == "ok" for group in groups if group["interval"] <= 60 for rule in group["rules"]):
            return
        assert time.monotonic() < deadline, "not all groups have been evaluated"
        time.sleep(0.2)


def check_what_breaks_is_told(shown: str, output: Iterator[str]) -> None:
    """The command that is shown switches a module off; then a mail and a chat message come where that is said."""
    [command] = re.findall(r"^  (prosodyctl \S+ \S+ shell module unload .+)$", shown, re.MULTILINE)
    [folder] = re.findall(r"a file for each in (\S+):?$", shown, re.MULTILINE)
    subprocess.run(shlex.split(command), check=True, capture_output=True, timeout=LIMIT)
    lost = "good.prosody.test: Message Archive Management no longer works"
    awaited = {f"A mail to admin@example.org: [warning] {lost}", f"  *warning* · {lost}"}
    for line in output:
        awaited.discard(line.rstrip())
        if not awaited:
            break
    assert not awaited
    mails = [message_from_bytes(file.read_bytes(), policy=policy.default) for file in Path(folder).glob("*.eml")]
    assert f"[warning] {lost}" in [mail["Subject"] for mail in mails]


@pytest.mark.timeout(5 * LIMIT)
def test_it_tells_what_is_broken_and_an_interrupt_ends_it_and_leaves_nothing_behind(temporary: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(temporary)}
    with subprocess.Popen(COMMAND, cwd=TREE, env=environment, stdout=subprocess.PIPE, text=True) as demo:
        assert demo.stdout is not None
        shown = ""
        for line in demo.stdout:
            shown += line
            if line.startswith("Ctrl-C ends"):
                break
        running = processes_naming(temporary)
        for name in PROGRAMS:
            assert any(name in each for each in running), f"{name} does not run"
        [prometheus] = re.findall(r"(http://\S+)/classic/rules ", shown)
        try:
            check_addresses(shown)
            check_rules(prometheus)
            check_what_breaks_is_told(shown, demo.stdout)
        finally:
            demo.send_signal(signal.SIGINT)
        assert demo.stdout.read().endswith("nothing is left.\n")
        assert demo.wait(LIMIT) == 0
    assert list(temporary.iterdir()) == []
    assert processes_naming(temporary) == []


class Interrupted(Future[None]):
    """Ctrl-C, in the moment when what was waited for is there."""

    def result(self, timeout: float | None = None) -> None:
        super().result(timeout)
        raise KeyboardInterrupt


def test_an_interrupt_while_it_logs_in_ends_it(
    laboratory: Laboratory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages = Messages(tmp_path, ("127.0.0.1", 0), laboratory, laboratory.server(CHAT))
    monkeypatch.setattr(messages, "_opened", Interrupted())
    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt), messages:
        pass
    assert threading.active_count() == before


def run_without_root(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """In a copy, below the folder, of what installs."""
    (folder / "deploy").mkdir()
    for name in ("Makefile", "deploy/install"):
        shutil.copy(TREE / name, folder / name)
    return subprocess.run(
        ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", *command],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )


@pytest.mark.parametrize("target", ["demo", "test", "bench", "help-check"])
def test_without_root_nothing_is_installed_for_what_needs_it(temporary: Path, target: str) -> None:
    result = run_without_root(temporary, "make", target)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.splitlines()[0].endswith(f"as root: sudo make {target}")


def test_without_root_the_installation_says_what_is_missing_and_how_to_get_it(temporary: Path) -> None:
    result = run_without_root(temporary, "deploy/install", "coreutils", "not-there")
    assert result.returncode == 2
    assert result.stderr.splitlines()[-1] == "  apt-get install --no-install-recommends not-there"
    assert "deploy/install not-there\n" in result.stderr
