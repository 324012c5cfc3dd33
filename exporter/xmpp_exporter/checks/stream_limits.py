"""What a server takes on one stream (XEP-0478)."""

import contextlib
import xml.etree.ElementTree as ET

from xmpp_exporter.checks.looks import Look, Looks, client_looks, judge_open, server_looks
from xmpp_exporter.checks.numbers import number
from xmpp_exporter.checks.registry import check
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.verdicts import Undecided, broken, supported, unsupported
from xmpp_exporter.model import Outcome, Reason

LIMITS = "{urn:xmpp:stream-limits:0}"
LEAST_STANZA = 10_000
"""Bytes that every server must take (RFC 6120 §13.12)."""

_NAMES = ("max-bytes", "idle-seconds")


@check("xep0478")
async def stream_limits(server: Server) -> Outcome:
    """XEP-0478 §3.1. What other servers are told is a fact only: there it matters to nobody's clients."""
    clients = await client_looks(server)
    outcome = judge_open(clients, _judge)
    facts = _least(clients, "xmpp_stream_limit")
    with contextlib.suppress(Undecided):  # when no other server gets in, another check tells
        facts |= _least(await server_looks(server), "xmpp_s2s_stream_limit")
    return Outcome(outcome.verdict, outcome.reason, outcome.detail, facts)


def _judge(look: Look) -> Outcome:
    limits = look.stream.features.find(f"{LIMITS}limits")
    if limits is None:
        return unsupported("stream limits are not among the stream features before login")
    told = {name: text.strip() for name in _NAMES if (text := limits.findtext(f"{LIMITS}{name}")) is not None}
    values = _values(look)
    if wrong := [name for name in told if name not in values]:
        return broken(Reason.MISMATCH, f"{wrong[0]} is no number: {told[wrong[0]][:40]!r}")
    if values.get("max-bytes", LEAST_STANZA) < LEAST_STANZA:
        return broken(Reason.MISMATCH, f"max-bytes is {told['max-bytes']}: RFC 6120 requires at least {LEAST_STANZA}")
    return supported(", ".join(f"{name} {text}" for name, text in told.items()) or "offered, without any limit")


def _values(look: Look) -> dict[str, float]:
    """The limits that are numbers, as the schema has them: unsigned, of 32 bits."""
    limits = look.stream.features.find(f"{LIMITS}limits")
    element = ET.Element("none") if limits is None else limits
    texts = {name: (element.findtext(f"{LIMITS}{name}") or "").strip() for name in _NAMES}
    values = {name: number(text, 2**32) for name, text in texts.items()}
    return {name: float(value) for name, value in values.items() if value is not None}


def _least(looks: Looks, prefix: str) -> dict[str, float]:
    """The lowest limits over all addresses, as facts."""
    facts: dict[str, float] = {}
    for look in looks.open:
        for name, value in _values(look).items():
            metric = f"{prefix}_{name.replace('-', '_')}"
            facts[metric] = min(value, facts.get(metric, value))
    return facts
