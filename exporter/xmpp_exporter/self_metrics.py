"""The exporter's metrics about itself, by prometheus_client."""

import platform
import time
from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from xmpp_exporter import __version__
from xmpp_exporter.families import EXPORTER_FAMILIES

Readings = Mapping[str, float | Mapping[str, float]]
"""Values by metric name; those with a label `probe` as values by kind."""


class _ExporterCollector(Collector):
    """Reads the values when they are asked for."""

    def __init__(self, read: Callable[[], Readings]) -> None:
        self._read = read

    def collect(self) -> Iterator[GaugeMetricFamily]:
        readings = self._read()
        for family in EXPORTER_FAMILIES:
            metric = GaugeMetricFamily(family.name, family.help, labels=family.labels)
            if family.name == "xmpp_exporter_build_info":
                metric.add_metric([__version__, platform.python_version()], 1)
            else:
                value = readings[family.name]
                samples = value.items() if isinstance(value, Mapping) else [("", value)]
                for label, number in samples:
                    metric.add_metric([label] if label else [], number)
            yield metric


class SelfMetrics:
    """Renders the exporter's own part of the page. `read` gives the current values."""

    def __init__(self, read: Callable[[], Readings]) -> None:
        self._registry = CollectorRegistry()
        for collector in (_ExporterCollector(read), ProcessCollector(registry=None), PlatformCollector(registry=None)):
            self._registry.register(collector)

    def render(self) -> bytes:
        """The text format 0.0.4."""
        return generate_latest(self._registry)


class ReloadState:
    """Whether and when the configuration was loaded."""

    def __init__(self) -> None:
        self.successful = True
        self.timestamp = time.time()

    def loaded(self) -> None:
        self.successful, self.timestamp = True, time.time()

    def failed(self) -> None:
        self.successful = False
