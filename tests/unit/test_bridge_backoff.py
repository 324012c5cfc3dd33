"""Attempts come less and less often, and never all at the same moment."""

from xmpp_alerts.bridge.backoff import BackOff


def test_waits_double_up_to_the_longest() -> None:
    waits = BackOff(1.0, 60.0)
    for whole in (1, 2, 4, 8, 16, 32, 60, 60, 60):
        assert whole / 2 <= waits.next() <= whole
    waits.reset()
    assert waits.next() <= 1


def test_a_wait_is_never_forgotten_however_many_there_were() -> None:
    waits = BackOff(1.0, 60.0)
    assert all(0.5 <= waits.next() <= 60 for _ in range(2000))


def test_two_bridges_do_not_wait_equally_long() -> None:
    assert len({BackOff(1.0, 60.0).next() for _ in range(50)}) > 1
