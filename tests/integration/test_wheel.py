"""What is shipped: the wheel alone, installed outside of the tree, has all that the commands need."""

import json
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

import xmpp_badges
import xmpp_exporter

TREE = Path(__file__).parents[2]
LIMIT = 120


def run(*command: str | Path, cwd: Path) -> str:
    """The standard output of a command, in an environment that knows nothing of the tree; it must end with 0."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    result = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=LIMIT, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the commands in a new environment that has the wheel, and borrows this one's dependencies."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")
    run(*pip, "wheel", "--no-deps", "--no-build-isolation", f"--wheel-dir={folder}", TREE, cwd=folder)
    environment = folder / "environment"
    venv.create(environment, symlinks=True)
    python = environment / "bin" / "python"
    run(*pip, f"--python={python}", "install", "--no-deps", "--no-index", *folder.glob("*.whl"), cwd=folder)
    paths = json.loads(
        run(python, "-c", "import json, sysconfig; print(json.dumps(sysconfig.get_paths()))", cwd=folder)
    )
    # Behind the environment's own folder, and without its .pth files: the tree itself stays out of sight.
    (Path(paths["purelib"]) / "borrowed.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    return python.parent


def test_the_installed_package_is_the_wheels_and_ships_every_file_of_the_tree(programs: Path, tmp_path: Path) -> None:
    code = "import pathlib, xmpp_exporter; print(pathlib.Path(xmpp_exporter.__file__).parent)"
    shipped = Path(run(programs / "python", "-c", code, cwd=tmp_path).strip())
    assert not shipped.is_relative_to(TREE)
    ours = Path(xmpp_exporter.__file__).parent
    assert files(shipped) == files(ours)


def test_the_installed_commands_answer_with_version_and_catalogue(programs: Path, tmp_path: Path) -> None:
    exporter = programs / "xmpp-exporter"
    assert run(exporter, "--version", cwd=tmp_path) == f"xmpp-exporter {xmpp_exporter.__version__}\n"
    checks = json.loads(run(exporter, "checks", "--json", cwd=tmp_path))
    assert {"xep0313", "xep0363", "xep0402"} <= {check["id"] for check in checks}


def test_the_installed_command_validates_a_configuration(programs: Path, tmp_path: Path) -> None:
    (tmp_path / "exporter.yml").write_text("servers: [{domain: example.org}]\n")
    assert "domain: example.org" in run(programs / "xmpp-exporter", "config", "exporter.yml", cwd=tmp_path)


def test_the_installed_command_renders_alertmanagers_configuration(programs: Path, tmp_path: Path) -> None:
    (tmp_path / "alerts.yml").write_text(
        "smtp: {host: mail.example.org, from: a@example.org}\nsubscribers: [{id: ops, mail: ops@example.org}]\n"
    )
    run(programs / "xmpp-alerts", "render", "--output", ".", cwd=tmp_path)
    assert len(list(tmp_path.glob("xmpp-mail-*.tmpl"))) == 3


def test_the_installed_pages_have_their_templates_and_data(programs: Path, tmp_path: Path) -> None:
    assert run(programs / "xmpp-badges", "--version", cwd=tmp_path) == f"xmpp-badges {xmpp_exporter.__version__}\n"
    code = "import pathlib, xmpp_badges; print(pathlib.Path(xmpp_badges.__file__).parent)"
    shipped = Path(run(programs / "python", "-c", code, cwd=tmp_path).strip())
    assert files(shipped) == files(Path(xmpp_badges.__file__).parent)


def files(package: Path) -> set[str]:
    return {
        str(file.relative_to(package))
        for file in package.rglob("*")
        if file.is_file() and file.suffix != ".pyc" and not file.name.startswith(".")
    }
