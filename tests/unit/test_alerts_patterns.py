"""Patterns of domains: which covers which, and the regular expressions that they become."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmpp_alerts.render.patterns import breadth, covers, domain_is, matcher, meet

DOMAINS = st.lists(st.sampled_from(["a", "b", "net"]), min_size=1, max_size=4).map(".".join)
PATTERNS = st.one_of(DOMAINS, DOMAINS.map("*.{}".format), st.just("*"))


def matches(pattern: str, domain: str) -> bool:
    """As Alertmanager would say: it takes the escapes off, and anchors the expression at both ends."""
    written = domain_is([pattern]).removeprefix('domain=~"').removesuffix('"')
    return re.fullmatch(written.replace("\\\\", "\\"), domain) is not None


@given(PATTERNS, PATTERNS, DOMAINS)
def test_a_pattern_that_covers_another_matches_all_that_it_matches(one: str, other: str, domain: str) -> None:
    if covers(one, other):
        assert matches(one, domain) or not matches(other, domain)
        assert breadth(one) >= breadth(other)
    if matches(one, domain) and matches(other, domain):
        assert meet(one, other)


@pytest.mark.parametrize(
    ("pattern", "domain", "matched"),
    [
        ("example.org", "example.org", True),
        ("example.org", "exampleXorg", False),
        ("example.org", "a.example.org", False),
        ("*.example.org", "a.b.example.org", True),
        ("*.example.org", "example.org", False),
        ("*.example.org", "anexample.org", False),
        ("*", "example.org", True),
        ("*", "", False),
    ],
)
def test_an_expression_matches_what_the_pattern_names(pattern: str, domain: str, matched: bool) -> None:
    assert matches(pattern, domain) is matched


def test_values_are_escaped_as_openmetrics_does() -> None:
    assert matcher("a", "=", 'b"c\\d\ne') == r'a="b\"c\\d\ne"'
