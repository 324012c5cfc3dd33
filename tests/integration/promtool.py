"""promtool: what it says of rules, their tests and configurations."""

import subprocess
from pathlib import Path

LIMIT = 300
"""Seconds; many evaluations take long on a small machine."""


def promtool(*arguments: str | Path) -> str:
    """What promtool says; the test fails when it is not content."""
    result = subprocess.run(["promtool", *arguments], capture_output=True, text=True, timeout=LIMIT, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout
