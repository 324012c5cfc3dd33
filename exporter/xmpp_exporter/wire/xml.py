"""A streaming XML parser for what strangers send: no DTDs, no entities, bounded in size and depth.

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

Event = tuple[str, ET.Element]


class _Target:
    """Builds elements and notes their start and end. Expat calls it by the names of its methods."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.depth = 0
        self._builder = ET.TreeBuilder()
        self.data = self._builder.data

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if self.depth >= MAX_DEPTH:
            raise ProtocolViolation(f"XML nested more than {MAX_DEPTH} deep")
        self.depth += 1
        self.events.append(("start", self._builder.start(tag, attributes)))

    def end(self, tag: str) -> None:
        self.depth -= 1
        self.events.append(("end", self._builder.end(tag)))

    def doctype(self, *_declaration: object) -> None:
        raise ProtocolViolation("the server sent a DTD, which XMPP forbids (RFC 6120 §11.1)")

    def close(self) -> None:
        """Nothing to hand over: the events are all there is."""


class StanzaParser:
    """Feed it bytes, read (event, element) pairs. Raises ProtocolViolation for anything that is not bounded XMPP."""

    def __init__(self) -> None:
        self._target = _Target()
        self._parser = ET.XMLParser(target=self._target)  # noqa: S314 - the target refuses DTDs
        self._stanza_bytes = 0
        self._stream_bytes = 0

    def feed(self, data: bytes) -> None:
        self._stanza_bytes += len(data)
        self._stream_bytes += len(data)
        if self._stanza_bytes > MAX_STANZA_BYTES:
            raise ProtocolViolation(f"a stanza of more than {MAX_STANZA_BYTES} bytes")
        if self._stream_bytes > MAX_STREAM_BYTES:
            raise ProtocolViolation(f"more than {MAX_STREAM_BYTES} bytes in one stream")
        try:
            self._parser.feed(data)
        except ET.ParseError as error:
            raise ProtocolViolation(f"not XML: {error}; the server sent {data[:60]!r}") from error
        if self._target.depth <= 1:
            self._stanza_bytes = 0

    def read_events(self) -> Iterator[Event]:
        events, self._target.events = self._target.events, []
        return iter(events)


def parse(text: str | bytes) -> ET.Element:
    """A whole document of bounded size as one element. Raises ProtocolViolation."""
    parser = StanzaParser()
    parser.feed(text.encode() if isinstance(text, str) else text)
    events = list(parser.read_events())
    if not events or events[-1][0] != "end" or events[-1][1] is not events[0][1]:
        raise ProtocolViolation("an XML document that does not end")
    return events[0][1]


def local(element: ET.Element) -> str:
    """The element's name without its namespace."""
    return element.tag.rpartition("}")[2]
