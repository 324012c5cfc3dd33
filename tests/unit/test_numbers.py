"""Numbers that servers write."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmpp_exporter.checks.numbers import number, port


@pytest.mark.parametrize("text", ["", None, "²", "٣", "-1", "+1", "1.0", " 1", "1e3", "11", "9" * 5000])
def test_what_is_no_number_up_to_the_limit_is_none(text: str | None) -> None:
    assert number(text, 10) is None


@pytest.mark.parametrize("text", ["0", "²", "65536", "99999", ""])
def test_no_one_listens_at_what_is_no_port(text: str) -> None:
    assert port(text) is None


@given(st.integers(1, 65535))
def test_every_port_is_one(value: int) -> None:
    assert port(str(value)) == value


@given(st.text(max_size=30))
def test_any_text_is_a_number_or_none(text: str) -> None:
    value = number(text, 10**9)
    assert value is None or 0 <= value <= 10**9
