"""The checks: one module per topic, one small function per entry of the catalogue.

Importing this package binds them all; `registry.functions()` has them by id.
"""

from xmpp_exporter.checks import (
    answers,
    calls,
    certificates,
    channel_binding,
    connections,
    encryption,
    federation,
    files,
    group_chat,
    history,
    host_meta_2,
    login,
    messaging,
    mobile,
    notices,
    pep,
    registration,
    sasl2,
    service,
    storage,
    stream_limits,
    streams,
    tls_versions,
    web,
    web_streams,
)
from xmpp_exporter.checks.registry import functions
from xmpp_exporter.checks.run import run
from xmpp_exporter.checks.server import Server

__all__ = [
    "Server",
    "answers",
    "calls",
    "certificates",
    "channel_binding",
    "connections",
    "encryption",
    "federation",
    "files",
    "functions",
    "group_chat",
    "history",
    "host_meta_2",
    "login",
    "messaging",
    "mobile",
    "notices",
    "pep",
    "registration",
    "run",
    "sasl2",
    "service",
    "storage",
    "stream_limits",
    "streams",
    "tls_versions",
    "web",
    "web_streams",
]
