"""The exporter's JSON as the report that it was made of, so that the command line's tables can show it."""

from datetime import datetime
from typing import Any

from xmpp_exporter.model import CheckResult, Failure, Outcome, ProbeKind, ProbeReport, Reason, Software, Verdict


def report_of(document: dict[str, Any]) -> ProbeReport:
    """The compliance report in an answer of `/api/v1/servers/DOMAIN`."""
    failure, login_failure = document.get("failure"), document.get("login_failure")
    return ProbeReport(
        domain=document["domain"],
        probe=ProbeKind.COMPLIANCE,
        started=datetime.fromisoformat(document["probed_at"]).timestamp(),
        duration=document["duration_seconds"],
        success=failure is None,
        failure=Failure(failure["reason"]) if failure else None,
        detail=failure["detail"] if failure else "",
        login=login_failure is None,
        login_failure=Failure(login_failure["reason"]) if login_failure else None,
        login_detail=login_failure["detail"] if login_failure else "",
        software=Software(**document["software"]) if document["software"] else None,
        checks=tuple(_result(each) for each in document["checks"]),
    )


def _result(check: dict[str, Any]) -> CheckResult:
    reason = Reason(check["reason"]) if check["reason"] else None
    outcome = Outcome(Verdict(check["verdict"]), reason, check["detail"], check["facts"])
    return CheckResult(check["id"], outcome, check["duration_seconds"])
