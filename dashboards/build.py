"""Writes dashboards/*.json: `make dashboards`. With --check it writes nothing, and exits 1 when one is stale."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from dashboards.boards import BOARDS
from dashboards.dashboard import Dashboard

FOLDER = Path(__file__).parent


def path(dashboard: Dashboard) -> Path:
    return FOLDER / f"{dashboard.name}.json"


def rendered(dashboard: Dashboard) -> str:
    """The file's text."""
    return json.dumps(dashboard.json(), indent=2, ensure_ascii=False) + "\n"


def stale() -> list[Path]:
    """The files that are not what would be written."""
    return [path(board) for board in BOARDS if not path(board).exists() or path(board).read_text() != rendered(board)]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m dashboards.build", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a file is stale")
    if parser.parse_args(arguments).check:
        found = stale()
        for file in found:
            print(f"{file} is stale: run `make dashboards`", file=sys.stderr)
        return 1 if found else 0
    for board in BOARDS:
        path(board).write_text(rendered(board))
    return 0


if __name__ == "__main__":
    sys.exit(main())
