"""What may stand in addresses."""

from datetime import UTC, datetime

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from xmpp_badges import lists, parameters
from xmpp_badges.lists import Wanted
from xmpp_badges.summary import Counts, Summary

NOW = datetime(2026, 10, 15, 12, tzinfo=UTC).timestamp()
SUITE = ("cs2023", "advanced")


def moment(text: str) -> float:
    found = parameters.at({"at": text}, NOW)
    assert found is not None
    return found


def test_a_day_stands_for_its_end_and_today_for_now() -> None:
    assert moment("2026-10-01") == datetime(2026, 10, 1, 23, 59, tzinfo=UTC).timestamp()
    assert moment("20261001") == moment("2026-10-01")
    assert moment("2026-10-15") == NOW
    assert moment("2026-10-01T12:00:00Z") == datetime(2026, 10, 1, 12, tzinfo=UTC).timestamp()
    assert moment("2026-10-01T12:00+02:00") == datetime(2026, 10, 1, 10, tzinfo=UTC).timestamp()
    assert parameters.at({}, NOW) is None


@pytest.mark.parametrize(
    "text", ["tomorrow", "2026-10-16", "2017-12-31", "0001-01-01", "9999-12-31", "1", "2026-13-01", "🎉"]
)
def test_what_is_no_day_that_was_measured_is_refused(text: str) -> None:
    with pytest.raises(web.HTTPBadRequest):
        moment(text)


@given(st.text())
def test_any_text_is_a_domain_or_none(text: str) -> None:
    found = parameters.domain(text)
    assert found is None or found == parameters.domain(found)


def test_domains_are_told_apart_however_they_are_written() -> None:
    assert parameters.domains("example.org, EXAMPLE.ORG.,bücher.example") == ["example.org", "xn--bcher-kva.example"]
    assert parameters.domains("") == []
    with pytest.raises(web.HTTPBadRequest):
        parameters.domains(",".join(f"{letter}.example" for letter in "abcdefg"))


@pytest.mark.parametrize("query", [{"style": "plastic"}, {"color": "nice"}, {"color": "url(x)"}], ids=str)
def test_a_look_that_does_not_exist_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(web.HTTPBadRequest):
        parameters.look(query)


@given(st.text(st.characters(codec=None)))
def test_a_label_is_one_short_line(text: str) -> None:
    label = parameters.look({"label": text}).label
    assert label is not None
    assert len(label) <= 64
    assert label.isprintable() or not label


def test_suites_and_levels_belong_together() -> None:
    assert parameters.suite_level({}, SUITE) == SUITE
    assert parameters.suite_level({"level": "core"}, SUITE) == ("cs2023", "core")
    assert parameters.suite_level({"suite": "conversations"}, SUITE) == ("conversations", "server")
    for query in ({"suite": "cs1999"}, {"suite": "conversations", "level": "core"}):
        with pytest.raises(web.HTTPBadRequest):
            parameters.suite_level(query, SUITE)


SERVERS = [
    Summary("all.example", True, software="prosody", scores={SUITE: Counts(20, 0, 0)}, availability={"30d": 0.9}),
    Summary("few.example", True, software="ejabberd", scores={SUITE: Counts(2, 0, 18)}, availability={"24h": 1.0}),
    Summary("most.example", True, software="prosody", scores={SUITE: Counts(18, 2, 0)}),
    Summary("none.example", True),
]


def order(**want: object) -> str:
    found = lists.found(SERVERS, Wanted(**want), SUITE)  # type: ignore[arg-type]
    return " ".join(each.domain.partition(".")[0] for each in found)


def test_what_was_shown_to_work_counts_and_what_is_not_known_comes_last() -> None:
    assert order() == "all most few none"
    assert order(reverse=True) == "few most all none"
    assert order(sort="domain") == "all few most none"
    assert order(sort="availability") == "few all most none"
    assert order(sort="software") == "few all most none"


def test_all_words_are_looked_for_in_name_and_software() -> None:
    assert order(search="PROSODY") == "all most"
    assert order(search="prosody most") == "most"
    assert order(search="nothing of this") == ""


@given(st.dictionaries(st.sampled_from(["q", "sort", "order", "page"]), st.text()))
def test_any_address_of_the_list_means_something(query: dict[str, str]) -> None:
    want = lists.wanted(query)
    assert want.sort in lists.COLUMNS
    assert want.page >= 1
    assert lists.found(SERVERS, want, SUITE) is not None


def test_links_keep_what_was_asked_for() -> None:
    want = Wanted("a b", "domain", page=3)
    assert want.query() == "?q=a+b&sort=domain"
    assert want.query(page=2) == "?q=a+b&sort=domain&page=2"
    assert Wanted().query() == ""
