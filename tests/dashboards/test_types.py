"""The TypeScript compiler holds the dashboards against the types that Grafana publishes on npm.

Those of Grafana 11: what is written for it, 10 reads as it is, and 12 by its migrations.
"""

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.dashboards.dashboard import Dashboard, dashboards
from tests.dashboards.example import Mistake, example, panel, target, variable

TYPES = Path(__file__).parent / "types"

MISTAKES: dict[str, Mistake] = {
    "an unknown property of the dashboard": lambda board: board.update(titel="Fleet"),
    "an unknown property of a panel": lambda board: panel(board, "Servers").update(describtion="?"),
    "an unknown type of panel": lambda board: panel(board, "Servers up").update(type="graf"),
    "an unknown option": lambda board: panel(board, "Servers up")["options"].update(graphMod="none"),
    "an unknown value of an option": lambda board: panel(board, "Servers up")["options"].update(graphMode="lines"),
    "an option of another panel": lambda board: panel(board, "Servers")["options"].update(rowHeight=0.9),
    "an unknown field property": lambda board: panel(board, "Servers")["fieldConfig"]["defaults"].update(noText="-"),
    "a custom field of another panel": lambda board: panel(board, "Up and down")["fieldConfig"]["defaults"].update(
        custom={"cellOptions": {"type": "auto"}}
    ),
    "a target without a query": lambda board: target(board, "Servers up").pop("expr"),
    "an unknown refresh of a variable": lambda board: variable(board, "job").update(refresh=7),
    "a link without a title": lambda board: board["links"][0].pop("title"),
    "a row that is neither open nor closed": lambda board: panel(board, "Now").pop("collapsed"),
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the types and the compiler, as the lock file says."""
    folder = tmp_path_factory.mktemp("types")
    for file in ("package.json", "package-lock.json", ".npmrc", "tsconfig.json", "classic.ts"):
        shutil.copy(TYPES / file, folder)
    assert shutil.which("npm"), "npm is not installed: apt-get install --no-install-recommends nodejs npm"
    installed = subprocess.run(["npm", "ci"], cwd=folder, capture_output=True, text=True, check=False)
    assert installed.returncode == 0, installed.stderr
    return folder


def errors(project: Path, boards: Mapping[str, Dashboard]) -> dict[str, list[str]]:
    """What the compiler says of each of them, which are told apart by letters and numbers."""
    names = {f"board{number}": name for number, name in enumerate(boards)}
    for file, name in names.items():
        literal = json.dumps(boards[name].json, ensure_ascii=False, indent=1)
        text = (
            f'import type {{ ClassicDashboard }} from "./classic";\nexport const board: ClassicDashboard = {literal};\n'
        )
        (project / f"{file}.ts").write_text(text)
    settings = json.loads((TYPES / "tsconfig.json").read_text()) | {"files": [f"{file}.ts" for file in names]}
    (project / "tsconfig.json").write_text(json.dumps(settings))
    compiler = project / "node_modules" / ".bin" / "tsc"
    result = subprocess.run([compiler, "-p", "."], cwd=project, capture_output=True, text=True, check=False)
    found: dict[str, list[str]] = {name: [] for name in boards}
    for line in result.stdout.splitlines():
        if match := re.match(r"(board\d+)\.ts\((\d+),\d+\): (.+)", line):
            found[names[match[1]]].append(f"{match[2]}: {match[3]}")
    assert result.returncode == 0 or any(found.values()), result.stdout
    return found


def test_dashboards_are_what_grafana_says_they_are(project: Path) -> None:
    boards = {**dashboards(), "example": example()}
    assert errors(project, boards) == {name: [] for name in boards}


def test_a_mistake_is_found(project: Path) -> None:
    found = errors(project, {name: example(mistake) for name, mistake in MISTAKES.items()})
    assert [name for name, lines in found.items() if not lines] == []


def test_the_lock_file_names_no_registry() -> None:
    """Whoever installs uses their own."""
    packages = json.loads((TYPES / "package-lock.json").read_text())["packages"]
    assert {name for name, package in packages.items() if "resolved" in package} == set()
    assert all("integrity" in package for name, package in packages.items() if name)
