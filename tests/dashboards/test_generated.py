"""The committed dashboards are those that their builders would write now."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_no_dashboard_is_stale() -> None:
    command = [sys.executable, "-m", "dashboards.build", "--check"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
