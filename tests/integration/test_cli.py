"""`xmpp-exporter check` against real servers, run as the program that people install."""

import asyncio
import json
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.integration.command import LIMIT, Command, until
from tests.servers.delay import delayed
from tests.servers.dns import FakeDns
from tests.servers.laboratory import PASSWORD, PROBE, Laboratory, Server
from tests.servers.prosody import Prosody
from xmpp_exporter.catalogue.suite import suites

GOOD = "good.prosody.test"
CLOSED = "closed-registration.prosody.test"
TEMPORARY = "xmpp-exporter-"
DELAY = 0.1
"""Seconds each way: a login then takes two, which is time enough for a signal in the middle."""


@pytest.fixture
def command(laboratory: Laboratory, tmp_path: Path) -> Command:
    return Command(laboratory, tmp_path)


@pytest.fixture(params=["good.prosody.test", "good.ejabberd.test"])
def open_server(request: pytest.FixtureRequest, laboratory: Laboratory) -> Server:
    """A server where anybody can make an account."""
    return laboratory.server(request.param)


@asynccontextmanager
async def far_away(server: Server, dns: FakeDns) -> AsyncIterator[None]:
    """The server's clients reach it through a delay line."""
    async with delayed(server.address, 5222, DELAY) as port:
        dns.change(f"_xmpps-client._tcp.{server.domain}", "SRV", [[]])
        dns.change(f"_xmpp-client._tcp.{server.domain}", "SRV", [[f"0 0 {port} xmpp.{server.domain}."]])
        yield


def accounts(server: Server) -> set[str]:
    """The accounts that exist at a domain, by localpart."""
    if isinstance(server.program, Prosody):
        folder = server.program.directory / "data" / server.domain.replace(".", "%2e").replace("-", "%2d") / "accounts"
        return {file.stem.replace("%2d", "-") for file in folder.glob("*.dat")}
    return set(server.program.api("registered_users", host=server.domain))


def temporary_accounts(server: Server) -> set[str]:
    return {name for name in accounts(server) if name.startswith(TEMPORARY)}


def kept(command: Command) -> list[str]:
    """The temporary accounts that the program still remembers."""
    return [path.name for path in command.state.rglob(f"{TEMPORARY}*") if path.is_file()]


async def test_without_an_account_a_stranger_s_checks_run_and_the_rest_is_unknown(
    command: Command, laboratory: Laboratory
) -> None:
    laboratory.server(GOOD)
    result = await command.run("check", GOOD, "--only", "xep0368,xep0280", "--json")
    verdicts = {check["id"]: (check["verdict"], check["reason"]) for check in json.loads(result.out)["checks"]}
    assert verdicts == {"xep0368": ("supported", None), "xep0280": ("unknown", "no_account")}
    assert (result.code, result.err) == (0, "")


async def test_an_account_gets_the_whole_catalogue(command: Command, open_server: Server) -> None:
    result = await command.run("check", open_server.jid(), *command.password_file, "--json")
    report = json.loads(result.out)
    scored = [check["verdict"] for check in report["checks"] if check["scored"]]
    verdicts = [verdict for verdict in scored if verdict != "unknown"]
    assert report["domain"] == open_server.domain
    assert [suite["id"] for suite in report["suites"]] == list(suites())
    assert report["software"]["name"].lower() == open_server.configuration.software
    assert report["score"] == {"supported": verdicts.count("supported"), "counted": len(verdicts)}
    assert verdicts.count("supported") >= 18
    assert result.code == (0 if set(verdicts) == {"supported"} else 1)
    assert result.err == ""


async def test_a_pipe_gets_a_table_without_escape_codes(command: Command, laboratory: Laboratory) -> None:
    server = laboratory.server(GOOD)
    result = await command.run("check", server.jid(), *command.password_file, "--only", "xep0280,xep0313")
    lines = [line.split() for line in result.out.splitlines()]
    assert ["xep0280", "supported", "Message", "Carbons"] in [line[:4] for line in lines]
    assert lines[-1] == ["Score", "2/2"]
    assert "\x1b" not in result.out
    assert (result.code, result.err) == (0, "")


async def test_a_suite_is_told_below_the_checks(command: Command, laboratory: Laboratory) -> None:
    jid = laboratory.server(GOOD).jid()
    suites = ("--suite", "cs2023")
    result = await command.run("check", jid, *command.password_file, "--only", "xep0198,xep0352", *suites)
    lines = result.out.splitlines()
    assert lines.index("XMPP Compliance Suites 2023") > next(n for n, line in enumerate(lines) if "Score" in line)
    (mobile,) = (line for line in lines if re.match("Mobile +Server ", line))
    assert re.search(r"undecided +2/2 .*Core: TLS", mobile)
    assert "XMPP Compliance Tester" not in lines
    assert result.code == 0


