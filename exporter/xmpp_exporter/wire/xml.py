"""A streaming XML parser for what strangers send: no DTDs, no entities, bounded in size, depth and number.

It speaks the protocol of `xml.etree.ElementTree.XMLPullParser` (feed, read_events), so that slixmpp can use it in the
place of its own.
"""

import xml.etree.ElementTree as ET
from collections.abc import Iterator

from xmpp_exporter.wire.errors import ProtocolViolation

MAX_STANZA_BYTES = 1 << 20
"""Largest stanza we read. ejabberd's own limit is 256 KiB; a big roster or service list may be larger."""
MAX_STREAM_BYTES = 32 << 20
"""Largest stream we read, whatever it is made of."""
MAX_DEPTH = 100
MAX_STANZAS = 10_000
"""Stanzas of one stream. A flood of the smallest ones costs more time than its bytes would tell."""
MAX_ELEMENTS = 300_000
"""Elements of one stream, those within stanzas included."""
MAX_STANZA_ELEMENTS = 20_000
"""Elements of one stanza: building them takes 5 µs each, in which nothing else can be done."""

Event = tuple[str, ET.Element]


class _Target:
    """Builds elements and notes their start and end. Expat calls it by the names of its methods."""

    def __init__(self, of_stream: bool, lasting: bool) -> None:
        self.events: list[Event] = []
        self.depth = 0
        self.elements = 0
        self.stanza_elements = 0
        self.stanzas = 0
        """Ended so far."""
        self._builder = ET.TreeBuilder()
        self._root: ET.Element | None = None
        self._text_from = 2 if of_stream else 1
        self._lasting = lasting
        self._skipped = 0
        """How deep we are in what is left out of a stanza."""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if self._skipped or (self._lasting and self._is_too_much()):
            self._skipped += 1
            return
        if self.depth >= MAX_DEPTH:
            raise ProtocolViolation(f"XML nested more than {MAX_DEPTH} deep")
        self.elements += 1
        self.stanza_elements += 1
        if self.elements > MAX_ELEMENTS and not self._lasting:
            raise ProtocolViolation(f"more than {MAX_ELEMENTS} XML elements in one stream")
        if self.stanza_elements > MAX_STANZA_ELEMENTS:
            raise ProtocolViolation(f"more than {MAX_STANZA_ELEMENTS} XML elements in one stanza")
        self.depth += 1
        element = self._builder.start(tag, attributes)
        if self._root is None:
            self._root = element
        self.events.append(("start", element))

    def _is_too_much(self) -> bool:
        return self.depth >= MAX_DEPTH or self.stanza_elements >= MAX_STANZA_ELEMENTS

    def data(self, text: str) -> None:
        if self._skipped:
            return
        if self.depth >= self._text_from:  # whitespace between stanzas would only pile up
            self._builder.data(text)

    def end(self, tag: str) -> None:
        if self._skipped:
            self._skipped -= 1
            return
        self.depth -= 1
        element = self._builder.end(tag)
        if self.depth == 1:
            self.stanzas += 1
            self.stanza_elements = 0
            if self.stanzas > MAX_STANZAS and not self._lasting:
                raise ProtocolViolation(f"more than {MAX_STANZAS} stanzas in one stream")
        self.events.append(("end", element))

    def let_go(self) -> None:
        """Take the stanzas that have ended off the root, which would otherwise keep them all."""
        if self._root is not None:
            del self._root[: len(self._root) - (self.depth > 1)]

    def doctype(self, *_declaration: object) -> None:
        raise ProtocolViolation("the server sent a DTD, which XMPP forbids (RFC 6120 §11.1)")

    def close(self) -> None:
        """Nothing to hand over: the events are all there is."""


class StanzaParser:
    """Feed it bytes, read (event, element) pairs. Raises ProtocolViolation for anything that is not bounded XMPP.

    The root (the stream's header) keeps its attributes, and never more than the stanza that is being read.

    A `lasting` stream may go on for ever. What makes one of its stanzas too deep or too long is left out, for everybody
    may send us stanzas there: if one of them ended the stream, the server would deliver it again to the next.
    """

    def __init__(self, *, of_stream: bool = True, lasting: bool = False) -> None:
        self._target = _Target(of_stream, lasting)
        self._of_stream = of_stream
        self._lasting = lasting
        # XMPP is UTF-8, whatever the XML declaration says (RFC 6120 §11.6)
        self._parser = ET.XMLParser(  # noqa: S314 - the target refuses DTDs
            target=self._target, encoding="utf-8" if of_stream else None
        )
        self._stanza_bytes = 0
        self._stream_bytes = 0

    def feed(self, data: bytes) -> None:
        self._stanza_bytes += len(data)
        self._stream_bytes += len(data)
        if self._stanza_bytes > MAX_STANZA_BYTES:
            raise ProtocolViolation(f"a stanza of more than {MAX_STANZA_BYTES} bytes")
        if self._stream_bytes > MAX_STREAM_BYTES and not self._lasting:
            raise ProtocolViolation(f"more than {MAX_STREAM_BYTES} bytes in one stream")
        stanzas = self._target.stanzas
        try:
            self._parser.feed(data)
        except (ET.ParseError, ValueError, LookupError) as error:  # the last two: an encoding that does not exist
            # later on the data may be somebody's secret
            sent = f"; the server sent {data[:60].decode('utf-8', 'replace')!r}" if not self._target.elements else ""
            raise ProtocolViolation(f"not XML: {error}{sent}") from error
        if self._target.stanzas > stanzas:
            # at most this much of the next stanza; where exactly the last one ended does not matter
            self._stanza_bytes = len(data) if self._target.depth > 1 else 0
        if self._of_stream:
            self._target.let_go()

    def read_events(self) -> Iterator[Event]:
        events, self._target.events = self._target.events, []
        return iter(events)


def parse(text: str | bytes) -> ET.Element:
    """A whole document of bounded size as one element. Raises ProtocolViolation."""
    parser = StanzaParser(of_stream=False)
    parser.feed(text.encode() if isinstance(text, str) else text)
    events = list(parser.read_events())
    if not events or events[-1][0] != "end" or events[-1][1] is not events[0][1]:
        raise ProtocolViolation("an XML document that does not end")
    return events[0][1]


def local(element: ET.Element) -> str:
    """The element's name without its namespace."""
    return element.tag.rpartition("}")[2]
