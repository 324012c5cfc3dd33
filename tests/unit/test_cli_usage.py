"""The program's surface: help, version, usage errors, exit codes, and the lists it prints."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from xmpp_exporter import __version__
from xmpp_exporter.catalogue import checks
from xmpp_exporter.cli import app
from xmpp_exporter.cli.check import exit_code
from xmpp_exporter.cli.errors import ExitCode
from xmpp_exporter.model import CheckResult, Failure, Outcome, ProbeKind, ProbeReport, Verdict


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(arguments))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def report(verdict: Verdict, *, success: bool = True, login: bool | None = None) -> ProbeReport:
    checks = (CheckResult("xep0280", Outcome(verdict), 0.1),)
    failure = None if success else Failure.REFUSED
    return ProbeReport("a.test", ProbeKind.COMPLIANCE, 0.0, 1.0, success, failure, login=login, checks=checks)


def test_the_version_is_the_distributions() -> None:
    assert run("--version") == (0, f"xmpp-exporter {__version__}\n", "")


def test_the_help_teaches_by_examples() -> None:
    code, out, _ = run("--help")
    assert code == 0
    assert "xmpp-exporter check example.org" in out
    code, out, _ = run("check", "-h")
    assert code == 0
    for line in ("xmpp-exporter check probe@example.org --password-file", "check example.org --register", "Exit codes"):
        assert line in out


def test_the_help_names_no_option_that_does_not_exist() -> None:
    _, out, _ = run("check", "--help")
    options, examples = out.split("Examples:")
    known = set(re.findall(r"--[a-z.-]+", options))
    assert set(re.findall(r"--[a-z.-]+", examples)) <= known


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["check"], "Missing argument"),
        (["check", "a.test", "--jsno"], "No such option: --jsno"),
        (["chekc", "a.test"], "No such command 'chekc'"),
        (["check", "a.test", "--only", "xep313"], "did you mean xep0313?"),
        (["check", "a.test", "--json", "--help-for-admins"], "leave it or --json out"),
        (["check", "not a domain"], "write a domain such as example.org"),
        (["check", "a@b.test"], "write --password-file FILE"),
        (["check", "a@b.test", "--password-file", "/nonexistent"], "cannot be read"),
        (["check", "a.test", "--config.file", "/nonexistent"], "cannot be read"),
    ],
)
def test_wrong_usage_ends_with_2_and_says_what_to_do_on_stderr(arguments: list[str], said: str) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert "Traceback" not in err


def test_our_own_errors_are_one_line() -> None:
    _, _, err = run("check", "a.test", "--only", "xep313")
    assert err == "error: --only: no check is called 'xep313'; did you mean xep0313?\n"


def test_every_error_of_the_configuration_is_told(tmp_path: Path) -> None:
    file = tmp_path / "exporter.yml"
    file.write_text("sevrers: []\nlimits: {concurrent_probes: 0}\n")
    code, out, err = run("check", "a.test", "--config.file", str(file))
    assert (code, out) == (2, "")
    assert [line.split(": ")[0] for line in err.splitlines()] == [f"{file}:1", f"{file}:2"]


def test_checks_lists_the_catalogue_as_json() -> None:
    code, out, err = run("checks", "--json")
    assert (code, err) == (0, "")
    assert [entry["id"] for entry in json.loads(out)] == list(checks())


def test_checks_lists_the_catalogue_as_plain_text() -> None:
    code, out, _ = run("checks")
    assert code == 0
    assert "\x1b" not in out
    assert all(re.search(rf"^{check} ", out, re.MULTILINE) for check in checks())


@pytest.mark.parametrize(
    ("finished", "code"),
    [
        (report(Verdict.SUPPORTED), ExitCode.FINE),
        (report(Verdict.SUPPORTED, login=True), ExitCode.FINE),
        (report(Verdict.UNSUPPORTED), ExitCode.FAILED),
        (report(Verdict.BROKEN), ExitCode.FAILED),
        (report(Verdict.UNKNOWN), ExitCode.FAILED),
        (report(Verdict.SUPPORTED, success=False), ExitCode.NOT_PROBED),
        (report(Verdict.SUPPORTED, login=False), ExitCode.NOT_PROBED),
    ],
)
def test_a_report_decides_the_exit_code(finished: ProbeReport, code: ExitCode) -> None:
    assert exit_code(finished) is code
