"""The small are silent below the big: what a real Alertmanager says of alerts that fire together."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.alerting import Alert, alert, alertmanager
from tests.integration.command import until
from tests.servers.alertmanager import Alertmanager

NETWORK, EXPORTER = alert("XmppProberNetworkDown", domain=""), alert("XmppExporterDown", domain="")
DOWN = alert("XmppServerDown")
LOST, UNDECIDED = alert("XmppCheckLost", check="xep0313"), alert("XmppCheckUndecided", "warning", check="xep0313")
LOGIN, STALE = alert("XmppLoginFailing"), alert("XmppProbeStale")
MISSING = alert("XmppExpectedCheckMissing", "warning", check="xep0313")
WEAKENED = alert("XmppTlsWeakened", "warning", check="xep0313")
EXPIRING_SOON, EXPIRING = (alert("XmppCertificateExpiring", severity) for severity in ("critical", "warning"))
INVALID = alert("XmppCertificateInvalid", check="cert_chain_c2s")


def of(firing: Alert, **labels: str) -> Alert:
    """The same with other labels."""
    return {**firing, "labels": firing["labels"] | labels}


SILENT = {
    "network down: a server": (NETWORK, DOWN),
    "network down: a check": (NETWORK, LOST),
    "exporter down: a server": (EXPORTER, DOWN),
    "exporters down: one of them": (EXPORTER, of(EXPORTER, severity="warning", instance="a:15222")),
    "exporter down: its lag": (EXPORTER, alert("XmppExporterLagging", "warning", domain="")),
    "server down: the login": (DOWN, LOGIN),
    "server down: a check": (DOWN, LOST),
    "server down: news": (DOWN, alert("XmppCheckGained", "info", check="xep0280")),
    "server down: a certificate": (DOWN, EXPIRING),
    "login fails: an undecided check": (LOGIN, UNDECIDED),
    "no probes: an undecided check": (STALE, UNDECIDED),
    "critical: the warning": (EXPIRING_SOON, EXPIRING),
    "expected: lost": (MISSING, LOST),
    "expected: undecided": (MISSING, UNDECIDED),
    "expected: weakened": (MISSING, WEAKENED),
    "invalid: expiring": (INVALID, EXPIRING),
}
TOLD = {
    "another job's network": (of(NETWORK, job="other"), DOWN),
    "one of several exporters": (of(EXPORTER, severity="warning", instance="a:15222"), DOWN),
    "the big ones of each other": (NETWORK, EXPORTER),
    "the watchdog": (EXPORTER, of(alert("XmppWatchdog", "none"), domain="")),
    "what is not ours": (EXPORTER, alert("NodeDown")),
    "another server": (DOWN, of(LOST, domain="b.test")),
    "the exporter below a server": (DOWN, alert("XmppExporterReloadFailed", "warning", domain="")),
    "what is lost while the login fails": (LOGIN, LOST),
    "another server's login": (of(LOGIN, domain="b.test"), UNDECIDED),
    "a warning of another check": (LOST, of(LOST, severity="warning", check="xep0280")),
    "another server's certificate": (of(EXPIRING_SOON, domain="b.test"), EXPIRING),
    "a certificate that expires soon while one is invalid": (INVALID, EXPIRING_SOON),
    "another check that is expected": (of(MISSING, check="xep0280"), LOST),
}


@pytest.fixture
def running(open_folder: Path) -> Iterator[Alertmanager]:
    with alertmanager(open_folder, "") as running:
        yield running


async def states(running: Alertmanager, *firing: Alert) -> list[str]:
    """What becomes of alerts that fire together: each is `active` or `suppressed`.

    Alertmanager takes them in one after the other: two of another job, of which one is silent, tell when it is done.
    """
    running.post(*firing)
    control = [of(each, job="control") for each in (DOWN, LOST)]
    running.post(*control)
    await until(lambda: _state(running, control[1]) == "suppressed", "the end of taking in")
    return [_state(running, each) for each in firing]


def _state(running: Alertmanager, firing: Alert) -> str:
    wanted = {key: value for key, value in firing["labels"].items() if value}
    return next((each["status"]["state"] for each in running.alerts() if each["labels"] == wanted), "")


@pytest.mark.parametrize("case", SILENT)
async def test_the_small_is_silent_below_the_big(running: Alertmanager, case: str) -> None:
    big, small = SILENT[case]
    assert await states(running, big, small) == ["active", "suppressed"]


@pytest.mark.parametrize("case", TOLD)
async def test_what_the_big_does_not_explain_is_told(running: Alertmanager, case: str) -> None:
    assert await states(running, *TOLD[case]) == ["active", "active"]
