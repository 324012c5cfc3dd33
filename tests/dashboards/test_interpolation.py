"""Variables come into queries as Grafana brings them there."""

import pytest

from tests.dashboards import durations
from tests.dashboards.dashboard import Query
from tests.dashboards.example import example, variable
from tests.dashboards.interpolation import UnknownVariableError, Value, interpolated, query_text, references
from tests.dashboards.sample import values
from tests.dashboards.variables import expression_of

HOUR, DAY = 3600.0, 86400.0


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ('{domain=~"$domain"}', Value(["a.example"], many=True), r'{domain=~"a\\.example"}'),
        ('{domain=~"$domain"}', Value(["a.example", "b"], many=True), r'{domain=~"(a\\.example|b)"}'),
        ('{domain=~"$domain"}', Value([], many=True), '{domain=~"()"}'),
        ('{domain=~"$domain"}', Value([".+"], raw=True), '{domain=~".+"}'),
        ('{domain="$domain"}', Value(["a.example"]), '{domain="a.example"}'),
        ('{domain="${domain}"}', Value([r"a\b"]), r'{domain="a\\b"}'),
        ('{domain="[[domain]]"}', Value(["a"]), '{domain="a"}'),
        ('{domain=~"${domain:pipe}"}', Value(["a.b", "c"], many=True), '{domain=~"a.b|c"}'),
        ('{domain=~"${domain:regex}"}', Value(["a.b", "c"], many=True), r'{domain=~"(a\.b|c)"}'),
        ("by(${domain:csv})", Value(["a", "b"], many=True), "by(a,b)"),
        ('label_replace(up, "a", "$1", "b", "(.*)")', Value([]), 'label_replace(up, "a", "$1", "b", "(.*)")'),
    ],
)
def test_a_value_is_filled_in(text: str, value: Value, expected: str) -> None:
    assert interpolated(text, {"domain": value}) == expected


def test_a_variable_that_does_not_exist_is_refused() -> None:
    with pytest.raises(UnknownVariableError, match="domains"):
        interpolated('up{domain="$domains"}', {"domain": Value(["a"])})


def test_references_are_found() -> None:
    assert references("$a ${b} ${c:regex} [[d]] ${__data.fields.e} $1 ${f.text}") == {"a", "b", "c", "d", "__data", "f"}


@pytest.mark.parametrize(
    ("shown", "min_step", "expected"),
    [(HOUR, 0, 15), (DAY, 0, 120), (7 * DAY, 0, 900), (30 * DAY, 0, 3600), (HOUR, 300, 300), (30 * DAY, 300, 3600)],
)
def test_a_step_is_about_a_pixel_wide(shown: float, min_step: float, expected: float) -> None:
    assert durations.step(shown, min_step) == expected


@pytest.mark.parametrize(
    ("min_step", "expected"), [("", "rate(up[2m15s])"), ("5m", "rate(up[20m])"), ("1m", "rate(up[4m])")]
)
def test_the_interval_of_rates_has_four_scrapes(min_step: str, expected: str) -> None:
    query = Query("", "A", "rate(up[$__rate_interval])", instant=False, min_step=min_step)
    assert query_text(query, {}, DAY)[0] == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("label_values(up, job)", "up"),
        ('label_values(up{a="b, c"}, job)', 'up{a="b, c"}'),
        ("label_values(job)", ""),
        ("query_result(topk(3, up))", "topk(3, up)"),
    ],
)
def test_the_expression_of_a_variable_is_found(query: str, expected: str) -> None:
    assert expression_of({"name": "a", "query": query}) == expected
    assert expression_of({"name": "a", "query": {"query": query, "refId": "A"}}) == expected


def test_every_variable_has_a_sample() -> None:
    board = example(lambda board: variable(board, "domain").update(multi=False))
    assert {name: value.chosen for name, value in values(board).items()} == {
        "datasource": ["prometheus"],
        "job": ["a.example", "b"],
        "domain": ["a.example"],
        "suite": ["cs2023"],
    }
