"""Every query parses, names only what is exposed or recorded, and holds whatever somebody asks for as a value."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.dashboards.promql import selectors
from xmpp_badges.prometheus import Sample
from xmpp_badges.queries import WINDOWS, Queries
from xmpp_badges.summary import summaries
from xmpp_exporter.families import FAMILIES

RULES = Path(__file__).parents[2] / "alerting" / "rules" / "recording.yml"
LABELS = {family.name: {*family.labels, "job"} for family in FAMILIES}
DOMAIN = "example.org"


def recorded() -> set[str]:
    return {rule["record"] for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]}


def all_queries(queries: Queries, domain: str = DOMAIN) -> Iterator[str]:
    yield from queries.summaries("cs2023", "core").values()
    yield from queries.summaries("cs2023", "core", domain).values()
    yield from queries.details(domain).values()
    yield from (queries.availability(window) for window in WINDOWS)
    yield queries.servers_of("xep0313")
    yield queries.share("xep0313")
    yield queries.shares()
    yield queries.changed(domain, 90)
    yield queries.first_known(domain, 90)
    yield queries.states_of(domain, ["xep0313", "xep0280"])
    yield queries.daily_score(domain, "cs2023", "core")
    yield queries.daily_availability(domain)


@pytest.mark.parametrize("query", [*all_queries(Queries())])
def test_what_is_asked_for_exists(query: str) -> None:
    known = recorded()
    found = selectors(query)
    assert found
    for selector in found:
        assert selector.metric in known | LABELS.keys()
        if selector.metric in LABELS:
            assert {matcher.label for matcher in selector.matchers} <= LABELS[selector.metric]


def test_a_job_is_asked_for_everywhere() -> None:
    for query in all_queries(Queries("xmpp")):
        for selector in selectors(query):
            assert [matcher.value for matcher in selector.matchers if matcher.label == "job"] == ["xmpp"]


@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_a_value_never_becomes_anything_else(domain: str) -> None:
    plain = [len(selectors(query)) for query in all_queries(Queries())]
    for query, number in zip(all_queries(Queries(), domain), plain, strict=True):
        found = selectors(query)
        assert len(found) == number
        values = {matcher.value for selector in found for matcher in selector.matchers if matcher.label == "domain"}
        assert values <= {domain}


def test_nothing_at_all_is_no_server() -> None:
    results: dict[str, list[Sample]] = {name: [] for name in Queries().summaries("cs2023", "core")}
    assert summaries(results) == {}
    alone = results | {"listed": [Sample({"domain": DOMAIN}, 1, 0)]}
    (summary,) = summaries(alone).values()
    assert (summary.domain, summary.listed, summary.up, summary.long_availability) == (DOMAIN, True, None, None)
