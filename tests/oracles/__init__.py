"""Programs from npm that say what is right: axe-core of a page's accessibility, badge-maker of a badge's width."""

import shutil
import subprocess
from pathlib import Path

FOLDER = Path(__file__).parent
FILES = ("package.json", "package-lock.json", ".npmrc", "widths.mjs")


def install(folder: Path) -> None:
    """The programs as the lock file says, in an empty folder."""
    for file in FILES:
        shutil.copy(FOLDER / file, folder)
    assert shutil.which("npm"), "npm is not installed: apt-get install --no-install-recommends nodejs npm"
    installed = subprocess.run(["npm", "ci"], cwd=folder, capture_output=True, text=True, check=False)
    assert installed.returncode == 0, installed.stderr
