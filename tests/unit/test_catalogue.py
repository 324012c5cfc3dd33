"""The catalogue is complete, and every entry has its function."""

import re

import pytest

from xmpp_exporter.catalogue import Check, checks, topics
from xmpp_exporter.checks import functions
from xmpp_exporter.checks.registry import check

CAAS = {
    "abuse-contact",
    "roster_versioning",
    "stun",
    "turn",
    "vcard_muc",
    "xep0045",
    "xep0065",
    "xep0077",
    "xep0115",
    "xep0156",
    "xep0160",
    "xep0163",
    "xep0191",
    "xep0198",
    "xep0280",
    "xep0313",
    "xep0313muc",
    "xep0352",
    "xep0357",
    "xep0363",
    "xep0363_cors",
    "xep0368",
    "xep0384",
    "xep0398",
    "xep0411",
}
"""The ids of the XMPP Compliance Tester, which people know and which are never renamed."""

INFORMATIONAL_IN_CAAS = {"abuse-contact", "xep0077", "xep0156", "xep0363_cors"}


def test_the_predecessors_checks_are_all_there_under_their_ids() -> None:
    assert set(checks()) >= CAAS


def test_the_same_checks_as_in_the_predecessor_count() -> None:
    assert {check_id for check_id in CAAS if not checks()[check_id].scored} == INFORMATIONAL_IN_CAAS


def test_every_check_has_one_function_and_every_function_a_check() -> None:
    assert set(functions()) == set(checks())


def test_a_function_cannot_be_bound_to_what_the_catalogue_does_not_have() -> None:
    with pytest.raises(ValueError, match="xep9999"):
        check("xep9999")(functions()["xep0280"])


def test_a_check_cannot_be_bound_twice() -> None:
    with pytest.raises(ValueError, match="bound twice"):
        check("xep0280")(functions()["xep0280"])


@pytest.mark.parametrize("entry", checks().values(), ids=lambda entry: entry.id)
def test_every_entry_says_what_people_need_to_know(entry: Check) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_-]*", entry.id)
    assert re.fullmatch(r"\d{4}|", entry.xep)
    assert entry.title
    assert entry.description.endswith(".")
    assert entry.method.endswith(".")
    assert entry.link.startswith("https://")
    assert all(fact.metric.startswith("xmpp_") and fact.help.endswith(".") for fact in entry.facts)


def test_what_leaves_something_needs_an_account() -> None:
    assert all(entry.needs for entry in checks().values() if entry.leaves != "nothing")


def test_entries_stand_together_by_topic_and_every_topic_is_used() -> None:
    order = [entry.topic for entry in checks().values()]
    assert list(dict.fromkeys(order)) == list(topics())
    assert order == sorted(order, key=list(topics()).index)
