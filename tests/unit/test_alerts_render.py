"""`xmpp-alerts render`: the files, who may read them, and how the command ends."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from xmpp_alerts.cli import app
from xmpp_exporter import __version__

SMTP = "smtp: {host: mail.example.org, from: alerts@example.org}\n"
MAIL = SMTP + "subscribers: [{id: ops, mail: ops@example.org}]\n"
CHAT = (
    "chat: {jid: a@example.org, password_file: pw, token: {password_file: token}}\n"
    "subscribers: [{id: ops, jid: ops@example.org}]\n"
)
WATCHDOG = "watchdog: https://deadman.example.org/secret-of-ours\n"
LOGIN = MAIL.replace("org}\n", "org, login: {username: a, password_file: smtp.pw}}\n", 1)


def run(*arguments: str | Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(each) for each in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


class Folder:
    """An alerts.yml and what is rendered of it."""

    def __init__(self, path: Path) -> None:
        self.path, self.output = path, path / "output"
        self.file = self.output / "alertmanager.yml"

    def render(self, text: str, *options: str) -> tuple[int, str, str]:
        (self.path / "alerts.yml").write_text(text)
        return run("render", "--config.file", self.path / "alerts.yml", "--output", self.output, *options)

    @property
    def document(self) -> Any:
        return yaml.safe_load(self.file.read_text())

    @property
    def mode(self) -> int:
        return self.file.stat().st_mode & 0o777


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_version_and_help() -> None:
    assert run("--version") == (0, f"xmpp-alerts {__version__}\n", "")
    code, out, _ = run("--help")
    assert code == 0 and "xmpp-alerts render --config.file alerts.yml" in out
    code, out, _ = run("render", "--help")
    assert code == 0 and "Exit codes: 0" in out and "--check" in out


def test_the_command_line_loads_no_xmpp_client() -> None:
    code = "import sys, xmpp_alerts.cli; print('slixmpp' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_alertmanager_yml_comes_with_the_templates_that_it_names(folder: Folder) -> None:
    code, out, err = folder.render(MAIL)
    assert (code, err) == (0, "")
    assert folder.file.read_text().startswith("# Made of alerts.yml by `xmpp-alerts render`")
    assert {file.name for file in folder.output.iterdir()} == {"alertmanager.yml", *folder.document["templates"]}
    assert {line.removesuffix(": written") for line in out.splitlines()} == set(map(str, folder.output.iterdir()))


def test_without_mails_there_are_no_templates(folder: Folder) -> None:
    assert folder.render(CHAT)[0] == 0
    assert [file.name for file in folder.output.iterdir()] == ["alertmanager.yml"]


def test_a_second_run_changes_nothing(folder: Folder) -> None:
    folder.render(MAIL)
    before = {file: file.stat().st_ino for file in folder.output.iterdir()}
    assert folder.render(MAIL) == (0, "", "")
    assert {file: file.stat().st_ino for file in folder.output.iterdir()} == before


def test_check_tells_what_is_stale_and_writes_nothing(folder: Folder) -> None:
    code, _, err = folder.render(MAIL, "--check")
    assert code == 1 and f"{folder.file}: not up to date\n" in err and not folder.output.exists()
    folder.render(MAIL)
    assert folder.render(MAIL, "--check") == (0, "", "")
    code, out, err = folder.render(MAIL + "repeat: 4h\n", "--check")
    assert (code, out, err) == (1, "", f"{folder.file}: not up to date\n")
    assert folder.document["route"]["repeat_interval"] == "1d"


def test_no_secret_is_written_where_alertmanager_reads_it_from_a_file(folder: Folder) -> None:
    (folder.path / "smtp.pw").write_text("hunter2")
    assert folder.render(LOGIN)[0] == 0
    assert folder.document["global"]["smtp_auth_password_file"] == str(folder.path / "smtp.pw")
    assert "hunter2" not in folder.file.read_text()
    assert folder.mode == 0o644


def test_the_address_of_a_dead_man_s_switch_is_for_the_owner_alone(folder: Folder) -> None:
    folder.render(WATCHDOG)
    assert folder.mode == 0o600
    assert "is a secret" in folder.file.read_text()


def test_a_file_keeps_its_group_and_permissions_but_no_secret_is_left_open(folder: Folder) -> None:
    folder.render("")
    folder.file.chmod(0o664)
    os.chown(folder.file, -1, 4242)
    folder.render(WATCHDOG)
    assert (folder.mode, folder.file.stat().st_gid) == (0o660, 4242)


def test_a_password_with_a_newline_or_that_cannot_be_read_is_a_warning(folder: Folder) -> None:
    password = folder.path / "smtp.pw"
    code, _, err = folder.render(LOGIN)
    assert code == 0 and err == f"warning: smtp.login: {password}: cannot be read: No such file or directory\n"
    password.write_text("hunter2\n")
    code, _, err = folder.render(LOGIN)
    assert code == 0 and err.startswith(f"warning: smtp.login: {password} ends with a newline")
    assert err.endswith(f"take it off: truncate -s -1 {password}\n") and "hunter2" not in err
    password.write_text("hunter2")
    assert folder.render(LOGIN)[2] == ""


def test_a_token_that_cannot_be_read_is_a_warning(folder: Folder) -> None:
    token = folder.path / "token"
    code, _, err = folder.render(CHAT)
    assert code == 0 and err == f"warning: chat.token: {token}: cannot be read: No such file or directory\n"
    token.write_text("of-the-bridge\n")
    assert folder.render(CHAT)[2] == ""


@pytest.mark.parametrize(
    "text",
    [
        LOGIN.replace("password_file: smtp.pw", "credential: smtp"),
        CHAT.replace("password_file: token", "credential: token"),
    ],
    ids=["smtp.login", "chat.token"],
)
def test_a_credential_of_systemd_is_refused_since_alertmanager_has_its_own(folder: Folder, text: str) -> None:
    code, out, err = folder.render(text)
    assert (code, out) == (2, "")
    assert err.endswith("cannot read a credential that systemd has for us: write password_file\n")
    assert not folder.output.exists()


def test_a_wrong_configuration_ends_with_2_and_every_error(folder: Folder) -> None:
    code, out, err = folder.render("daily_at: noon\nsubscribers: [{id: ops}]\n")
    assert (code, out) == (2, "")
    assert [line.split(": ")[1] for line in err.splitlines()] == ["daily_at", "subscribers[0]"]


def test_a_folder_that_cannot_be_written_ends_with_2(folder: Folder) -> None:
    folder.output.write_text("a file")
    code, _, err = folder.render(MAIL)
    assert code == 2 and err.startswith(f"error: {folder.output} can't be used: ")


def test_braces_mean_themselves_where_alertmanager_expects_templates(folder: Folder) -> None:
    folder.render(MAIL.replace("ops@", "'{{x}}@").replace("org}]", "org'}]"))
    (mail,) = folder.document["receivers"][-1]["email_configs"]
    assert mail["to"] == '{{ "{{" }}x}}@example.org'


def test_a_daily_mail_of_all_servers_stays_one_where_maintenance_makes_no_difference(folder: Folder) -> None:
    daily = MAIL.replace("org}]", "org, delivery: daily}]") + "daily_at: '23:50'\n"
    maintenance = "maintenance: [{domains: [example.org], windows: [{start: '%s', end: '%s'}]}]\n"
    for start, end, apart in [
        ("00:05", "04:00", False),
        ("00:04", "04:00", True),
        ("20:00", "23:50", False),
        ("20:00", "23:51", True),
    ]:
        folder.render(daily + maintenance % (start, end))
        assert ("routes" in folder.document["route"]["routes"][-1]) is apart
    folder.render(daily + maintenance.replace("windows", "timezone: Asia/Tokyo, windows") % ("01:00", "02:00"))
    assert "routes" in folder.document["route"]["routes"][-1]
    assert folder.document["time_intervals"][0]["time_intervals"][0]["times"] == [
        {"start_time": "23:50", "end_time": "24:00"},
        {"start_time": "00:00", "end_time": "00:05"},
    ]
