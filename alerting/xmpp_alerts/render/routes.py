"""The tree of routes: a branch for each subscriber's receiver, and below it one for each kind of maintenance.

Each branch matches all that he wants at once, so that he hears of nothing twice, and continues, so that
the next gets his. Below, the narrowest pattern of maintenance comes first and ends the search: it is held back at the
times of all that cover it.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from xmpp_alerts.config import EVERYTHING, Alerts, Delivery, Subscriber
from xmpp_alerts.names import WATCHDOG as WATCHDOG_ALERT
from xmpp_alerts.render.intervals import DAILY, DAILY_EVERY, can_hold_back_the_daily, maintenance_name
from xmpp_alerts.render.patterns import breadth, covers, domain_is, matcher, meet, one_of
from xmpp_alerts.render.receivers import NOBODY, WATCHDOG, names_of
from xmpp_exporter.config.values import format_duration

Tree = dict[str, Any]


def routes(alerts: Alerts) -> Tree:
    """`route` of alertmanager.yml."""
    return {
        "receiver": NOBODY,
        "group_wait": _duration(alerts.group_wait),
        "group_interval": _duration(alerts.group_interval),
        "repeat_interval": _duration(alerts.repeat),
        "routes": [
            _watchdog(),
            *(
                _branch(alerts, subscriber, receiver, severities)
                for subscriber in alerts.subscribers
                for receiver, severities in names_of(subscriber).items()
            ),
        ],
    }


def _watchdog() -> Tree:
    """Always firing, so it is told again all the time: when that stops, the way from Prometheus to here is broken."""
    # at each look, of which the next comes a little less than a minute after the last one was told
    every_minute = {"group_wait": "1s", "group_interval": "1m", "repeat_interval": "30s"}
    return {"receiver": WATCHDOG, "matchers": [matcher("alertname", "=", WATCHDOG_ALERT)], **every_minute}


def _branch(alerts: Alerts, subscriber: Subscriber, receiver: str, severities: Iterable[str]) -> Tree:
    matchers = [one_of("severity", severities)]
    if EVERYTHING not in subscriber.domains:  # who wants all of them also hears of the exporter itself
        matchers.append(domain_is(subscriber.domains))
    held_back = list(_held_back(alerts, subscriber))
    return {
        "receiver": receiver,
        "matchers": matchers,
        "continue": True,
        **_grouping(subscriber),
        **_active(subscriber),
        **({"routes": held_back} if held_back else {}),
    }


def _grouping(subscriber: Subscriber) -> Tree:
    """A message for each server; once a day one for all of them.

    The daily one is due again after half a day: a day later the last one is then old enough also when it came late.
    """
    if subscriber.delivery is Delivery.DAILY:
        return {"group_interval": f"{DAILY_EVERY}m", "repeat_interval": "12h"}
    return {"group_by": ["job", "domain"]}


def _active(subscriber: Subscriber) -> Tree:
    """Not inherited from a branch, unlike all else."""
    return {"active_time_intervals": [DAILY]} if subscriber.delivery is Delivery.DAILY else {}


def _held_back(alerts: Alerts, subscriber: Subscriber) -> Iterator[Tree]:
    daily = subscriber.delivery is Delivery.DAILY
    times = {
        maintenance_name(position): maintenance.domains
        for position, maintenance in enumerate(alerts.maintenance)
        # a branch is a message of its own: where it makes no difference, all of the day stays in one
        if not daily or can_hold_back_the_daily(maintenance, alerts)
    }
    muted = {
        pattern: [name for name, domains in times.items() if any(covers(each, pattern) for each in domains)]
        for domains in times.values()
        for pattern in domains
        if any(meet(pattern, wanted) for wanted in subscriber.domains)
    }
    ordered = sorted(muted, key=lambda pattern: (breadth(pattern), muted[pattern], pattern))
    for names, patterns in groupby(ordered, key=muted.__getitem__):
        yield {"matchers": [domain_is(patterns)], "mute_time_intervals": names, **_active(subscriber)}


def _duration(seconds: float) -> str | float:
    """Alertmanager counts in milliseconds."""
    return format_duration(max(round(seconds, 3), 0.001))
