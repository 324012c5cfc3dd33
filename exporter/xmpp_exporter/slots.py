"""When a server's turn is: aligned to the wall clock, spread over the interval by a stable hash of its name."""

import hashlib

from xmpp_exporter.config import ServerConfig
from xmpp_exporter.model import ProbeKind


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


def first_slot(domain: str, kind: ProbeKind, interval: float, last_run: float | None, now: float) -> float:
    """When a starting exporter probes first: at once what is not known or too old, else in the usual slot."""
    if last_run is None or last_run + interval < now:
        return now
    return next_slot(domain, kind, interval, now)
