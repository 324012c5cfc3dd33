"""A report as JSON: what `xmpp-exporter check --json` prints and the exporter's API answers."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from xmpp_exporter.catalogue import Check, checks
from xmpp_exporter.catalogue.suite import Suite, suites
from xmpp_exporter.model import AddressReport, CheckResult, EndpointReport, Failure, ProbeReport
from xmpp_exporter.score import Finding, LevelFindings, Met, evaluate, score

_DIGITS = 6
"""Durations are measured no finer than a microsecond."""


def report_json(report: ProbeReport, shown: Iterable[Suite] | None = None) -> dict[str, Any]:
    """The report as JSON objects, with the suites that are `shown`, or else with all.

    Times are RFC 3339 in UTC, durations seconds, facts base units.

    `software` is null when the server neither said nor revealed it, and `reason` for what is supported. A failed probe
    has `failure` and a refused login `login_failure`, both with `reason` and `detail`; otherwise these keys are absent.
    A check that the catalogue no longer has is left out. A check has `found_at` if its result is an earlier probe's:
    what leaves something for good runs once a day only.
    """
    result: dict[str, Any] = {
        "domain": report.domain,
        "probed_at": _rfc3339(report.started),
        "duration_seconds": round(report.duration, _DIGITS),
        "software": None
        if report.software is None
        else {"name": report.software.name, "version": report.software.version},
        "checks": [_check(checks()[each.check], each) for each in report.checks if each.check in checks()],
    }
    points = score(report)
    result["score"] = {"supported": points.supported, "counted": points.counted}
    result["suites"] = [_suite(suite, report) for suite in (suites().values() if shown is None else shown)]
    return result | _failures(report)


def server_json(domain: str, availability: ProbeReport | None, compliance: ProbeReport | None) -> dict[str, Any]:
    """All that is known of a server: its compliance report and, as `availability`, what the other kind of probe found.

    What is not known is null, or an empty list.
    """
    unknown: dict[str, Any] = {
        "domain": domain,
        "probed_at": None,
        "duration_seconds": None,
        "software": None,
        "checks": [],
        "score": None,
        "suites": [],
    }
    known = unknown if compliance is None else report_json(compliance)
    return known | {"availability": None if availability is None else availability_json(availability)}


def availability_json(report: ProbeReport) -> dict[str, Any]:
    """An availability report as JSON objects, with every address of every endpoint.

    `login` is null without an account. Each `failure` has `reason` and `detail`; what works has none.
    """
    return {
        "probed_at": _rfc3339(report.started),
        "duration_seconds": round(report.duration, _DIGITS),
        "success": report.success,
        "login": report.login,
        "ping_duration_seconds": _rounded(report.ping_duration),
        "endpoints": [_endpoint(endpoint) for endpoint in report.endpoints],
    } | _failures(report)


def _failures(report: ProbeReport) -> dict[str, Any]:
    login = _failure(report.login_failure, report.login_detail, "login_failure")
    return _failure(report.failure, report.detail) | login


def _failure(reason: Failure | None, detail: str, name: str = "failure") -> dict[str, Any]:
    return {} if reason is None else {name: {"reason": reason, "detail": detail}}


def _endpoint(endpoint: EndpointReport) -> dict[str, Any]:
    return {
        "service": endpoint.service,
        "host": endpoint.host,
        "port": endpoint.port,
        "addresses": [_address(address) for address in endpoint.addresses],
    } | _failure(endpoint.failure, endpoint.detail)


def _address(address: AddressReport) -> dict[str, Any]:
    expires = address.certificate_not_after
    return {
        "address": address.address,
        "up": address.failure is None,
        "connect_duration_seconds": _rounded(address.connect_duration),
        "certificate_not_after": None if expires is None else _rfc3339(expires),
        "tls_version": address.tls_version,
        "tls_cipher": address.tls_cipher,
    } | _failure(address.failure, address.detail)


def check_json(check: Check) -> dict[str, Any]:
    """An entry of the catalogue as JSON objects; `xep` is empty for an RFC."""
    return {
        "id": check.id,
        "xep": check.xep,
        "title": check.title,
        "topic": check.topic,
        "kind": check.kind,
        "scored": check.scored,
        "needs": sorted(check.needs),
        "leaves": check.leaves,
        "description": check.description,
        "method": check.method,
        "link": check.link,
        "facts": [{"metric": fact.metric, "help": fact.help} for fact in check.facts],
    }


def _check(check: Check, result: CheckResult) -> dict[str, Any]:
    outcome = result.outcome
    earlier = {} if result.found is None else {"found_at": _rfc3339(result.found)}
    return {
        "id": check.id,
        "xep": check.xep,
        "title": check.title,
        "scored": check.scored,
        "verdict": outcome.verdict,
        "reason": outcome.reason,
        "detail": outcome.detail,
        "facts": dict(outcome.facts),
        "duration_seconds": round(result.duration, _DIGITS),
        **earlier,
    }


def _suite(suite: Suite, report: ProbeReport) -> dict[str, Any]:
    return {
        "id": suite.id,
        "title": suite.title,
        "link": suite.link,
        "levels": [_level(level) for level in evaluate(suite, report)],
    }


def _level(level: LevelFindings) -> dict[str, Any]:
    return {
        "category": level.category.id,
        "level": level.level.id,
        "compliance": level.compliance,
        "score": {"supported": level.score.supported, "counted": level.score.counted},
        "missing": [_requirement(finding) for finding in level.of(Met.UNSUPPORTED)],
        "undecided": [_requirement(finding) for finding in level.of(Met.UNKNOWN)],
    }


def _requirement(finding: Finding) -> dict[str, Any]:
    """`checks` are those that failed, or that could not be decided."""
    return {
        "category": finding.category.id,
        "requirement": finding.requirement.id,
        "title": finding.requirement.title,
        "providers": list(finding.requirement.providers),
        "checks": list(finding.because),
    }


def _rounded(duration: float | None) -> float | None:
    return None if duration is None else round(duration, _DIGITS)


def _rfc3339(timestamp: float) -> str:
    return datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
