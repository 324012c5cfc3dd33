"""Slots: aligned to the wall clock, the same after every restart, spread over the interval."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from xmpp_exporter.config import ServerConfig
from xmpp_exporter.model import ProbeKind
from xmpp_exporter.slots import FEW, SPACE, first_slot, interval_of, next_slot, offset

KINDS = st.sampled_from(ProbeKind)
DOMAINS = st.from_regex(r"[a-z0-9-]{1,20}\.test", fullmatch=True)
INTERVALS = st.floats(1, 7 * 86_400)
TIMES = st.floats(1.5e9, 4e9)


@given(DOMAINS, KINDS, INTERVALS, TIMES)
def test_the_next_slot_is_later_and_at_most_an_interval_away(
    domain: str, kind: ProbeKind, interval: float, now: float
) -> None:
    slot = next_slot(domain, kind, interval, now)
    assert now < slot <= now + interval + 1e-5


@given(DOMAINS, KINDS, INTERVALS, TIMES)
def test_slots_are_an_interval_apart(domain: str, kind: ProbeKind, interval: float, now: float) -> None:
    slot = next_slot(domain, kind, interval, now)
    assert abs(next_slot(domain, kind, interval, slot) - slot - interval) < 1e-5


@given(DOMAINS, KINDS, INTERVALS, TIMES, st.floats(0, 1))
def test_a_restart_changes_no_slot(domain: str, kind: ProbeKind, interval: float, now: float, part: float) -> None:
    slot = next_slot(domain, kind, interval, now)
    restarted = now + part * (slot - now) * 0.999
    if restarted < slot:
        assert abs(next_slot(domain, kind, interval, restarted) - slot) < 1e-5


@given(DOMAINS, KINDS, INTERVALS, TIMES)
def test_a_server_never_probed_is_probed_at_once(domain: str, kind: ProbeKind, interval: float, now: float) -> None:
    assert first_slot(domain, kind, interval, None, now) == now


@given(DOMAINS, KINDS, INTERVALS, TIMES, st.floats(1.001, 100))
def test_one_that_is_overdue_is_probed_at_once(
    domain: str, kind: ProbeKind, interval: float, now: float, age: float
) -> None:
    assert first_slot(domain, kind, interval, now - age * interval, now) == now


@given(DOMAINS, KINDS, INTERVALS, TIMES, st.floats(0, 0.999))
def test_one_that_was_probed_lately_waits_for_its_slot(
    domain: str, kind: ProbeKind, interval: float, now: float, age: float
) -> None:
    assert first_slot(domain, kind, interval, now - age * interval, now) == next_slot(domain, kind, interval, now)


@given(DOMAINS, KINDS, INTERVALS, TIMES, st.integers(1, 10_000))
def test_many_that_start_together_are_spread_over_part_of_the_interval(
    domain: str, kind: ProbeKind, interval: float, now: float, servers: int
) -> None:
    slot = first_slot(domain, kind, interval, None, now, servers)
    assert now <= slot <= now + min(interval / 4, servers * SPACE) + 1e-5
    if servers <= FEW:
        assert slot == now


def test_ten_thousand_new_servers_never_start_more_than_a_few_in_a_moment() -> None:
    slots = [
        first_slot(f"server{number}.test", ProbeKind.COMPLIANCE, 3600, None, 0.0, 10_000) for number in range(10_000)
    ]
    assert max(Counter(int(slot) for slot in slots).values()) < 2 / SPACE
    assert 190 < max(slots) <= 200


def test_slots_are_spread_evenly_over_the_interval() -> None:
    tenths = Counter(int(offset(f"server{number}.test", ProbeKind.COMPLIANCE, 10)) for number in range(5000))
    assert sorted(tenths) == list(range(10))
    assert max(tenths.values()) - min(tenths.values()) < 150


def test_the_two_kinds_of_probe_have_slots_of_their_own() -> None:
    assert offset("a.test", ProbeKind.COMPLIANCE, 1) != offset("a.test", ProbeKind.AVAILABILITY, 1)


def test_an_offset_never_changes_between_versions() -> None:
    assert round(offset("example.org", ProbeKind.COMPLIANCE, 3600), 3) == 1298.303


def test_each_kind_has_its_interval() -> None:
    config = ServerConfig(domain="a.test", relation="own")
    assert [interval_of(config, kind) for kind in ProbeKind] == [60, 3600]
