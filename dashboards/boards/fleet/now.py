"""The fleet's dashboard: how many servers are well."""

from dashboards import texts
from dashboards.boards.fleet.states import DAYS, DECIDED, LOGIN, UP, VERDICT
from dashboards.boards.fleet.table import SERVERS
from dashboards.grid import Row
from dashboards.panels import stat
from dashboards.promql import LISTED, or_none, select

STATS = (
    stat(
        "Servers",
        "Servers in the exporter's configuration, whatever is known of them.",
        f"count({LISTED})",
        none="None",
    ),
    stat(
        "Up",
        "Servers that a client could reach at the last availability probe: some address set up TLS and sent its"
        " features.",
        f"sum({UP})",
    ),
    stat(
        "Down",
        "Servers that no client could reach at the last availability probe. When red: sort the table by Up, and open"
        " the server to see the reason.",
        f"sum({UP} == bool 0)",
        steps=texts.BAD_IF_ANY,
    ),
    stat(
        "Up or down not known",
        "Servers without a recent availability probe, or whose probes fail by the prober's own fault. When red: look at"
        " the dashboard of the exporter.",
        or_none(f"count({LISTED} unless on(job, domain) {UP})", LISTED),
        steps=texts.BAD_IF_ANY,
    ),
    stat(
        "Logins that fail",
        "Servers that did not let the probe's account in. Most checks are not known there until it gets in again.",
        f"sum({LOGIN} == bool 0)",
        none="No accounts",
        steps=texts.BAD_IF_ANY,
    ),
    stat(
        "Compliant",
        "Servers that comply with all chosen categories of the suite at the level: every requirement works, and none is"
        " unknown.",
        f"sum({VERDICT} == bool 1)",
    ),
    stat(
        "Certificates that end soon",
        "Servers of which a certificate ends within two weeks, or has ended. When red: renew it, and have the server"
        " load it.",
        f"sum({DAYS} < bool 14)",
        steps=texts.BAD_IF_ANY,
    ),
    stat(
        "Checks lost in 24 h",
        "Checks that worked a day ago and do not now, over all chosen servers. The tables below name them.",
        f"sum({select('domain:xmpp_xep_supported:was1d')}) or 0 * sum({DECIDED})",
        steps=texts.BAD_IF_ANY,
    ),
)

ROW = Row("Now", (*STATS, SERVERS))
