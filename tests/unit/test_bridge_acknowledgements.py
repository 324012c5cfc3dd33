"""XEP-0198's counters: what the server has taken is known, however often it says so and whatever it says."""

from hypothesis import given
from hypothesis import strategies as st

from xmpp_alerts.bridge.acknowledgements import Acknowledgements


def counted(stream_id: str = "id") -> Acknowledgements:
    """A stream that the server counts."""
    kept = Acknowledgements()
    kept.asked_for()
    kept.enabled(stream_id, "bridge@example.org/1")
    return kept


async def test_a_stanza_is_taken_when_the_server_has_counted_it() -> None:
    kept = counted()
    taken = []
    for _ in range(3):
        kept.on_sent()
        taken.append(kept.last_one())
    assert kept.acknowledge(2)
    assert [future.done() for future in taken] == [True, True, False]
    assert taken[0].result() and taken[1].result()
    assert kept.acknowledge(2), "the same count again says nothing new"
    assert not taken[2].done()
    assert kept.acknowledge(3)
    assert taken[2].result()


async def test_a_server_that_has_taken_more_than_was_sent_is_not_believed() -> None:
    kept = counted()
    kept.on_sent()
    taken = kept.last_one()
    assert not kept.acknowledge(2)
    assert not taken.done()


async def test_what_was_not_taken_of_a_resumed_stream_is_lost_and_counting_goes_on() -> None:
    kept = counted()
    for _ in range(2):
        kept.on_sent()
    lost = kept.last_one()
    assert kept.resumed(1)
    assert lost.result() is False
    kept.on_sent()
    next_one = kept.last_one()
    assert kept.acknowledge(2)
    assert next_one.result()


async def test_a_lost_stream_cannot_be_resumed_and_leaves_nobody_waiting() -> None:
    kept = counted()
    kept.on_sent()
    waiting = kept.last_one()
    assert kept.resumable
    kept.lose()
    assert waiting.result() is False
    assert not kept.resumable and not kept.managed


def test_only_what_comes_after_the_server_has_agreed_is_counted() -> None:
    kept = Acknowledgements()
    kept.on_sent()
    kept.on_received()
    kept.asked_for()
    kept.on_received()
    kept.enabled("", "bridge@example.org/1")
    assert kept.received == 0 and not kept.resumable
    kept.on_received()
    assert kept.received == 1


@given(before=st.integers(0, 2**32 - 1), sent=st.integers(1, 20), taken=st.integers(0, 25))
async def test_counters_that_begin_anew_change_nothing(before: int, sent: int, taken: int) -> None:
    kept = counted()
    kept._sent = kept._acknowledged = before
    futures = []
    for _ in range(sent):
        kept.on_sent()
        futures.append(kept.last_one())
    believed = kept.acknowledge((before + taken) % 2**32)
    assert believed is (taken <= sent)
    assert [future.done() for future in futures] == [believed and number <= taken for number in range(1, sent + 1)]
