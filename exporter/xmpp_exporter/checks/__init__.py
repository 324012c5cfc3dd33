"""The checks: one module per topic, one small function per entry of the catalogue.

Importing this package binds them all; `registry.functions()` has them by id.
"""

from xmpp_exporter.checks import history, messaging, mobile, pep, service
from xmpp_exporter.checks.registry import functions
from xmpp_exporter.checks.run import run
from xmpp_exporter.checks.server import Server

__all__ = ["Server", "functions", "history", "messaging", "mobile", "pep", "run", "service"]
