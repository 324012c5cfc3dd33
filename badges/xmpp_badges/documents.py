"""What is known as JSON objects, for the API. Times are RFC 3339 in UTC, shares 0 to 1; null is what is not known."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from xmpp_badges.details import CheckState, Details, Endpoint
from xmpp_badges.history import Day, History
from xmpp_badges.memory import Known
from xmpp_badges.summary import Counts, Summary


def rfc3339(moment: float | None) -> str | None:
    return None if moment is None else datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def envelope(known: Known[Any], **content: Any) -> dict[str, Any]:
    """What all answers have: as of when, and whether that is older than it should be."""
    return {"as_of": rfc3339(known.asked), "stale": known.stale} | content


def counts_document(counts: Counts) -> dict[str, Any]:
    return {
        "supported": counts.supported,
        "unsupported": counts.unsupported,
        "unknown": counts.unknown,
        "percent": counts.percent,
        "compliance": counts.compliance,
    }


def summary_document(summary: Summary, versions: bool) -> dict[str, Any]:
    """A row of the list."""
    return {
        "domain": summary.domain,
        "up": summary.up,
        "failure": summary.failure,
        "software": summary.software,
        **({"version": summary.version or None} if versions else {}),
        "scores": [
            {"suite": suite, "level": level} | counts_document(counts)
            for (suite, level), counts in sorted(summary.scores.items())
        ],
        "categories": {category: _compliance(value) for category, value in sorted(summary.categories.items())},
        "availability": dict(summary.availability),
        "certificate_expires_in_days": summary.certificate_days,
        "last_probe": {kind: rfc3339(moment) for kind, moment in sorted(summary.runs.items())},
    }


def _compliance(value: float) -> str:
    return {1.0: "compliant", 0.0: "not_compliant"}.get(value, "undecided")


def details_document(
    details: Details, history: History | None, contacts: Sequence[str], versions: bool
) -> dict[str, Any]:
    """A server in full."""
    return summary_document(details.summary, versions) | {
        "login": details.login,
        "login_failure": details.login_failure,
        "suites": [
            {"suite": suite, "category": category, "level": level} | counts_document(counts)
            for (suite, category, level), counts in details.suites.items()
        ],
        "checks": [check_document(state, history) for state in details.checks.values()],
        "endpoints": [_endpoint(endpoint) for endpoint in details.endpoints],
        "mechanisms": list(details.mechanisms),
        "contacts": list(contacts),
    }


def check_document(state: CheckState, history: History | None) -> dict[str, Any]:
    """`since` is null where it is longer than `at_least_since` that the check is as it is."""
    since = history.since(state.check.id) if history is not None and state.verdict != "unknown" else None
    moment, exact = since if since is not None else (None, False)
    return {
        "id": state.check.id,
        "xep": state.check.xep,
        "title": state.check.title,
        "topic": state.check.topic,
        "scored": state.check.scored,
        "expected": state.expected,
        "verdict": state.verdict,
        "reason": state.reason or None,
        "since": rfc3339(moment) if exact else None,
        "at_least_since": rfc3339(moment),
        "last_supported": rfc3339(state.last_supported),
    }


def _endpoint(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "service": endpoint.service,
        "host": endpoint.host,
        "port": int(endpoint.port) if endpoint.port.isdigit() else None,
        "addresses": {family: {"all": number, "up": up} for family, (number, up) in sorted(endpoint.addresses.items())},
        "certificate_not_after": rfc3339(endpoint.not_after),
        "tls": list(endpoint.tls),
    }


def history_document(history: History) -> dict[str, Any]:
    return {
        "begins": rfc3339(history.begins),
        "changes": [
            {
                "time": rfc3339(change.time),
                "check": change.check,
                "from": "unsupported" if change.supported else "supported",
                "to": "supported" if change.supported else "unsupported",
            }
            for change in history.changes
        ],
    }


def days_document(days: Sequence[Day]) -> list[dict[str, Any]]:
    return [{"date": day.date.isoformat(), "value": day.value} for day in days]
