"""A group of alerts as a message that people can read in any client."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from urllib.parse import quote as quoted_path

from xmpp_alerts.bridge.styling import fits, link, plain, quote, sendable, strong
from xmpp_alerts.bridge.webhook import Alert, Group

SHOWN = 10
"""Alerts that are told in full, if they are short; the others are counted."""
MAX_SUMMARY, MAX_DESCRIPTION = 200, 500
"""Characters."""

_SEVERITIES = ("critical", "warning", "info")
"""Most urgent first."""


@dataclass(frozen=True, slots=True)
class Places:
    """What the text is made with besides the alerts: where people read more, and in which time zone they live."""

    pages: str
    """The result pages (xmpp-badges), without a slash at the end."""
    zone: tzinfo


def text_of(group: Group, places: Places) -> str:
    """The message."""
    alerts = _told(group)
    while not fits(text := _text(group, alerts, places)) and len(alerts) > 1:
        alerts = alerts[:-1]
    return sendable(text)


def _told(group: Group) -> Sequence[Alert]:
    """The alerts that are told in full, the most urgent first."""
    return sorted(group.alerts, key=_urgency)[:SHOWN]


def _text(group: Group, alerts: Sequence[Alert], places: Places) -> str:
    """The message that tells these alerts in full."""
    more = len(group.alerts) - len(alerts) + group.truncated
    blocks = [
        _heading(group),
        *(_firing(alert, places) if alert.fires else _resolved(alert, places) for alert in alerts),
        [f"and {more} more"] if more else [],
        _links(group, alerts, places),
    ]
    texts = ("\n".join(lines) for lines in blocks)
    return "\n\n".join(filter(None, texts))


def moment(time: datetime, zone: tzinfo) -> str:
    """A date and time as people write it, with the zone it is in."""
    local = time.astimezone(zone)
    return local.strftime("%Y-%m-%d %H:%M ") + (local.tzname() or "")


def title_of(alert: Alert) -> str:
    """One line that says what it is about, and where."""
    summary = plain(alert.annotations.get("summary") or alert.name or "alert", MAX_SUMMARY)
    domain = plain(alert.domain, MAX_SUMMARY)
    return summary if domain in summary else f"{domain}: {summary}"


def _urgency(alert: Alert) -> tuple[bool, int, datetime]:
    severity = alert.severity
    rank = _SEVERITIES.index(severity) if severity in _SEVERITIES else len(_SEVERITIES)
    return not alert.fires, rank, alert.starts_at


def _heading(group: Group) -> Iterator[str]:
    """Nothing above a single alert, which says it all."""
    if len(group.alerts) + group.truncated == 1:
        return
    firing = sum(alert.fires for alert in group.alerts)
    resolved = len(group.alerts) - firing
    counts = [f"{firing} firing"] * bool(firing) + [f"{resolved} resolved"] * bool(resolved)
    domain = plain(group.labels.get("domain", ""), MAX_SUMMARY)
    yield strong(f"{domain or 'Monitoring'}: {', '.join(counts)}")


def _firing(alert: Alert, places: Places) -> Iterator[str]:
    severity = plain(alert.severity or "alert", MAX_SUMMARY)
    yield f"{strong(severity)} · {title_of(alert)}"
    yield f"alerted since {moment(alert.starts_at, places.zone)}"
    if description := plain(alert.annotations.get("description", ""), MAX_DESCRIPTION):
        yield quote(description)
    if runbook := link(alert.annotations.get("runbook_url", "")):
        yield f"How to fix it: {runbook}"


def _resolved(alert: Alert, places: Places) -> Iterator[str]:
    word = "recovered" if alert.recovered else "no longer alerted"
    yield f"{strong(word)} · {title_of(alert)}"
    yield f"alerted from {moment(alert.starts_at, places.zone)} to {moment(alert.ends_at, places.zone)}"


def _links(group: Group, alerts: Sequence[Alert], places: Places) -> Iterator[str]:
    domain = group.labels.get("domain", "")
    if domain and (results := link(f"{places.pages}/server/{quoted_path(domain, safe='')}")):
        yield f"Results: {results}"
    dashboards = dict.fromkeys(link(alert.annotations.get("dashboard_url", "")) for alert in alerts)
    for dashboard in list(filter(None, dashboards))[:1]:
        yield f"Dashboard: {dashboard}"
    if any(alert.fires for alert in alerts) and domain:
        matchers = quoted_path("{" + f'domain="{domain}"' + "}", safe="")
        if silence := link(f"{group.alertmanager.rstrip('/')}/#/silences/new?filter={matchers}"):
            yield f"Silence: {silence}"
