"""Carries out one page of help: `python -m tests.help prosody xep0313`."""

import sys
from pathlib import Path

import pytest

from xmpp_exporter.catalogue.help import pages

TESTS = {"prosody": "test_prosody", "ejabberd": "test_ejabberd", "general": "test_any_software"}


def main(software: str, check: str) -> int:
    """Returns the exit code of the tests, or 2 when there is nothing to prove."""
    page = pages().get(software, {}).get(check)
    if page is None or software not in TESTS:
        print(
            f"there is no page for {check} in catalogue/help/{software}/; of {', '.join(TESTS)} pages are carried out"
        )
        return 2
    if not page.proven:
        print(f"{software}/{page.check}.md says that it is not proven: {page.why}")
        return 2
    file = Path(__file__).with_name("test_proofs.py")
    wanted = f"{TESTS[software]} and {software}-{page.check}"
    return int(pytest.main([str(file), "--quiet", "-k", f"{wanted}] or {wanted}-"]))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
