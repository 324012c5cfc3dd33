"""The federation matrix: each server with an account pings its peers, a few at each availability probe.

So no logins are made for it, and the pings spread over the interval of compliance probes. A report has the latest ping
of each pair.
"""

import math
from collections.abc import Iterable, Iterator, Sequence

from xmpp_exporter.config import ServerConfig
from xmpp_exporter.model import PeerReport

KEPT_FOR = 3
"""Intervals of compliance probes after which a ping is too old to say something."""


def due(peers: Sequence[str], config: ServerConfig, turn: int) -> Sequence[str]:
    """The peers to ping at the availability probe number `turn`: all of them in turn, once in a compliance interval."""
    if not peers:
        return ()
    share = min(1.0, config.intervals.availability / config.intervals.compliance)
    count = math.ceil(len(peers) * share)
    return [peers[(turn * count + position) % len(peers)] for position in range(count)]


def latest(
    found: Iterable[PeerReport], before: Iterable[PeerReport], peers: Iterable[str], config: ServerConfig, now: float
) -> tuple[PeerReport, ...]:
    """The latest ping of each of the `peers`, those of `before` that are too old left out."""
    since = now - KEPT_FOR * config.intervals.compliance
    known = {report.peer: report for report in before if report.found > since}
    known |= {report.peer: report for report in found}
    return tuple(known[peer] for peer in peers if peer in known)


def decided(reports: Sequence[PeerReport]) -> Iterator[tuple[PeerReport, bool]]:
    """The pings that tell whether the server reaches the peer.

    A failure counts where the peer is known to be up, or where at least another peer is reached.
    """
    any_reached = any(report.reached for report in reports)
    for report in reports:
        if report.reached or (report.reached is False and (report.peer_up or any_reached)):
            yield report, report.reached
