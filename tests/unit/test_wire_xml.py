"""The parser takes any bytes, in any chunks, and keeps its limits."""

import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmpp_exporter.wire.errors import ProtocolViolation
from xmpp_exporter.wire.xml import (
    MAX_DEPTH,
    MAX_ELEMENTS,
    MAX_STANZA_BYTES,
    MAX_STANZA_ELEMENTS,
    MAX_STANZAS,
    StanzaParser,
    parse,
)

HEADER = b"<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' from='a.test'>"


def stanzas(*chunks: bytes, lasting: bool = False) -> list[str]:
    """The text of each stanza in a stream."""
    parser, depth, found = StanzaParser(lasting=lasting), 0, []
    for chunk in (HEADER, *chunks):
        parser.feed(chunk)
        for event, element in parser.read_events():
            depth += 1 if event == "start" else -1
            if event == "end" and depth == 1:
                found.append("".join(element.itertext()))
    return found


def cut(data: bytes, places: list[int]) -> list[bytes]:
    bounds = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[begin:end] for begin, end in pairwise(bounds)]


@given(
    texts=st.lists(st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")))),
    places=st.lists(st.integers(0)),
)
def test_stanzas_are_the_same_however_they_are_cut(texts: list[str], places: list[int]) -> None:
    elements = []
    for text in texts:
        element = ET.Element("message")
        element.text = text
        elements.append(ET.tostring(element, encoding="unicode"))
    assert stanzas(*cut(" \n".join(elements).encode(), places)) == texts


@given(chunks=st.lists(st.binary()))
def test_any_bytes_are_read_or_refused(chunks: list[bytes]) -> None:
    parser = StanzaParser()
    try:
        for chunk in chunks:
            parser.feed(chunk)
            list(parser.read_events())
    except ProtocolViolation as error:
        assert error.detail


@pytest.mark.parametrize("name", ["klingon", "utf-7", "hex", "idna", "utf-16", "iso-8859-1"])
def test_a_stream_is_utf8_whatever_it_declares(name: str) -> None:
    parser = StanzaParser()
    parser.feed(f"<?xml version='1.0' encoding='{name}'?><a>".encode() + "<b>\N{SNOWMAN}</b>".encode())
    assert [element.text for event, element in parser.read_events() if event == "end"] == ["\N{SNOWMAN}"]


@pytest.mark.parametrize("name", ["klingon", "utf-7", "hex", "idna", "utf-16"])
def test_a_document_in_an_encoding_that_cannot_be_read_is_refused(name: str) -> None:
    with pytest.raises(ProtocolViolation):
        parse(f"<?xml version='1.0' encoding='{name}'?><a>x</a>".encode())


def test_a_document_may_say_how_it_is_encoded() -> None:
    assert parse("<?xml version='1.0' encoding='iso-8859-1'?><a>é</a>".encode("latin-1")).text == "é"


@pytest.mark.parametrize("text", ["", " ", "<a>", "<a/><b/>", "<a/>x", "x", "<a b='1' b='2'/>", "<a>&b;</a>", "<x:a/>"])
def test_what_is_no_document_is_refused(text: str) -> None:
    with pytest.raises(ProtocolViolation):
        parse(text)


def test_the_limits_are_kept_and_told() -> None:
    for chunks, words in {
        (b"<a>" * MAX_DEPTH,): "nested",
        (b"<a/>" * (MAX_STANZAS + 1),): f"{MAX_STANZAS} stanzas",
        (*[b"<a>" + b"<b/>" * 15_000 + b"</a>"] * (MAX_ELEMENTS // 15_000 + 1),): f"{MAX_ELEMENTS} XML elements",
        (b"<a>" + b"<b/>" * MAX_STANZA_ELEMENTS,): f"{MAX_STANZA_ELEMENTS} XML elements",
        (b"<a>", *[b"x" * 65536] * (MAX_STANZA_BYTES // 65536 + 1)): f"{MAX_STANZA_BYTES} bytes",
        (*[b" " * 65536] * (MAX_STANZA_BYTES // 65536 + 1),): f"{MAX_STANZA_BYTES} bytes",
        (b"<!DOCTYPE a>",): "not XML",  # too late in the document to be a DTD
    }.items():
        with pytest.raises(ProtocolViolation, match=words):
            stanzas(*chunks)
    with pytest.raises(ProtocolViolation, match="DTD"):
        parse("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>")


def test_up_to_the_limits_everything_is_read() -> None:
    assert len(stanzas(b"<a/>" * MAX_STANZAS)) == MAX_STANZAS
    assert len(stanzas(b"<a>" * (MAX_DEPTH - 1) + b"</a>" * (MAX_DEPTH - 1))) == 1
    assert len(stanzas(b"<a>" + b"x" * (MAX_STANZA_BYTES - len(HEADER) - 7) + b"</a>")) == 1


def test_the_limit_of_a_stanza_is_not_one_of_a_stream_whose_chunks_never_end_with_a_stanza() -> None:
    chunk = b"x" * 3000 + b"</a><a>" + b"x" * 3000
    chunks = 2 * MAX_STANZA_BYTES // len(chunk)
    assert len(stanzas(b"<a>", *[chunk] * chunks)) == chunks


def test_the_root_keeps_its_attributes_and_no_stanzas() -> None:
    parser = StanzaParser()
    parser.feed(HEADER)
    root = next(parser.read_events())[1]
    for _ in range(3):
        parser.feed(b"<a/><b/><c>")
        assert [child.tag for child in root] == ["{jabber:client}c"]
        parser.feed(b"</c>  ")
        assert len(root) == 0
    assert root.get("from") == "a.test"


def test_what_was_sent_is_quoted_only_where_it_can_be_no_secret() -> None:
    with pytest.raises(ProtocolViolation, match="the server sent 'HTTP"):
        StanzaParser().feed(b"HTTP/1.1 400 Bad Request")
    with pytest.raises(ProtocolViolation) as raised:
        stanzas(b"<challenge>c2VjcmV0</oops>")
    assert "c2Vj" not in str(raised.value)


@pytest.mark.parametrize(
    "stanza",
    [
        b"<m>kept" + b"<a>" * MAX_DEPTH * 2 + b"left out" + b"</a>" * MAX_DEPTH * 2 + b"</m>",
        b"<m>kept" + b"<a/>" * (MAX_STANZA_ELEMENTS + 5) + b"<b>left out<c>this, too</c></b></m>",
    ],
    ids=["too deep", "too many elements"],
)
def test_a_lasting_stream_goes_on_after_a_stanza_that_is_too_much(stanza: bytes) -> None:
    assert stanzas(stanza, b"<m>next</m>", lasting=True) == ["kept", "next"]


def test_a_lasting_stream_may_carry_any_number_of_stanzas() -> None:
    numbers = [str(number) for number in range(MAX_STANZAS + 10)]
    assert stanzas(*(f"<m>{number}</m>".encode() for number in numbers), lasting=True) == numbers


def test_a_lasting_stream_still_refuses_a_stanza_of_too_many_bytes() -> None:
    with pytest.raises(ProtocolViolation, match=f"more than {MAX_STANZA_BYTES} bytes"):
        stanzas(b"<m>" + b"x" * MAX_STANZA_BYTES, lasting=True)
