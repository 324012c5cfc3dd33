"""Answers to `status`: how the servers are, from Prometheus, and what is alerted now, from Alertmanager."""

from collections.abc import Iterator, Sequence
from datetime import tzinfo

from xmpp_alerts.bridge import queries
from xmpp_alerts.bridge.alertmanager import Alertmanager
from xmpp_alerts.bridge.styling import plain, strong
from xmpp_alerts.bridge.text import moment, title_of
from xmpp_alerts.bridge.webhook import Alert
from xmpp_alerts.names import WATCHDOG
from xmpp_badges.prometheus import Prometheus, Sample
from xmpp_exporter.catalogue import checks

SHOWN = 20
"""Lines of each list; the others are counted."""


async def is_monitored(prometheus: Prometheus, domain: str) -> bool:
    """Whether the domain was probed within the last hour. Raises ApiError."""
    return bool(await prometheus.instant(queries.probes(domain)))


async def status_of_all(prometheus: Prometheus, alertmanager: Alertmanager, zone: tzinfo) -> str:
    """All servers in short, those first that are down. Raises ApiError."""
    states = await prometheus.instant(queries.up())
    alerts = await alertmanager.firing()
    down = sorted(_domain(state) for state in states if state.value == 0)
    up = sum(state.value == 1 for state in states)
    lines = [
        strong(f"{_counted(len(states), 'server')}: {up} up, {len(down)} down"),
        *_bounded([f"down: {each}" for each in down]),
    ]
    return "\n".join([*lines, "", *_alert_lines(alerts, zone)])


async def status_of(prometheus: Prometheus, alertmanager: Alertmanager, domain: str, zone: tzinfo) -> str:
    """One server: whether it is up, what does not work there, and what is alerted. Raises ApiError."""
    up = await prometheus.instant(queries.up(domain))
    login = await prometheus.instant(queries.login(domain))
    found = await prometheus.instant(queries.checks(domain))
    alerts = await alertmanager.firing(domain)
    if not up and not found and not await is_monitored(prometheus, domain):
        return f"{domain} is not monitored."
    lines = [strong(f"{domain}: {_word(up, 'up', 'down')}"), f"Login: {_word(login, 'works', 'fails')}"]
    return "\n".join([*lines, *_check_lines(found), "", *_alert_lines(alerts, zone)])


def _check_lines(found: Sequence[Sample]) -> Iterator[str]:
    """Those that count."""
    catalogue = checks()
    values = {sample.labels.get("check", ""): sample.value for sample in found}
    scored = {check: values[check.id] for check in catalogue.values() if check.scored and check.id in values}
    yield f"Checks: {sum(value == 1 for value in scored.values())} of {len(scored)} that were decided are supported"
    yield from _bounded([f"- {check.title}" for check, value in scored.items() if value == 0])


def _alert_lines(alerts: Sequence[Alert], zone: tzinfo) -> Iterator[str]:
    shown = [alert for alert in alerts if alert.name != WATCHDOG]
    if not shown:
        yield "No alerts."
        return
    yield f"{_counted(len(shown), 'alert')}:"
    shown.sort(key=lambda alert: alert.starts_at)
    yield from _bounded(
        [f"- {plain(alert.severity, 20)} · {title_of(alert)}, since {moment(alert.starts_at, zone)}" for alert in shown]
    )


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'s' * (number != 1)}"


def _word(samples: Sequence[Sample], yes: str, no: str) -> str:
    return "not known" if not samples else yes if samples[0].value else no


def _domain(sample: Sample) -> str:
    return plain(sample.labels.get("domain", ""), 255)


def _bounded(lines: Sequence[str]) -> Iterator[str]:
    yield from lines[:SHOWN]
    if len(lines) > SHOWN:
        yield f"and {len(lines) - SHOWN} more"
