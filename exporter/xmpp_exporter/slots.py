"""When a server's turn is: aligned to the wall clock, spread over the interval by a stable hash of its name."""

import hashlib

from xmpp_exporter.config import ServerConfig
from xmpp_exporter.model import ProbeKind

FEW = 20
"""Servers that may all start in the same moment."""
SPACE = 0.02
"""Seconds between two servers that start, on average, when there are more."""


def interval_of(config: ServerConfig, kind: ProbeKind) -> float:
    """Seconds from one probe of this kind to the next."""
    return config.intervals.availability if kind is ProbeKind.AVAILABILITY else config.intervals.compliance


def offset(domain: str, kind: ProbeKind, interval: float) -> float:
    """Where in each interval the server's slot is, in seconds; the same on every machine and after every restart."""
    digest = hashlib.sha256(f"{kind} {domain}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64 * interval


def next_slot(domain: str, kind: ProbeKind, interval: float, after: float) -> float:
    """The first slot later than `after`; both in seconds since the epoch."""
    shift = offset(domain, kind, interval)
    turn = (after - shift) // interval + 1
    while (slot := turn * interval + shift) <= after:  # when `after` is a slot, rounding may find it again
        turn += 1
    return slot


def first_slot(
    domain: str, kind: ProbeKind, interval: float, last_run: float | None, now: float, servers: int = 1
) -> float:
    """When a starting exporter probes first: at once what is not known or too old, else in the usual slot.

    When more than a FEW `servers` start together, "at once" is spread: all of them in the same moment would be asked
    after more than the name servers, this machine's open files and the network can take.
    """
    if last_run is not None and last_run + interval >= now:
        return next_slot(domain, kind, interval, now)
    spread = min(interval / 4, servers * SPACE) if servers > FEW else 0.0
    return now + offset(domain, kind, spread)
