"""Carries out one page of help: `python -m tests.help prosody xep0313`."""

import sys
from pathlib import Path

import pytest

from xmpp_exporter.catalogue.help import pages

FILES = {name: Path(__file__).with_name(f"test_{name}.py") for name in ("prosody", "ejabberd", "general")}


def main(software: str, check: str) -> int:
    """Returns the exit code of the tests, or 2 when there is nothing to prove."""
    page = pages().get(software, {}).get(check)
    if page is None or software not in FILES:
        print(f"catalogue/help/{software}/ has no page for {check}; pages of {', '.join(FILES)} are carried out")
        return 2
    if not page.proven:
        print(f"{software}/{page.check}.md says that it is not proven: {page.why}")
        return 2
    wanted = f"{software}-{page.check}"
    return int(pytest.main([str(FILES[software]), "--quiet", "-k", f"{wanted}] or {wanted}-"]))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
