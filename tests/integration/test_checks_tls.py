"""The checks of connections and TLS, against real servers: every verdict is as the table of its domain says."""

import time
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from tests.integration.probing import config_of, prober_of, verdicts_of
from tests.servers.laboratory import Laboratory
from xmpp_exporter.model import ProbeReport
from xmpp_exporter.probe import probe_compliance
from xmpp_exporter.prober import Prober

EXPECTED = Path(__file__).parent / "expected" / "tls"
"""One table for each domain: check id to verdict and reason."""

TRIED = {
    "tls_versions_c2s": "xmpp_tls_versions_tried_timestamp_seconds",
    "tls_versions_s2s": "xmpp_s2s_tls_versions_tried_timestamp_seconds",
    "tls_ciphers": "xmpp_tls_ciphers_tried_timestamp_seconds",
}
"""The facts by which what was tried today is known."""


def expected(domain: str) -> dict[str, str]:
    table: dict[str, str] = yaml.safe_load((EXPECTED / f"{domain}.yml").read_text())
    return table


def detail_of(report: ProbeReport, check: str) -> str:
    return next(result.outcome.detail for result in report.checks if result.check == check)


@pytest.fixture
def prober(laboratory: Laboratory) -> Prober:
    return prober_of(laboratory)


@pytest.mark.parametrize("domain", sorted(file.stem for file in EXPECTED.glob("*.yml")))
async def test_every_verdict_is_the_expected_one(laboratory: Laboratory, prober: Prober, domain: str) -> None:
    report = await probe_compliance(prober, config_of(laboratory, domain), only=expected(domain))
    assert report.success
    assert verdicts_of(report) == expected(domain)


@pytest.mark.parametrize(
    ("domain", "check", "told"),
    [
        ("wrong-name.ejabberd.test", "cert_name_c2s", "it is only for bare.ejabberd.test"),
        ("expired.prosody.test", "cert_chain_s2s", "certificate has expired"),
        ("soon.prosody.test", "cert_expiry", "has not been renewed"),
        ("old-tls.prosody.test", "tls_required", "without TLS, and their passwords be read on the way: offers PLAIN"),
        ("old-tls.ejabberd.test", "tls_versions_c2s", "still speaks TLS 1.0, TLS 1.1 beside TLS 1.2 and TLS 1.3"),
        ("old-tls.ejabberd.test", "tls_ciphers", "accepts the weak cipher suite TLS_"),
        ("broken.prosody.test", "endpoints_up", ":9): refused the connection"),
        ("bare.prosody.test", "s2s_stream", "after it, servers that do not prove who they are are turned away"),
    ],
)
async def test_the_detail_says_what_is_wrong(
    laboratory: Laboratory, prober: Prober, domain: str, check: str, told: str
) -> None:
    report = await probe_compliance(prober, config_of(laboratory, domain), only={check})
    assert told in detail_of(report, check)


async def test_old_versions_are_tried_once_a_day(laboratory: Laboratory, prober: Prober) -> None:
    domain = "federated.prosody.test"
    config = config_of(laboratory, domain)
    first = await probe_compliance(prober, config, only=TRIED)
    again = await probe_compliance(prober, config, only=TRIED, previous=first)
    assert [result.outcome for result in again.checks] == [result.outcome for result in first.checks]
    yesterday = [
        replace(result, outcome=replace(result.outcome, facts={TRIED[result.check]: time.time() - 86_401}))
        for result in first.checks
    ]
    later = await probe_compliance(prober, config, only=TRIED, previous=replace(first, checks=tuple(yesterday)))
    assert all(result.outcome.facts[TRIED[result.check]] >= later.started for result in later.checks)


async def test_old_versions_are_never_tried_at_foreign_servers(laboratory: Laboratory, prober: Prober) -> None:
    config = config_of(laboratory, "old-tls.prosody.test")
    foreign = config.model_copy(update={"relation": "foreign", "account": None})
    report = await probe_compliance(prober, foreign, only=TRIED)
    assert verdicts_of(report) == dict.fromkeys(TRIED, "unknown excluded")


async def test_the_earliest_end_of_all_certificates_is_a_fact(laboratory: Laboratory, prober: Prober) -> None:
    report = await probe_compliance(prober, config_of(laboratory, "soon.prosody.test"), only={"cert_expiry"})
    facts = report.checks[0].outcome.facts
    left = facts["xmpp_certificates_not_after_timestamp_seconds"] - time.time()
    assert 4 * 86_400 < left < 5 * 86_400


@pytest.mark.parametrize(
    ("host", "verdict"),
    [
        ("good.ejabberd.test", "supported"),
        # its certificate is for the domain alone, which is good enough for XEP-0156
        ("xmpp.good.ejabberd.test", "supported"),
        ("wrong-name.ejabberd.test", "broken certificate"),
        ("self-signed.ejabberd.test", "broken certificate"),
        ("expired.ejabberd.test", "broken certificate"),
        ("nowhere.ejabberd.test", "unknown depends_on"),
    ],
)
async def test_the_web_server_that_the_configuration_names_is_judged(
    laboratory: Laboratory, prober: Prober, host: str, verdict: str
) -> None:
    laboratory.server("wrong-name.ejabberd.test")
    config = config_of(laboratory, "good.ejabberd.test", websocket_url=f"wss://{host}/ws")
    report = await probe_compliance(prober, config, only={"cert_http"})
    assert verdicts_of(report) == {"cert_http": verdict}, detail_of(report, "cert_http")


async def test_a_component_is_judged_without_an_account_where_the_configuration_names_it(
    laboratory: Laboratory, prober: Prober
) -> None:
    domain = "uncovered.prosody.test"
    config = config_of(laboratory, domain, muc_service=f"conference.{domain}").model_copy(update={"account": None})
    report = await probe_compliance(prober, config, only={"cert_components"})
    assert verdicts_of(report) == {"cert_components": "broken certificate"}
    assert f"not for conference.{domain}: it is only for {domain}" in detail_of(report, "cert_components")
