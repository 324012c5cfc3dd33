"""What went over the wire, for people who debug: bounded, and without anything that could log somebody in.

Whole elements are traced, never chunks of bytes: what is secret is known by its place in an element, and a secret that
arrives in two chunks is as secret as one that arrives in one.
"""

import re
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable
from xml.sax import saxutils

from slixmpp.xmlstream.tostring import escape, tostring

from xmpp_exporter.wire.errors import ProtocolViolation
from xmpp_exporter.wire.xml import local, parse

MAX_BYTES = 256 * 1024
HIDDEN = "[hidden]"

_EXCHANGES = frozenset({"auth", "response", "challenge", "success", "initial-response", "additional-data"})
"""SASL in both profiles (RFC 6120 §6, XEP-0388): all that is in them is a credential or a proof."""
_SECRET_NAME = re.compile("password|passwd|secret|token|authorization|cookie|credential", re.IGNORECASE)
"""Elements, attributes, HTTP headers (XEP-0363) and form fields of such names hold what their names say."""
_HARMLESS_ATTRIBUTES = frozenset({"mechanism", "name", "var", "type"})
_SITE = re.compile(r"([a-z][a-z0-9+.-]*://)(?:[^/?#@]*@)?([^/?#@]+)", re.IGNORECASE)
_STREAM_TAG = re.compile(r"(<\?xml[^>]*>)?</?stream:stream\b[^>]*>")


def redacted(element: ET.Element, hide: bool = False) -> ET.Element:
    """A copy of `element` in which passwords, tokens, SASL payloads and all of a URL but its site are [hidden]."""
    name = local(element)
    hide = hide or name in _EXCHANGES or _SECRET_NAME.search(name) is not None
    if name in ("header", "field"):
        hide = hide or _SECRET_NAME.search(element.get("name", "") + element.get("var", "")) is not None
    copy = ET.Element(element.tag, {key: _attribute(key, value, hide) for key, value in element.items()})
    copy.text = HIDDEN if hide and element.text and element.text.strip() else element.text
    if name == "url" and element.text and not hide:
        copy.text = _site(element.text.strip())
    for child in element:
        inner = redacted(child, hide)
        inner.tail = HIDDEN if hide and child.tail and child.tail.strip() else child.tail
        copy.append(inner)
    return copy


def _attribute(name: str, value: str, hide: bool) -> str:
    if _SECRET_NAME.search(name) or (hide and name not in _HARMLESS_ATTRIBUTES):
        return HIDDEN
    return _site(value) if name == "url" else value


def _site(url: str) -> str:
    """A URL without what comes after its host: whoever knows the path of an upload may use it (XEP-0363 §11)."""
    found = _SITE.match(url)
    return f"{found[1]}{found[2]}/{HIDDEN}" if found else HIDDEN


class Trace:
    """Keeps nothing unless given somewhere to write lines to; then at most MAX_BYTES."""

    def __init__(self, write: Callable[[str], None] | None = None) -> None:
        self._write = write
        self._left = MAX_BYTES
        self._started = time.monotonic()
        self._secrets: set[str] = set()

    def hide(self, secret: str) -> None:
        """Never show this text, wherever it turns up: servers have been seen to quote what they refuse."""
        if secret:
            self._secrets |= {secret, escape(secret), saxutils.escape(secret)}

    def sent(self, data: str | bytes) -> None:
        """What is about to be sent: an element as XML text, or the stream's beginning or end."""
        if self._idle:
            return
        text = data.decode(errors="replace") if isinstance(data, bytes) else data
        if not _STREAM_TAG.fullmatch(text):
            try:
                element = parse(text)
            except ProtocolViolation:
                text = f"[{len(text)} characters that are not an XML element]"
            else:
                shown = _text(redacted(element))
                text = text if shown == _text(element) else shown  # as it is, where nothing is secret
        self._line(">", text)

    def received(self, element: ET.Element) -> None:
        """A whole element of the stream."""
        if not self._idle:
            self._line("<", _text(redacted(element)))

    def note(self, text: str) -> None:
        if not self._idle:
            self._line("#", text)

    @property
    def _idle(self) -> bool:
        return self._write is None or self._left <= 0

    def _line(self, direction: str, text: str) -> None:
        assert self._write is not None  # noqa: S101 - asked before
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, HIDDEN)
        text = text[: self._left]
        self._left -= len(text)
        self._write(f"{time.monotonic() - self._started:8.3f} {direction} {text}")
        if self._left <= 0:
            self._write("         # the trace ends here: it has reached its size limit")


def _text(element: ET.Element) -> str:
    return tostring(element, xmlns="jabber:client", top_level=True)
