"""Whether what an alert was about works again: an alert is also resolved when there are no data any more."""

import asyncio
from collections.abc import Callable, Iterable

import structlog

from xmpp_alerts.bridge.webhook import Alert
from xmpp_badges.api import ApiError
from xmpp_badges.prometheus import Prometheus, quoted

_log = structlog.get_logger(__name__)

LIMIT = 2.0
"""Seconds for all of it: Alertmanager waits."""

_CHECKS = ("XmppCheckLost", "XmppCheckUndecided", "XmppExpectedCheckMissing")
"""Alerts about one check, which their label `check` names."""
_STATES = {
    "XmppServerDown": 'xmpp_probe_success{{domain={domain},probe="availability"}}',
    "XmppLoginFailing": "xmpp_login_success{{domain={domain}}}",
    **dict.fromkeys(_CHECKS, "xmpp_xep_supported{{domain={domain},check={check}}}"),
}
"""What is 1 when all is well, by the alert's name. Of other alerts it cannot be told."""


async def recovered_of(prometheus: Prometheus, alerts: Iterable[Alert]) -> Callable[[Alert], bool]:
    """Which of the resolved alerts have recovered; none, if Prometheus cannot be asked in time."""
    queries = {alert.fingerprint: query for alert in alerts if not alert.fires and (query := _query(alert))}
    works: set[str] = set()
    try:
        async with asyncio.timeout(LIMIT):
            for query in dict.fromkeys(queries.values()):
                if any(sample.value == 1 for sample in await prometheus.instant(query)):
                    works.add(query)
    except (ApiError, TimeoutError) as error:
        _log.warning("cannot tell whether it has recovered", error=str(error) or "no answer in time")
    return lambda alert: queries.get(alert.fingerprint) in works


def _query(alert: Alert) -> str | None:
    template = _STATES.get(alert.name)
    if template is None or not alert.domain:
        return None
    state = template.format(domain=quoted(alert.domain), check=quoted(alert.labels.get("check", "")))
    # most of the exporters that probe it, and scrapes may be as far as 5 minutes apart
    return f"round(avg(last_over_time({state}[15m])))"
