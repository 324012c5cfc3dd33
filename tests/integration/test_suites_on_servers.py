"""The compliance suites on reports of real servers: every category and level is as the table of its domain says."""

from pathlib import Path

import pytest
import yaml

from tests.integration.probing import config_of, prober_of
from tests.servers.laboratory import Laboratory
from xmpp_exporter.catalogue.suite import Suite, suites
from xmpp_exporter.model import ProbeReport
from xmpp_exporter.probe import probe_compliance
from xmpp_exporter.score import Met, evaluate

EXPECTED = Path(__file__).parent / "expected" / "suites"
"""One table for each domain: by suite, category and level verdict and n/m; what is missing in the category itself."""

DOMAINS = sorted(file.stem for file in EXPECTED.glob("*.yml"))


def told(suite: Suite, report: ProbeReport) -> dict[str, dict[str, str]]:
    """The suite's levels as the tables have them."""
    lines: dict[str, dict[str, str]] = {}
    for level in evaluate(suite, report):
        entry = lines[f"{level.category.id} {level.level.id}"] = {"verdict": f"{level.compliance} {level.score}"}
        for name, met in (("missing", Met.UNSUPPORTED), ("undecided", Met.UNKNOWN)):
            own = [each.requirement.id for each in level.of(met) if each.category.id == level.category.id]
            if own:
                entry[name] = " ".join(own)
    return lines


@pytest.mark.parametrize("domain", DOMAINS)
async def test_every_level_is_as_expected(laboratory: Laboratory, domain: str) -> None:
    report = await probe_compliance(prober_of(laboratory), config_of(laboratory, domain))
    assert report.success
    assert {suite.id: told(suite, report) for suite in suites().values()} == yaml.safe_load(
        (EXPECTED / f"{domain}.yml").read_text()
    )


async def test_without_an_account_nothing_is_compliant_and_what_fails_is_told(laboratory: Laboratory) -> None:
    config = config_of(laboratory, "bare.prosody.test").model_copy(update={"account": None})
    report = await probe_compliance(prober_of(laboratory), config)
    found = told(suites()["cs2023"], report)
    assert found["mobile core"]["verdict"].startswith("undecided")
    assert found["mobile core"]["undecided"] == "stream_management client_state_indication"
