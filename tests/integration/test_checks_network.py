"""What servers lead to beside XMPP - web connections, files, calls - on real servers, as the tables say."""

from pathlib import Path

import pytest
import yaml

from tests.integration.probing import config_of, prober_of, verdicts_of
from tests.servers.laboratory import PROBE, Laboratory
from xmpp_exporter.probe import probe_compliance

EXPECTED = Path(__file__).parent / "expected" / "network"
"""One table for each domain: check id to verdict and reason."""


@pytest.mark.parametrize("domain", sorted(file.stem for file in EXPECTED.glob("*.yml")))
async def test_every_verdict_is_the_expected_one(laboratory: Laboratory, domain: str) -> None:
    expected: dict[str, str] = yaml.safe_load((EXPECTED / f"{domain}.yml").read_text())
    prober = prober_of(laboratory)
    report = await probe_compliance(prober, config_of(laboratory, domain), only=expected)
    assert report.success
    assert verdicts_of(report) == expected
    assert prober.journal.left(f"{PROBE}@{domain}") == []
