"""The checks: one module per topic, one small function per entry of the catalogue.

Importing this package binds them all; `registry.functions()` has them by id.
"""

from xmpp_exporter.checks import (
    calls,
    connections,
    files,
    group_chat,
    history,
    messaging,
    mobile,
    pep,
    registration,
    service,
    web,
)
from xmpp_exporter.checks.registry import functions
from xmpp_exporter.checks.run import run
from xmpp_exporter.checks.server import Server

__all__ = [
    "Server",
    "calls",
    "connections",
    "files",
    "functions",
    "group_chat",
    "history",
    "messaging",
    "mobile",
    "pep",
    "registration",
    "run",
    "service",
    "web",
]
