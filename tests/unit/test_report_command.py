"""`xmpp-alerts report`: usage, and what docs/reports.md and the units say of it."""

import re
import subprocess
import sys
import textwrap
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from xmpp_alerts.cli import app
from xmpp_alerts.config import load_alerts
from xmpp_alerts.report.ledger import FILE

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "reports.md").read_text()
UNITS = ROOT / "deploy" / "systemd"
ALERTS = (
    "smtp: {host: mail.example.org, from: a@example.org}\nprometheus: {url: 'http://127.0.0.1:9'}\n"
    "subscribers: [{id: ops, mail: ops@example.org}]\n"
)
TOMORROW = (datetime.now() + timedelta(days=2)).date().isoformat()


def run(folder: Path, *arguments: str) -> tuple[int, str, str]:
    (folder / "alerts.yml").write_text(ALERTS)
    given = ["report", "--config.file", str(folder / "alerts.yml"), "--storage.path", str(folder / "state"), *arguments]
    result = CliRunner().invoke(app, given)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--period", "36h"], "36h is not a number of whole days"),
        (["--period", "soon"], "soon is no duration"),
        (["--until", "July"], "July is no date"),
        (["--until", TOMORROW], "is still to come"),
        (["--to", "nobody"], "no subscriber has the id nobody"),
        (["--domain", "a b"], "is no domain name"),
    ],
)
def test_wrong_usage_ends_with_2_and_says_what_to_write(tmp_path: Path, arguments: list[str], said: str) -> None:
    code, out, err = run(tmp_path, *arguments)
    assert (code, out) == (2, "")
    assert said in " ".join(re.sub("[│╭╮╰╯─]", " ", err).split())


def test_nobody_who_wants_reports_is_no_error(tmp_path: Path) -> None:
    code, out, err = run(tmp_path)
    assert (code, err) == (0, "")
    assert "Nobody in the configuration has weekly_report" in out


def test_who_is_named_gets_a_report_without_weekly_report(tmp_path: Path) -> None:
    code, _out, err = run(tmp_path, "--to", "ops")
    assert code == 1
    assert "Prometheus could not be asked" in err


def test_other_commands_load_neither_slixmpp_nor_what_draws() -> None:
    code = "import sys, xmpp_alerts.cli; print(sorted({'slixmpp', 'PIL', 'smtplib'} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"


def test_reports_load_no_slixmpp() -> None:
    code = "import sys, xmpp_alerts.report.running; print('slixmpp' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "False\n"


def test_each_option_is_documented_and_no_other(tmp_path: Path) -> None:
    _code, out, _err = run(tmp_path, "--help")
    options = set(re.findall(r"^  (?:-\w, )?(--[a-z.-]+)", out, re.MULTILINE))
    documented = set(re.findall(r"^\| `(--[a-z.-]+)", TEXT, re.MULTILINE))
    assert documented == options - {"--config.file", "--help"}
    assert f"`{FILE}`" in TEXT


def test_the_configuration_shown_is_one(tmp_path: Path) -> None:
    [block] = re.findall(r"^ +```yaml\n(.+?)^ +```$", TEXT, re.MULTILINE | re.DOTALL)
    (tmp_path / "alerts.yml").write_text(textwrap.dedent(block))
    assert [each.weekly_report for each in load_alerts(tmp_path / "alerts.yml").subscribers] == [True]


def test_the_unit_is_as_hardened_as_the_exporters() -> None:
    own = {"ExecStart", "ExecReload", "TimeoutStopSec", "RestartSec", "StateDirectory", "LoadCredential", "Description"}
    settings = {
        name: {
            line
            for line in (UNITS / f"{name}.service").read_text().splitlines()
            if "=" in line and not line.startswith("#") and line.partition("=")[0] not in own
        }
        for name in ("xmpp-exporter", "xmpp-alerts-report")
    }
    missing = settings["xmpp-exporter"] - settings["xmpp-alerts-report"]
    assert missing == {"After=network-online.target", "WantedBy=multi-user.target"}
    assert "DynamicUser=yes" in settings["xmpp-alerts-report"]