async def test_a_terminal_gets_a_progress_bar_and_colours(command: Command, laboratory: Laboratory) -> None:
    server = laboratory.server(GOOD)
    result = await command.run_on_terminal("check", server.jid(), *command.password_file, "--only", "xep0280,xep0313")
    progress, _, table = result.out.rpartition("\x1b[2K")
    assert f"connecting to {GOOD}" in progress
    assert "2/2" in progress
    assert "\x1b[32msupported" in table
    assert "Message Carbons" in table
    assert result.code == 0


async def test_a_gap_ends_with_1(command: Command, laboratory: Laboratory) -> None:
    server = laboratory.server("bare.prosody.test")
    result = await command.run("check", server.jid(), *command.password_file, "--only", "xep0280")
    assert "not_offered" in result.out
    assert result.code == 1


async def test_a_refused_login_ends_with_3_after_one_attempt(command: Command, laboratory: Laboratory) -> None:
    server = laboratory.server(GOOD)
    wrong = command.state / "wrong"
    wrong.write_text("never to be seen")
    result = await command.run("check", server.jid(), "--password-file", str(wrong), "--only", "xep0280", "-v")
    assert result.code == 3
    assert "error: the login failed (bad_password)" in result.err
    assert result.err.count("> <auth ") == 1
    assert "never to be seen" not in result.out + result.err


@pytest.mark.parametrize(
    ("more", "told"), [([], []), (["--suite", "cs2023"], ["cs2023"])], ids=["alone", "with a suite"]
)
async def test_of_a_few_checks_json_tells_no_suite_that_is_not_named(
    command: Command, laboratory: Laboratory, more: list[str], told: list[str]
) -> None:
    laboratory.server(GOOD)
    result = await command.run("check", GOOD, "--only", "c2s_stream,xep0368", "--json", *more)
    assert [suite["id"] for suite in json.loads(result.out)["suites"]] == told


async def test_a_server_that_is_not_there_ends_with_3_and_json_says_why(command: Command) -> None:
    result = await command.run("check", "nowhere.test", "--json")
    assert result.code == 3
    assert json.loads(result.out)["failure"]["reason"] == "dns"
    assert result.err.startswith("error: nowhere.test could not be probed: ")
    assert len(result.err.splitlines()) == 1


async def test_verbose_shows_the_stream_without_secrets(command: Command, laboratory: Laboratory) -> None:
    server = laboratory.server(GOOD)
    result = await command.run("check", server.jid(), *command.password_file, "--only", "xep0280", "--verbose")
    assert "> <iq type='set'" in result.err
    assert "urn:xmpp:carbons:2" in result.err
    assert "[hidden]</response>" in result.err
    assert PASSWORD not in result.out + result.err
    assert result.code == 0


async def test_the_configuration_names_resolver_authority_and_account(laboratory: Laboratory, tmp_path: Path) -> None:
    server = laboratory.server(GOOD)
    file = tmp_path / "exporter.yml"
    file.write_text(
        f"resolver: {{nameservers: [{laboratory.dns.address}], port: {laboratory.dns.port}}}\n"
        f"tls: {{ca_file: {laboratory.ca_file}}}\n"
        f"servers:\n- domain: {GOOD}\n  relation: own\n  allow_private_addresses: true\n  exclude: [xep0313]\n"
        f"  account: {{jid: {server.jid()}, password_file: {laboratory.password_file}}}\n"
    )
    plain = Command(laboratory, tmp_path)
    process = await asyncio.create_subprocess_exec(
        plain.arguments()[0],
        *("check", GOOD, "--config.file", str(file), "--only", "xep0280,xep0313", "--json"),
        stdout=asyncio.subprocess.PIPE,
        env=plain.environment,
    )
    out, _ = await asyncio.wait_for(process.communicate(), LIMIT)
    verdicts = {check["id"]: check["reason"] or check["verdict"] for check in json.loads(out)["checks"]}
    assert verdicts == {"xep0280": "supported", "xep0313": "excluded"}
    assert process.returncode == 0


async def test_a_typed_password_is_not_shown(command: Command, laboratory: Laboratory) -> None:
    server = laboratory.server(GOOD)
    result = await command.run_on_terminal(
        "check", server.jid(), "--only", "xep0280", answers=((f"Password of {server.jid()}: ", PASSWORD),)
    )
    assert result.code == 0
    assert PASSWORD not in result.out


async def test_a_temporary_account_is_made_used_and_removed(command: Command, open_server: Server) -> None:
    before = accounts(open_server)
    result = await command.run(
        "check", open_server.domain, "--register", "--yes", "--only", "xep0280,xep0191", "--json"
    )
    assert json.loads(result.out)["score"] == {"supported": 2, "counted": 2}
    assert result.code == 0
    assert "Choose a username" in result.err
    assert "operator may be told" in result.err
    assert accounts(open_server) == before
    assert kept(command) == []


