"""Stanzas as text out, as elements in."""

import xml.etree.ElementTree as ET
from xml.sax.saxutils import escape, quoteattr

from xmpp_exporter.wire.errors import StanzaError
from xmpp_exporter.wire.xml import local

STANZAS = "{urn:ietf:params:xml:ns:xmpp-stanzas}"

__all__ = ["escape", "iq", "quoteattr", "reply_of", "stanza_error"]


def iq(kind: str, stanza_id: str, payload: str, to: str | None = None) -> str:
    """An IQ stanza of type `kind` (`get`, `set`, `result`); `payload` is XML text, `to` None means the own account."""
    address = f" to={quoteattr(to)}" if to else ""
    return f"<iq type='{kind}' id={quoteattr(stanza_id)}{address}>{payload}</iq>"


def reply_of(element: ET.Element) -> ET.Element:
    """The stanza itself, or StanzaError raised if it is an error."""
    if element.get("type") == "error":
        raise stanza_error(element)
    return element


def stanza_error(element: ET.Element) -> StanzaError:
    """The error of a stanza of type error (RFC 6120 §8.3.2)."""
    error = next((child for child in element if local(child) == "error"), None)
    children = [] if error is None else [child for child in error if child.tag.startswith(STANZAS)]
    condition = next((local(child) for child in children if local(child) != "text"), "undefined-condition")
    text = next((child.text for child in children if local(child) == "text" and child.text), "")
    return StanzaError(condition, text[:200], element.get("from", ""))
