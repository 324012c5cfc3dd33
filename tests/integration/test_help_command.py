"""Help on the command line: for one check, and for all that fails on a real server that may keep its name to itself."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.integration.command import Command
from tests.integration.probing import config_of, prober_of
from tests.servers.laboratory import PROBE, Laboratory
from xmpp_exporter.cli import app
from xmpp_exporter.model import Software
from xmpp_exporter.probe import probe_compliance


@pytest.fixture
def command(laboratory: Laboratory, tmp_path: Path) -> Command:
    return Command(laboratory, tmp_path)


@pytest.mark.parametrize(
    ("domain", "software"),
    [
        ("default.prosody.test", Software("Prosody", "0.12.3")),
        ("default.ejabberd.test", Software("ejabberd", "23.01-1")),
        ("bare.prosody.test", Software("Prosody")),
        ("bare.ejabberd.test", Software("ejabberd")),
        ("minimal.prosody.test", None),
        ("minimal.ejabberd.test", None),
    ],
)
async def test_software_is_known_by_its_own_words_or_else_by_what_it_reveals(
    laboratory: Laboratory, domain: str, software: Software | None
) -> None:
    report = await probe_compliance(prober_of(laboratory), config_of(laboratory, domain), only={"xep0313"})
    assert report.software == software


@pytest.mark.parametrize(
    ("domain", "told", "untold"),
    [
        ("default.prosody.test", ["What to do with Prosody 0.12.3:", '```lua\n"mam";'], ["modules:", "xep0280"]),
        ("bare.prosody.test", ["What to do with Prosody:", '```lua\n"mam";', '"carbons";'], ["modules:"]),
        ("default.ejabberd.test", ["What to do with ejabberd 23.01-1:", "  mod_mam:\n"], ["prosody", "xep0280"]),
        (
            "minimal.ejabberd.test",
            ["the server's software is not known", "depends on the server's software"],
            ["mod_mam"],
        ),
    ],
)
async def test_for_all_that_fails_the_change_is_told_that_this_server_needs(
    command: Command, laboratory: Laboratory, domain: str, told: list[str], untold: list[str]
) -> None:
    laboratory.server(domain)
    checks = ["--only", "xep0313,xep0280,c2s_stream"]
    result = await command.run("check", f"{PROBE}@{domain}", *command.password_file, *checks, "--help-for-admins")
    help_text = result.out.partition("\nWhat to do")[1] + result.out.partition("\nWhat to do")[2]
    assert [part for part in told if part not in help_text] == []
    assert [part for part in (*untold, "`c2s_stream`", "example.org") if part in help_text] == []
    assert f"xmpp-exporter check {PROBE}@{domain} --only " in help_text


async def test_what_counts_comes_first_and_what_there_is_no_instruction_for_last(
    command: Command, laboratory: Laboratory
) -> None:
    laboratory.server("default.ejabberd.test")
    checks = ["--only", "xep0474,xep0202,xep0313"]  # in the order of the table
    target = f"{PROBE}@default.ejabberd.test"
    result = await command.run("check", target, *command.password_file, *checks, "--help-for-admins")
    assert re.findall(r"^# .*\(`(\w+)`\)$", result.out, re.MULTILINE) == ["xep0313", "xep0202", "xep0474"]


async def test_where_nothing_fails_nothing_is_to_be_done(command: Command, laboratory: Laboratory) -> None:
    laboratory.server("good.prosody.test")
    result = await command.run("check", "good.prosody.test", "--only", "c2s_stream", "--help-for-admins")
    assert result.code == 0
    assert "What to do" not in result.out


async def test_on_a_terminal_markdown_looks_as_it_is_meant_to(command: Command, laboratory: Laboratory) -> None:
    laboratory.server("bare.prosody.test")
    result = await command.run_on_terminal("check", "bare.prosody.test", "--only", "xep0368", "--help-for-admins")
    _, told_in_general, help_text = result.out.partition("What to do is told in general")
    assert told_in_general
    assert "_xmpps-client._tcp" not in help_text  # without an account nobody knows what software it is
    assert "```" not in result.out


def test_help_for_one_check_is_for_the_version_that_is_named() -> None:
    result = CliRunner().invoke(app, ["help", "xep0198", "--software", "Prosody", "--version", "0.11"])
    assert result.exit_code == 0
    assert "community module `mod_smacks`" in result.stdout
    assert "smacks_hibernation_time" not in result.stdout


def test_without_software_it_is_said_how_to_name_it() -> None:
    result = CliRunner().invoke(app, ["help", "xep0313"])
    assert result.exit_code == 0
    assert "for one software: xmpp-exporter help xep0313 --software ejabberd|" in result.stderr
    assert CliRunner().invoke(app, ["help", "xep0313", "--software", "prosody"]).stderr == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["xep031"], "error: CHECK: no check is called 'xep031'; did you mean xep0317?"),
        (["  "], "error: CHECK: no check is named; `xmpp-exporter checks` lists them"),
        (
            ["xep0313", "--software", "jabberd2"],
            "error: there is no help for the software jabberd2: write one of ejabberd",
        ),
        (["xep0313", "--version", "foo"], "error: --version: 'foo' is no version: write its numbers, such as 0.12"),
    ],
)
def test_what_there_is_no_help_for_is_said(arguments: list[str], said: str) -> None:
    result = CliRunner().invoke(app, ["help", *arguments])
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr
