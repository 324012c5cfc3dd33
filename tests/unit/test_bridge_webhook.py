"""A retry is known as one, and a reminder is not taken for one."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.integration.running_bridge import alert, group
from xmpp_alerts.bridge.note import Note
from xmpp_alerts.bridge.webhook import Group

DAY = 86400.0
START = datetime(2026, 7, 1, 10, tzinfo=UTC).timestamp()


def id_of(*alerts: object, after: float = 60.0, **more: object) -> str:
    """The id of a group's message, so many seconds after its alerts began."""
    return Group.model_validate(group(*alerts, **more)).message_id(DAY, START + after)  # type: ignore[arg-type]


def test_a_retry_has_the_same_id() -> None:
    assert id_of() == id_of(after=3600)
    assert id_of(alert("a"), alert("b")) == id_of(alert("b"), alert("a"))
    assert id_of() == id_of(alert(annotations={"summary": "a reason that has changed meanwhile"}))
    assert id_of() == id_of(after=-5), "clocks may differ"


@pytest.mark.parametrize(
    "other",
    [
        id_of(alert(status="resolved")),
        id_of(alert("another")),
        id_of(alert(), alert("another")),
        id_of(alert(startsAt="2026-07-01T10:30:00Z"), after=3600),
        id_of(groupKey="another"),
    ],
    ids=["resolved", "another check", "one more", "fires again", "another group"],
)
def test_another_state_has_another_id(other: str) -> None:
    assert id_of() != other


def test_each_reminder_has_an_id_of_its_own() -> None:
    first, then = 300.0, timedelta(days=1).total_seconds()
    ids = [id_of(after=first + number * (then + 30)) for number in range(5)]
    assert len(set(ids)) == 5


def test_notes_are_told_apart_from_alerts_and_each_other() -> None:
    assert Note(id="week 27", text="x").message_id == Note(id="week 27", text="y").message_id
    assert Note(id="week 27", text="x").message_id != Note(id="week 28", text="x").message_id
