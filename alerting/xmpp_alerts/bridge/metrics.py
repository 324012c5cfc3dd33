"""The bridge's metrics: what it has sent, and whether it could send now."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from xmpp_alerts.bridge.families import BRIDGE_FAMILIES, PREFIX
from xmpp_alerts.bridge.outbox import Reason
from xmpp_exporter import __version__
from xmpp_exporter.model import Failure

CODES = ("200", "400", "401", "404", "405", "413", "500", "503")
"""What a webhook may be answered with."""

Values = Mapping[str, float | None]
"""By the value of the only label, which is "" where there is none; None for what there is no value of."""


class Tally:
    """What has happened since the start, and what is known of now."""

    def __init__(self) -> None:
        self.sent = 0
        self.failed: Counter[str] = Counter({str(reason): 0 for reason in Reason})
        self.connection_failures: Counter[str] = Counter({str(failure): 0 for failure in Failure})
        self.requests: Counter[str] = Counter(dict.fromkeys(CODES, 0))
        self.last_success: float | None = None
        self.account_monitored: bool | None = None
        self.reloaded = True
        self.loaded_at = time.time()

    def on_sent(self) -> None:
        self.sent += 1
        self.last_success = time.time()

    def values(self, connected: bool, rooms: int, joined: int) -> Mapping[str, Values]:
        """By the names of BRIDGE_FAMILIES without their prefix."""
        monitored = self.account_monitored
        return {
            "build_info": {__version__: 1},
            "connected": {"": connected},
            "connection_failures_total": self.connection_failures,
            "account_monitored": {"": None if monitored is None else float(monitored)},
            "rooms": {"": rooms},
            "rooms_joined": {"": joined},
            "messages_sent_total": {"": self.sent},
            "messages_failed_total": self.failed,
            "last_success_timestamp_seconds": {"": self.last_success},
            "webhook_requests_total": self.requests,
            "config_last_reload_successful": {"": self.reloaded},
            "config_last_reload_success_timestamp_seconds": {"": self.loaded_at},
        }


class _BridgeCollector(Collector):
    """Reads the values when they are asked for."""

    def __init__(self, read: Callable[[], Mapping[str, Values]]) -> None:
        self._read = read

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        values = self._read()
        for family in BRIDGE_FAMILIES:
            make = CounterMetricFamily if family.type == "counter" else GaugeMetricFamily
            metric = make(family.name, family.help, labels=family.labels)
            for label, value in values[family.name.removeprefix(f"{PREFIX}_")].items():
                if value is not None:
                    metric.add_metric([label] if label else [], value)
            yield metric


def page(read: Callable[[], Mapping[str, Values]]) -> bytes:
    """/metrics, as text format 0.0.4."""
    registry = CollectorRegistry()
    for collector in (_BridgeCollector(read), ProcessCollector(registry=None), PlatformCollector(registry=None)):
        registry.register(collector)
    return generate_latest(registry)
