"""README.md and CONTRIBUTING.md are true: their files exist, their configurations load, their commands are commands."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from xmpp_exporter.catalogue import checks
from xmpp_exporter.cli import app
from xmpp_exporter.config import load_config

TREE = Path(__file__).parents[2]
README = (TREE / "README.md").read_text()
BLOCKS = [yaml.safe_load(block) for block in re.findall(r"^```yaml\n(.+?)^```$", README, re.MULTILINE | re.DOTALL)]
LIMIT = 60


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_every_linked_file_exists(document: str) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", (TREE / document).read_text())
    missing = [link for link in links if not link.startswith("http") and not (TREE / link).exists()]
    assert links and missing == []


def test_the_configuration_of_the_readme_loads(tmp_path: Path) -> None:
    [written] = [block for block in BLOCKS if "servers" in block]
    file = tmp_path / "exporter.yml"
    file.write_text(yaml.safe_dump(written))
    config = load_config(file, checks())
    assert [(server.domain, server.relation) for server in config.servers] == [
        ("example.org", "own"),
        ("example.net", "foreign"),
    ]


@pytest.mark.parametrize("scraping", [block for block in BLOCKS if "scrape_configs" in block])
def test_prometheus_accepts_the_readmes_ways_to_scrape(scraping: object, tmp_path: Path) -> None:
    file = tmp_path / "prometheus.yml"
    file.write_text(yaml.safe_dump(scraping))
    result = subprocess.run(
        ["promtool", "check", "config", file], capture_output=True, text=True, timeout=LIMIT, check=False
    )
    assert result.returncode == 0, result.stderr


def test_the_readme_lists_every_command_of_the_program() -> None:
    listed = set(re.findall(r"^\| `xmpp-exporter (\w+)", README, re.MULTILINE))
    assert listed == {
        command.name or command.callback.__name__ for command in app.registered_commands if command.callback
    }
    for command in listed:
        assert CliRunner().invoke(app, [command, "--help"]).exit_code == 0


def test_the_readmes_table_has_words_of_the_catalogue() -> None:
    """Its excerpt of real output must not outlive a renamed check or title."""
    rows = re.findall(r"^([\w-]+) +(?:supported|unsupported) +(.+?)  +", README, re.MULTILINE)
    assert len(rows) >= 6
    for check, title in rows:
        assert checks()[check].title == title
