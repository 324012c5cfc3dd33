"""`xmpp-exporter config FILE`: what it prints, and how it ends."""

from pathlib import Path

import pytest
import typer
import yaml
from typer.testing import CliRunner

from xmpp_exporter.cli.config import check_config, config

SERVER = "servers: [{domain: a.test, relation: own, account: {jid: p@a.test, password_file: a.pw}}]\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "exporter.yml"


def run(file: Path) -> tuple[int, str, str]:
    app = typer.Typer()
    app.command()(config)
    result = CliRunner().invoke(app, [str(file)])
    return result.exit_code, result.stdout, result.stderr


def test_a_good_file_is_printed_with_its_defaults(file: Path) -> None:
    file.write_text(SERVER)
    (file.parent / "a.pw").write_text("hunter2\n")
    code, out, err = run(file)
    assert (code, err) == (0, "")
    assert yaml.safe_load(out)["servers"][0]["timeouts"]["connect"] == "10s"
    assert "hunter2" not in out


def test_a_password_that_cannot_be_read_is_a_warning(file: Path) -> None:
    file.write_text(SERVER)
    code, out, err = run(file)
    assert code == 0
    assert yaml.safe_load(out)["servers"][0]["domain"] == "a.test"
    assert err == f"warning: a.test: account: {file.parent / 'a.pw'}: cannot be read: No such file or directory\n"


def test_a_bad_file_ends_with_2_and_every_error_on_stderr(file: Path) -> None:
    file.write_text("servers:\n- domain: a.test\n  expect: [xep313]\n- {}\n")
    code, out, err = run(file)
    assert (code, out) == (2, "")
    assert err.splitlines() == [
        f"{file}:3: servers[0].expect[0]: no check is called xep313; did you mean xep0313?",
        f"{file}:4: servers[1].domain: is required",
    ]


def test_the_other_commands_end_with_2_as_well(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as raised:
        check_config(file)
    assert raised.value.exit_code == 2
    assert "cannot be read: No such file or directory" in capsys.readouterr().err
