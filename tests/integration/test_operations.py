"""Every command of docs/operations.md works as it is written there."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.running_exporter import LIMIT, PROGRAM, RunningExporter, server_of, settings_of
from tests.servers.laboratory import Laboratory

TEXT = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
BLOCKS = re.findall(r"^```sh\n(.+?)^```$", TEXT, re.MULTILINE | re.DOTALL)
COMMANDS = [line for block in BLOCKS for line in block.splitlines()]
DOMAIN = "good.prosody.test"


@pytest.fixture(scope="module")
def exporter(laboratory: Laboratory, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningExporter]:
    folder = tmp_path_factory.mktemp("exporter")
    servers = (server_of(laboratory, DOMAIN), {"domain": "no-such.test", "relation": "own"})
    with RunningExporter(folder, settings_of(laboratory, *servers)) as exporter:
        exporter.probed(DOMAIN)
        exporter.probed("no-such.test", "availability")
        yield exporter


def started(exporter: RunningExporter, command: str) -> str:
    """A command as somebody would type it whose exporter, domain and installation are ours."""
    return (
        command.replace("localhost:15222", exporter.urls[0].removeprefix("http://"))
        .replace("example.org", DOMAIN)
        .replace("/opt/xmpp-exporter/bin/python", sys.executable)
    )


@pytest.mark.parametrize("command", [command for command in COMMANDS if "listen-address" not in command])
def test_a_command_works(exporter: RunningExporter, command: str) -> None:
    result = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", started(exporter, command)],
        input="a password\n",
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
        cwd=exporter.directory,
        env={"PATH": f"{PROGRAM.parent}:{os.environ['PATH']}"},
        start_new_session=True,  # without a terminal, the password is read from what is piped in
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout or "broken" in command or "reload" in command


def test_the_one_that_starts_it_is_how_it_was_started_here() -> None:
    [command] = [command for command in COMMANDS if "listen-address" in command]
    given = set(re.findall(r"--[a-z.-]+", command))
    assert given == {"--config.file", "--storage.path", "--web.listen-address"}


def test_the_options_that_are_named_exist() -> None:
    help_ = subprocess.run(
        [str(PROGRAM), "serve", "--help"], capture_output=True, text=True, timeout=LIMIT, check=True
    ).stdout
    for option in set(re.findall(r"`?(--[a-z]+\.[a-z.-]+)", TEXT)):
        assert option in help_


def test_the_log_line_is_one_that_is_written(exporter: RunningExporter) -> None:
    example = re.findall(r"^ts=.*$", TEXT, re.MULTILINE)[0]
    [written, *_] = [line for line in exporter.log.splitlines() if "domain=no-such.test" in line]
    keys = r"(?:^| )(\w+)=|(msg=\S+|level=\S+)"
    assert re.findall(keys, example.partition(" detail=")[0]) == re.findall(keys, written.partition(" detail=")[0])


def test_the_files_of_the_storage_are_those_that_are_explained(exporter: RunningExporter) -> None:
    exporter.until((exporter.storage / "logins.json").exists, "write")
    section = TEXT.partition("## Storage")[2].partition("\n## ")[0]
    explained = set(re.findall(r"^\| `([a-z.]+)(?:/DOMAIN\.json)?` \|", section, re.MULTILINE))
    assert {path.name for path in exporter.storage.iterdir()} == explained
