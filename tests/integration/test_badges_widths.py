"""Our badges are about as wide as those of badge-maker, which made most badges that there are."""

import json
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.oracles import install
from xmpp_badges import colours
from xmpp_badges.badge import Badge
from xmpp_badges.svg import STYLES, badge_svg
from xmpp_exporter.catalogue import checks

TEXTS = [
    ("XMPP compliance", "92% (24/26)"),
    ("XMPP up, 30 days", "99.98%"),
    ("certificate", "expires in 60 days"),
    ("iiiiilllll", "WWWWWMMMMM"),
    ("Прозвон", "работает"),
    ("ÄÖÜ ßéñ", "…"),
    *((check.title, "not supported") for check in checks().values()),
]
TOLERANCE = 0.1
"""They measure another font of the same kind, and round to pixels."""


@pytest.fixture(scope="module")
def oracle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("oracles")
    install(folder)
    return folder


@pytest.mark.parametrize("style", STYLES)
def test_badges_are_as_wide_as_badge_makers(oracle: Path, style: str) -> None:
    wanted = [{"label": label, "message": message, "style": style} for label, message in TEXTS]
    result = subprocess.run(
        ["node", "widths.mjs"], cwd=oracle, input=json.dumps(wanted), capture_output=True, text=True, check=True
    )
    theirs = json.loads(result.stdout)
    assert len(theirs) == len(TEXTS)
    for (label, message), width in zip(TEXTS, theirs, strict=True):
        ours = ElementTree.fromstring(badge_svg(Badge(label, message, colours.LABEL), style)).attrib["width"]
        assert float(ours) == pytest.approx(width, rel=TOLERANCE), (label, message)
