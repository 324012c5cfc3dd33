"""Probes XMPP servers and tells Prometheus which extensions really work there."""

from importlib.metadata import version

__version__ = version("xmpp-compliance-exporter")
