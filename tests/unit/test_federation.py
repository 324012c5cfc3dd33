"""The federation matrix: whom to ping when, and what the pings say."""

import pytest

from xmpp_exporter.config import ServerConfig
from xmpp_exporter.federation import decided, due, latest
from xmpp_exporter.model import PeerReport

HOUR = 3600.0
CONFIG = ServerConfig(domain="one.example", relation="own")
NOW = 1_790_000_000.0


def report(peer: str, reached: bool | None = True, age: float = 0.0, up: bool = False) -> PeerReport:
    return PeerReport(peer, NOW - age, reached, 0.1, up)


@pytest.mark.parametrize("number", [1, 2, 59, 60, 61, 1000])
def test_every_peer_is_pinged_once_in_a_compliance_interval_and_no_probe_pings_many(number: int) -> None:
    peers = [f"{n}.example" for n in range(number)]
    turns = [due(peers, CONFIG, turn) for turn in range(60)]
    assert {peer for turn in turns for peer in turn} == set(peers)
    assert max(map(len, turns)) <= number / 60 + 1


def test_nobody_is_pinged_without_peers() -> None:
    assert due((), CONFIG, 5) == ()


def test_the_latest_ping_of_each_peer_is_kept_until_it_is_old() -> None:
    before = [report("a"), report("b", False), report("old", age=4 * HOUR), report("gone")]
    kept = latest([report("b")], before, ["a", "b", "old", "new"], CONFIG, NOW)
    assert [(each.peer, each.reached) for each in kept] == [("a", True), ("b", True)]


@pytest.mark.parametrize(
    ("reports", "expected"),
    [
        ([report("a"), report("b", False)], {"a": True, "b": False}),
        ([report("b", False)], {}),
        ([report("b", False, up=True)], {"b": False}),
        ([report("a"), report("b", None)], {"a": True}),
    ],
)
def test_a_failure_counts_only_where_the_peer_is_not_to_blame(
    reports: list[PeerReport], expected: dict[str, bool]
) -> None:
    assert {each.peer: reached for each, reached in decided(reports)} == expected
