"""A report as JSON: what `xmpp-exporter check --json` prints and the exporter's API answers."""

from datetime import UTC, datetime
from typing import Any

from xmpp_exporter.catalogue import Check, checks
from xmpp_exporter.catalogue.suite import Suite, suites
from xmpp_exporter.model import CheckResult, ProbeReport
from xmpp_exporter.score import Finding, LevelFindings, Met, evaluate, score

_DIGITS = 6
"""Durations are measured no finer than a microsecond."""


def report_json(report: ProbeReport) -> dict[str, Any]:
    """The report as JSON objects. Times are RFC 3339 in UTC, durations seconds, facts base units.

    `software` is null when the server did not say, and `reason` for what is supported. A failed probe has `failure`
    and a refused login `login_failure`, both with `reason` and `detail`; otherwise these keys are absent. A check that
    the catalogue no longer has is left out. A check has `found_at` if its result is an earlier probe's: what leaves
    something for good runs once a day only.
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
    result["suites"] = [_suite(suite, report) for suite in suites().values()]
    if report.failure is not None:
        result["failure"] = {"reason": report.failure, "detail": report.detail}
    if report.login_failure is not None:
        result["login_failure"] = {"reason": report.login_failure, "detail": report.login_detail}
    return result


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


def _rfc3339(timestamp: float) -> str:
    return datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
