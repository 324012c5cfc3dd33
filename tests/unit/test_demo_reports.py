"""The demonstration's tables are made of the exporter's JSON: nothing that they show gets lost on the way."""

import json

import pytest

from deploy.demo.reports import report_of
from xmpp_exporter.model import CheckResult, Failure, Outcome, ProbeKind, ProbeReport, Reason, Software, Verdict
from xmpp_exporter.report_json import report_json

GOOD = ProbeReport(
    domain="example.org",
    probe=ProbeKind.COMPLIANCE,
    started=1_700_000_000.0,
    duration=1.25,
    success=True,
    login=True,
    software=Software("Prosody", "0.12.3"),
    checks=(
        CheckResult("xep0363", Outcome(Verdict.SUPPORTED, detail="works", facts={"xmpp_size_bytes": 10.0}), 0.5),
        CheckResult("xep0313", Outcome(Verdict.BROKEN, Reason.STANZA_ERROR, "forbidden"), 0.25),
    ),
)
REFUSED = ProbeReport(
    domain="example.org",
    probe=ProbeKind.COMPLIANCE,
    started=1_700_000_000.0,
    duration=0.5,
    success=True,
    login=False,
    login_failure=Failure.BAD_PASSWORD,
    login_detail="not-authorized",
)
DOWN = ProbeReport(
    domain="example.org",
    probe=ProbeKind.COMPLIANCE,
    started=1_700_000_000.0,
    duration=0.5,
    success=False,
    failure=Failure.DNS,
    detail="NXDOMAIN",
    login=True,
)


@pytest.mark.parametrize("report", [GOOD, REFUSED, DOWN], ids=["good", "refused", "down"])
def test_a_report_comes_back_from_its_json(report: ProbeReport) -> None:
    assert report_of(json.loads(json.dumps(report_json(report)))) == report
