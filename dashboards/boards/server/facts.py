"""The server's dashboard: what checks measured, as the catalogue declares it."""

import re
from collections.abc import Mapping

from dashboards import texts
from dashboards.grid import Row
from dashboards.panels import Panel, stat
from dashboards.promql import last
from dashboards.texts import Texts
from xmpp_exporter.catalogue import checks

FACTS = {fact.metric: fact.help for check in checks().values() for fact in check.facts}

_UNIT = re.compile(r", in (bytes|seconds)( since the epoch)?(?=[.;])")
"""What a metric's help says of its unit: panels show another one."""

CAPITALS = ("HTTP", "S2S", "TCP", "TLS", "TURN", "UDP")


def spoken(metric: str, unit: str) -> str:
    """`xmpp_http_upload_max_bytes` as `HTTP upload max`."""
    words = metric.removeprefix("xmpp_").removesuffix(unit).replace("_", " ")
    said = " ".join(word.upper() if word.upper() in CAPITALS else word for word in words.split())
    return said[0].upper() + said[1:]


def facts(title: str, about: str, suffix: str, unit: str, *, factor: int = 1, shown: Texts | None = None) -> Panel:
    """The facts whose metric ends so, in one panel. `factor` brings them to Grafana's unit."""
    found = _ending(suffix)
    times = "" if factor == 1 else f"{factor} * "
    explained = "".join(f"\n- {spoken(metric, suffix)}: {_UNIT.sub('', help_)}" for metric, help_ in found.items())
    return stat(
        title,
        f"{about}\n{explained}",
        {spoken(metric, suffix): f"{times}max({last(metric, 'domain')})" for metric in found},
        unit=unit,
        texts=shown,
        none="Not known",
        width=12,
        height=6,
    )


SUFFIXES = ("_timestamp_seconds", "_seconds", "_bytes", "_works")
"""What a fact's metric may end with, the longest first: where it is shown."""


def _ending(suffix: str) -> Mapping[str, str]:
    return {metric: FACTS[metric] for metric in FACTS if suffix == next(filter(metric.endswith, SUFFIXES))}


ROW = Row(
    "Facts",
    (
        facts("Sizes", "How much the server says that it takes.", "_bytes", "bytes"),
        facts("Times", "What the server says of times, and what was measured.", "_seconds", "s"),
        facts("Moments", "When something ends, or was tried.", "_timestamp_seconds", "dateTimeFromNow", factor=1000),
        facts("Relays for calls", "Which ways to a TURN server work.", "_works", "none", shown=texts.LOGIN),
    ),
)
