"""A recorded /metrics page, made of fixed reports, that shows a reader what the exporter yields.

`python -m tests.unit.golden_page` writes tests/unit/golden/metrics.txt anew; look at what changed before you commit it.
"""

import re
from pathlib import Path

from xmpp_exporter.catalogue import checks
from xmpp_exporter.config import ServerConfig
from xmpp_exporter.exposition import Exposition
from xmpp_exporter.metrics import Counts
from xmpp_exporter.model import (
    AddressReport,
    CheckResult,
    EndpointReport,
    Failure,
    Outcome,
    PeerReport,
    ProbeKind,
    ProbeReport,
    Reason,
    Software,
    Verdict,
)
from xmpp_exporter.self_metrics import SelfMetrics
from xmpp_exporter.store import ServerState

FILE = Path(__file__).parent / "golden" / "metrics.txt"

NOW = 1_790_000_000.0

GOOD = ServerConfig(domain="good.test", relation="own", expect=("xep0198", "xep0313"))
DOWN = ServerConfig(domain="down.test", relation="permitted")
NASTY = ServerConfig(domain="nasty.test")
UNREACHED = ServerConfig(domain="unreached.test", relation="own")


def supported(check: str, **facts: float) -> CheckResult:
    return CheckResult(check, Outcome(Verdict.SUPPORTED, facts=facts), 0.25)


def not_supported(check: str, verdict: Verdict, reason: Reason, detail: str = "") -> CheckResult:
    return CheckResult(check, Outcome(verdict, reason, detail), 0.25)


def measured(*but: str) -> tuple[CheckResult, ...]:
    """The checks with facts, so that the metric of each is on the page, other than those named."""
    with_facts = [check for check in checks().values() if check.facts and check.id not in but]
    return tuple(supported(check.id, **{fact.metric: 1.5 for fact in check.facts}) for check in with_facts)


