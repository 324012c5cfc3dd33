"""The generated pages of docs/ are those that the catalogue and the metrics' contract yield now."""

import pytest

from docs.generate import FOLDER, PAGES, checks_page, metrics_page
from xmpp_exporter.catalogue import checks
from xmpp_exporter.families import FAMILIES


@pytest.mark.parametrize("name", PAGES)
def test_a_generated_page_is_not_stale(name: str) -> None:
    assert (FOLDER / name).read_text() == PAGES[name](), "run `make docs`"


def test_every_check_and_every_metric_has_its_place() -> None:
    headings = [line.split(":")[0].removeprefix("### ") for line in checks_page().splitlines() if line[:4] == "### "]
    assert sorted(headings) == sorted(checks())
    rows = [line.split("`")[1] for line in metrics_page().splitlines() if line.startswith("| `")]
    assert rows == [family.name for family in FAMILIES]
