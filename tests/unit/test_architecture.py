"""Data flows one way: what each part may import."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import xmpp_alerts
import xmpp_exporter

ROOT = Path(xmpp_exporter.__file__).parent

FORBIDDEN = {
    "model.py": ("",),
    "catalogue": ("checks", "wire", "config", "metrics", "web", "store", "probe", "cli", "schedule", "service"),
    "wire": ("checks", "catalogue", "config", "metrics", "web", "store", "probe", "cli", "schedule", "service"),
    "checks": ("metrics", "web", "store", "probe", "cli", "schedule", "service", "exposition", "availability"),
    "config": ("checks", "wire", "metrics", "web", "store", "probe", "cli", "schedule", "service"),
    "score.py": ("checks", "wire", "config", "metrics", "web", "store", "probe", "cli", "schedule", "service"),
    "metrics.py": ("checks", "wire", "web", "store", "probe", "cli", "schedule", "service"),
    "probe.py": ("metrics", "web", "store", "cli", "schedule", "service", "exposition"),
}
"""For each part, the parts of the package that it must not know; "" means all of them."""


def imported(path: Path) -> set[str]:
    """The project's modules that a file imports, without the package's name."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name.removeprefix("xmpp_exporter.") for name in names if name.startswith("xmpp_exporter.")}


@pytest.mark.parametrize("part", FORBIDDEN)
def test_a_part_imports_nothing_that_comes_after_it(part: str) -> None:
    files = [ROOT / part] if part.endswith(".py") else sorted((ROOT / part).rglob("*.py"))
    assert files
    for file in files:
        for name in imported(file):
            for forbidden in FORBIDDEN[part]:
                assert forbidden != "", f"{file.name} imports {name}"
                assert name.split(".")[0] != forbidden, f"{file.name} imports {name}"


def test_alerting_knows_of_the_exporter_what_it_shares_and_never_a_probe() -> None:
    """Of the wire it uses what makes an XMPP client."""
    probing = {
        "adhoc",
        "availability",
        "checks",
        "cli",
        "journal",
        "probe",
        "probing",
        "schedule",
        "service",
        "store",
        "web",
    }
    for file in Path(xmpp_alerts.__file__).parent.rglob("*.py"):
        for name in imported(file):
            assert name.split(".")[0] not in probing, f"{file.name} imports {name}"


def test_pages_load_no_xmpp_client() -> None:
    code = "import sys, xmpp_badges.web; sys.exit(any(name.partition('.')[0] == 'slixmpp' for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_only_the_wire_opens_connections() -> None:
    """`asyncio.open_connection`, slixmpp, aiohttp's client and dnspython stay below wire/."""
    for file in ROOT.rglob("*.py"):
        if "wire" in file.parts:
            continue
        text = file.read_text()
        for name in ("open_connection(", "import slixmpp", "from slixmpp", "ClientSession(", "dns.asyncresolver"):
            assert name not in text, f"{file.name} has {name}"
