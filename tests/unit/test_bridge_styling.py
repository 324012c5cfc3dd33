"""What others write looks as it is written: nothing of it is styled, hidden, or more than one line."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmpp_alerts.bridge.styling import JOINER, link, plain, sendable
from xmpp_exporter.wire.stanza import escape
from xmpp_exporter.wire.xml import parse

TEXTS = st.text(st.sampled_from("ab *_~`>\n\t\r\x00\x1b\u202e\ud800\u2028.é\N{SNOWMAN}") | st.characters(), max_size=60)
SPAN = re.compile(r"(?:^|(?<=[\s*_~`]))([*_~`])(?=\S)")
"""Where a styling directive would begin (XEP-0393 §6.1)."""


@given(text=TEXTS)
def test_no_styling_begins_in_what_others_write(text: str) -> None:
    line = plain(text, 50)
    assert not SPAN.search(line)
    assert not line.startswith((">", "```"))


@given(text=TEXTS)
def test_it_is_one_line_that_any_terminal_may_show(text: str) -> None:
    line = plain(text, 50).replace(JOINER, "")
    assert line.isprintable()
    assert len(line) <= 50


@given(text=st.text(st.characters(exclude_categories=())))
def test_what_is_sent_is_xml(text: str) -> None:
    said = sendable(text, 50)
    assert (parse(f"<body>{escape(said)}</body>").text or "") == said
    assert len(escape(said).encode()) <= 50
    assert said == sendable(text) or said.endswith("…")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("a*b_c", "a*b_c"),
        ("*bold*", f"{JOINER}*bold*"),
        ("now **very**", f"now {JOINER}*{JOINER}*very*{JOINER}*"),
        ("> quoted", f"{JOINER}> quoted"),
        ("```\ncode", f"{JOINER}`{JOINER}`{JOINER}` code"),
        ("one\n\ntwo\t three", "one two three"),
        ("\x1b[31mred\u202e", "\N{REPLACEMENT CHARACTER}[31mred\N{REPLACEMENT CHARACTER}"),
        ("long " * 20, "long long long long…"),
    ],
)
def test_a_value_as_it_is_shown(value: str, shown: str) -> None:
    assert plain(value, 20) == shown


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://example.org/help#prosody", True),
        ("http://localhost:15223/server/example.org", True),
        ("javascript:alert(1)", False),
        ("https://example.org/ https://evil.example", False),
        ("https://example.org/\n> quote", False),
        ("https://exämple.org/", False),
        ("https://example.org/" + "x" * 1000, False),
        ("", False),
    ],
)
def test_links_are_links_and_nothing_else(url: str, shown: bool) -> None:
    assert link(url) == (url if shown else "")
