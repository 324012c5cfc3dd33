"""Label values are clean and short, whatever a server sends."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from xmpp_exporter import labels


@given(st.text(max_size=600))
def test_a_clean_value_is_one_short_visible_line(text: str) -> None:
    value = labels.clean(text)
    assert len(value) <= labels.MAX_LENGTH
    assert value == " ".join(value.split())
    assert all(char == " " or unicodedata.category(char)[0] not in "CZ" for char in value)
    value.encode()


@given(st.text(max_size=600))
@example("x" * (labels.MAX_LENGTH - 1) + " y")
def test_cleaning_a_clean_value_changes_nothing(text: str) -> None:
    assert labels.clean(labels.clean(text)) == labels.clean(text)


@given(st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), max_size=labels.MAX_LENGTH))
def test_a_short_visible_text_stays_as_it_is(text: str) -> None:
    assert labels.clean(text) == text


@given(st.text())
def test_a_mechanism_is_known_or_other(name: str) -> None:
    assert labels.mechanism(name) in {name, "other"}
    assert labels.mechanism(f"x{name}") == "other" or f"x{name}".isupper()


@pytest.mark.parametrize("name", ["PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256-PLUS", "EXTERNAL"])
def test_the_usual_mechanisms_are_known(name: str) -> None:
    assert labels.mechanism(name) == name


@pytest.mark.parametrize(
    ("name", "software"),
    [
        ("Prosody", "prosody"),
        ("ejabberd", "ejabberd"),
        ("MongooseIM", "mongooseim"),
        ("Snikket (Prosody)", "snikket"),
        ("Openfire", "openfire"),
        ("Tigase XMPP Server", "tigase"),
        ("Metronome", "metronome"),
        ("jabberd2", "other"),
        ("", "other"),
    ],
)
def test_software_is_named_as_its_help_folder(name: str, software: str) -> None:
    assert labels.software(name) == software


@given(st.text())
def test_unknown_software_is_other(name: str) -> None:
    assert labels.software(name) == "other" or labels.software(name) in name.lower()