async def test_where_registration_is_closed_nothing_is_made(command: Command, laboratory: Laboratory) -> None:
    server = laboratory.server(CLOSED)
    before = accounts(server)
    result = await command.run("check", CLOSED, "--register", "--yes", "--json")
    assert result.code == 3
    assert "registration is closed" in json.loads(result.out)["failure"]["detail"]
    assert accounts(server) == before
    assert kept(command) == []


async def test_a_server_for_invited_people_is_not_asked_twice(command: Command, laboratory: Laboratory) -> None:
    server = laboratory.server("default.prosody.test")
    result = await command.run("check", server.domain, "--register", "--yes")
    assert result.code == 3
    assert "the server refused to make the account: not-acceptable" in result.err
    assert not temporary_accounts(server)
    assert kept(command) == []


async def test_no_account_is_made_over_a_certificate_that_does_not_verify(
    command: Command, laboratory: Laboratory
) -> None:
    laboratory.server("self-signed.prosody.test")
    result = await command.run("check", "self-signed.prosody.test", "--register", "--yes")
    assert result.code == 3
    assert "certificate" in result.err


async def test_nothing_is_made_without_consent(command: Command, laboratory: Laboratory) -> None:
    server = laboratory.server(GOOD)
    result = await command.run("check", GOOD, "--register")
    assert result.code == 2
    assert "write --yes if you agree" in result.err
    result = await command.run_on_terminal("check", GOOD, "--register", answers=(("Make the account? [y/N] ", "n"),))
    assert result.code == 3
    assert "no account was made" in result.out
    assert not temporary_accounts(server)


async def test_consent_can_be_typed(command: Command, laboratory: Laboratory) -> None:
    laboratory.server(GOOD)
    result = await command.run_on_terminal(
        "check", GOOD, "--register", "--only", "xep0280", answers=(("Make the account? [y/N] ", "y"),)
    )
    assert "Score" in result.out
    assert result.code == 0


@pytest.mark.parametrize(
    ("domain", "number"), [("good.prosody.test", signal.SIGINT), ("good.ejabberd.test", signal.SIGTERM)]
)
async def test_a_signal_in_the_middle_removes_the_temporary_account(
    command: Command, laboratory: Laboratory, dns: FakeDns, domain: str, number: signal.Signals
) -> None:
    server = laboratory.server(domain)
    async with (
        far_away(server, dns),
        command.started("check", domain, "--register", "--yes") as process,
    ):
        await until(lambda: bool(temporary_accounts(server)), "the registration")
        process.send_signal(number)
        out, err = await asyncio.wait_for(process.communicate(), LIMIT)
    assert process.returncode == 128 + number
    assert out == b""
    assert b"cleaning up on the server" in err
    assert b"Traceback" not in err
    assert not temporary_accounts(server)
    assert kept(command) == []


async def test_the_next_registration_removes_what_a_killed_one_left(
    command: Command, open_server: Server, dns: FakeDns
) -> None:
    async with (
        far_away(open_server, dns),
        command.started("check", open_server.domain, "--register", "--yes") as process,
    ):
        await until(lambda: bool(temporary_accounts(open_server)), "the registration")
        process.kill()
        await process.wait()
    dns.restore()
    assert temporary_accounts(open_server)
    result = await command.run("check", open_server.domain, "--register", "--yes", "--only", "xep0280")
    assert result.code == 0
    assert not temporary_accounts(open_server)
    assert kept(command) == []


def block_list(server: Server) -> str:
    data = server.program.account_data(PROBE, server.domain)
    return "".join(text for name, text in data.items() if "block" in name)


@asynccontextmanager
async def blocking(command: Command, server: Server) -> AsyncIterator[asyncio.subprocess.Process]:
    """A check that has blocked an address and not yet unblocked it."""
    async with command.started("check", server.jid(), *command.password_file, "--only", "xep0191") as process:
        await until(lambda: ".invalid" in block_list(server), "the blocking")
        yield process


async def test_a_signal_in_the_middle_leaves_the_account_as_it_was(
    command: Command, laboratory: Laboratory, dns: FakeDns
) -> None:
    server = laboratory.server(GOOD)
    async with far_away(server, dns), blocking(command, server) as process:
        process.send_signal(signal.SIGINT)
        _, err = await asyncio.wait_for(process.communicate(), LIMIT)
    assert process.returncode == 130
    assert b"the next check of" not in err
    assert ".invalid" not in block_list(server)


async def test_the_next_check_removes_what_a_killed_one_left(
    command: Command, laboratory: Laboratory, dns: FakeDns
) -> None:
    server = laboratory.server(GOOD)
    async with far_away(server, dns), blocking(command, server) as process:
        process.kill()
        await process.wait()
    assert ".invalid" in block_list(server)
    dns.restore()
    result = await command.run("check", server.jid(), *command.password_file, "--only", "xep0280")
    assert result.code == 0
    assert ".invalid" not in block_list(server)