GOOD_AVAILABILITY = ProbeReport(
    domain="good.test",
    probe=ProbeKind.AVAILABILITY,
    started=NOW - 30,
    duration=0.734,
    success=True,
    phases={"dns": 0.02, "connect": 0.0301, "tls": 0.091, "auth": 0.25},
    login=True,
    ping_duration=0.0312,
    peers=(PeerReport("peer.test", NOW, True, 0.0712), PeerReport("lost.test", NOW, False, 0.0123, peer_up=True)),
    endpoints=(
        EndpointReport(
            "xmpps-client",
            "xmpp.good.test",
            5223,
            (
                AddressReport("192.0.2.1", "ipv4", None, "", 0.03, NOW + 5e6, "TLSv1.3", "TLS_AES_256_GCM_SHA384"),
                AddressReport("192.0.2.2", "ipv4", Failure.REFUSED, "refused"),
                AddressReport("2001:db8::1", "ipv6", None, "", 0.05, NOW + 4e6, "TLSv1.3", "TLS_AES_256_GCM_SHA384"),
            ),
        ),
        EndpointReport("xmpp-client", "gone.good.test", 5222, (), Failure.DNS, "gone.good.test has no address"),
        EndpointReport(
            "xmpp-client",
            "xmpp.good.test",
            5222,
            (
                AddressReport("192.0.2.1", "ipv4", None, "", 0.03, NOW + 5e6, "TLSv1.2", "ECDHE-RSA-AES256-GCM-SHA384"),
                AddressReport("2001:db8::1", "ipv6", Failure.PROBER_NETWORK, "this machine has no route"),
            ),
        ),
    ),
    mechanisms=("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "X-SECRET-1", "X-SECRET-2"),
)

GOOD_COMPLIANCE = ProbeReport(
    domain="good.test",
    probe=ProbeKind.COMPLIANCE,
    started=NOW - 600,
    duration=4.2,
    success=True,
    phases={"dns": 0.02, "connect": 0.03, "tls": 0.1, "auth": 0.25, "checks": 3.8},
    login=True,
    software=Software("Prosody", "0.12.3"),
    services={"group_chat": ("conference.good.test",)},
    checks=(
        supported("xep0368"),
        supported("roster_versioning"),
        supported("xep0363", xmpp_http_upload_max_bytes=104857600.0),
        not_supported("xep0313", Verdict.UNSUPPORTED, Reason.OUTDATED, "only urn:xmpp:mam:1"),
        not_supported("turn", Verdict.BROKEN, Reason.MISMATCH, "no credentials"),
        not_supported("xep0398", Verdict.UNKNOWN, Reason.ACCOUNT_HAS_CONTACTS, "2 contacts"),
        not_supported("xep0077", Verdict.UNKNOWN, Reason.EXCLUDED),
        *measured("xep0363"),
    ),
)

DOWN_AVAILABILITY = ProbeReport(
    domain="down.test",
    probe=ProbeKind.AVAILABILITY,
    started=NOW - 10,
    duration=10.0,
    success=False,
    failure=Failure.TIMEOUT,
    detail="did not answer",
    phases={"dns": 0.02},
    login=False,
    login_failure=Failure.TIMEOUT,
    endpoints=(
        EndpointReport(
            "xmpp-client", "down.test", 5222, (AddressReport("192.0.2.9", "ipv4", Failure.TIMEOUT, "silent"),)
        ),
    ),
)

DOWN_COMPLIANCE = ProbeReport(
    domain="down.test",
    probe=ProbeKind.COMPLIANCE,
    started=NOW - 60,
    duration=300.0,
    success=False,
    failure=Failure.TIMEOUT,
    detail="the probe did not end in time",
    checks=(not_supported("xep0045", Verdict.UNSUPPORTED, Reason.NOT_OFFERED), supported("xep0198")),
)

NASTY_AVAILABILITY = ProbeReport(
    domain="nasty.test",
    probe=ProbeKind.AVAILABILITY,
    started=NOW - 1,
    duration=1.0,
    success=True,
    endpoints=(
        EndpointReport(
            "xmpp-client",
            'host"with\\quotes.test',
            5222,
            (AddressReport("192.0.2.7", "ipv4", None, "", 1e-7, NOW, "TLSv1.3", 'a"cipher\nof \u202etwo lines'),),
        ),
    ),
    mechanisms=('SCRAM"}',),
)

NASTY_COMPLIANCE = ProbeReport(
    domain="nasty.test",
    probe=ProbeKind.COMPLIANCE,
    started=NOW - 1,
    duration=1.0,
    success=True,
    software=Software('Evil "Server"\n\x00' + "x" * 500, "1.0\\\n# HELP injected\r\ninjected 1 ☃"),
    checks=(supported("xep0363", xmpp_http_upload_max_bytes=float("inf")), supported("no_such_check")),
)

UNREACHED_AVAILABILITY = ProbeReport(
    domain="unreached.test",
    probe=ProbeKind.AVAILABILITY,
    started=NOW - 5,
    duration=0.5,
    success=False,
    failure=Failure.PROBER_NETWORK,
    detail="the prober's own network was down",
)

REPORTS = {
    GOOD: (GOOD_AVAILABILITY, GOOD_COMPLIANCE),
    DOWN: (DOWN_AVAILABILITY, DOWN_COMPLIANCE),
    NASTY: (NASTY_AVAILABILITY, NASTY_COMPLIANCE),
    UNREACHED: (UNREACHED_AVAILABILITY,),
}


def servers_page() -> str:
    """What is known of four servers: one that works, one that is down, one that lies, and one that was not reached."""
    exposition = Exposition()
    for config, reports in REPORTS.items():
        state = ServerState()
        exposition.configure(config, state)
        for report in reports:
            state.take(report)
            failures = {report.failure: 1} if report.failure else {}
            exposition.count(config.domain, report.probe, Counts(1, failures))
            exposition.show(config, report.probe, state)
    return b"".join(exposition.chunks(NOW)).decode()


def exporter_page() -> str:
    """What the exporter says of itself; the process and the versions are each machine's own."""
    by_kind = {str(kind): 0.0 for kind in ProbeKind}
    metrics = SelfMetrics(
        lambda: {
            "xmpp_exporter_config_last_reload_successful": 1.0,
            "xmpp_exporter_config_last_reload_success_timestamp_seconds": NOW,
            "xmpp_exporter_servers": 4.0,
            "xmpp_exporter_probes_in_flight": by_kind,
            "xmpp_exporter_probe_lag_seconds": by_kind,
            "xmpp_exporter_network_up": 1.0,
        }
    )
    lines = metrics.render().decode().splitlines(keepends=True)
    text = "".join(line for line in lines if "xmpp_exporter_" in line)
    return re.sub(r'version="[^"]+"', 'version="…"', text)


def golden_page() -> str:
    return servers_page() + exporter_page()


if __name__ == "__main__":
    FILE.write_text(golden_page())
