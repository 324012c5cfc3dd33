"""A real Prosody and a real ejabberd that federate: TLS with certificates on both sides, and no dialback."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.probing import config_of, prober_of, verdicts_of
from tests.integration.running_exporter import RunningExporter, server_of, settings_of
from tests.servers.configurations import CONFIGURATIONS
from tests.servers.laboratory import Laboratory
from tests.servers.prosody import Prosody
from xmpp_exporter.catalogue import checks
from xmpp_exporter.model import Outcome
from xmpp_exporter.probe import probe_compliance

CHECK = "s2s_roundtrip"
PROSODY, EJABBERD = "federation.prosody.test", "federation.ejabberd.test"
DOWN = "closed-registration.ejabberd.test"
"""In the DNS, but nobody has started its server."""
OTHER = {PROSODY: EJABBERD, EJABBERD: PROSODY}
INTERVALS = {"availability": "4s", "compliance": "4s"}
"""Each probe pings all peers; Prosody without lua-unbound takes some seconds to find that nobody is there."""


@pytest.fixture(scope="module")
def federation() -> Iterator[Laboratory]:
    """Servers of this module alone, for it stops them."""
    with Laboratory({domain: CONFIGURATIONS[domain] for domain in (PROSODY, EJABBERD, DOWN)}) as laboratory:
        laboratory.start(PROSODY, EJABBERD)
        yield laboratory


async def outcome_of(laboratory: Laboratory, domain: str, *peers: str) -> tuple[str, Outcome]:
    """Verdict with reason, and the outcome, of the check with these peers."""
    prober = prober_of(laboratory)
    prober.peers = {domain: peers}
    report = await probe_compliance(prober, config_of(laboratory, domain), only={CHECK})
    return verdicts_of(report)[CHECK], report.checks[0].outcome


@pytest.mark.parametrize("domain", OTHER)
async def test_a_ping_goes_to_the_other_server_and_back(federation: Laboratory, domain: str) -> None:
    verdict, outcome = await outcome_of(federation, domain, OTHER[domain])
    assert verdict == "supported"
    assert re.fullmatch(rf"{OTHER[domain]}: answered in \d+\.\d\d s", outcome.detail)


async def test_the_servers_talk_to_each_other_over_tls_and_trust_their_certificates(federation: Laboratory) -> None:
    await outcome_of(federation, PROSODY, EJABBERD)
    prosody = federation.server(PROSODY).program
    assert isinstance(prosody, Prosody)
    told = "\n".join(prosody.shell("s2s", "show", EJABBERD))
    for direction in ("-->", "<--"):
        assert re.search(rf"{direction} .* TLSv1\.[23] .* Succeeded .* Not used", told), told  # SASL, and dialback


@pytest.mark.parametrize(
    ("others", "verdict"), [((), "unknown depends_on"), (("the one that is up",), "broken unreachable")]
)
@pytest.mark.parametrize("domain", OTHER)
async def test_a_server_that_is_down_counts_when_the_other_answers(
    federation: Laboratory, domain: str, others: tuple[str, ...], verdict: str
) -> None:
    found, outcome = await outcome_of(federation, domain, DOWN, *(OTHER[domain] for _ in others))
    assert found == verdict
    assert f"{DOWN}: not reached: remote-server-" in outcome.detail


def reachable(exporter: RunningExporter) -> dict[tuple[str, str], float]:
    """What /metrics says of each pair of a domain and a peer."""
    samples = exporter.samples("xmpp_s2s_reachable")
    return {(labels[0], labels[1]): value for key, value in samples.items() if (labels := re.findall('"(.+?)"', key))}


def test_the_matrix_has_both_directions_and_blames_nobody_for_a_server_that_is_down(
    federation: Laboratory, tmp_path: Path
) -> None:
    often: dict[str, Any] = {
        "intervals": INTERVALS,
        "timeouts": {"availability": "3500ms"},
        "exclude": sorted(checks()),
    }
    servers = [server_of(federation, domain, **often) for domain in OTHER]
    configured = settings_of(federation, *servers, federation={"peers": "configured"})
    with RunningExporter(tmp_path, configured) as exporter:
        both = dict.fromkeys(OTHER.items(), 1.0)
        exporter.until(lambda: reachable(exporter) == both, "ping from each server to the other")
        durations = exporter.samples("xmpp_s2s_ping_duration_seconds")
        assert set(durations) == {
            f'xmpp_s2s_ping_duration_seconds{{domain="{domain}",peer="{peer}"}}' for domain, peer in both
        }
        assert all(0 < duration < 10 for duration in durations.values())

        exporter.configure(configured | {"federation": {"peers": [*OTHER, DOWN]}})
        exporter.hang_up()
        with_down = both | {(domain, DOWN): 0.0 for domain in OTHER}
        exporter.until(lambda: reachable(exporter) == with_down, "ping to the server that is down")
        assert not [series for series in exporter.samples("xmpp_s2s_ping_duration") if DOWN in series]

        federation.server(EJABBERD).program.stop()
        try:
            exporter.until(lambda: reachable(exporter) == {}, "silence about a server that has been stopped")
            assert exporter.samples("xmpp_login_success")[f'xmpp_login_success{{domain="{PROSODY}"}}'] == 1
        finally:
            federation.server(EJABBERD).program.start()
