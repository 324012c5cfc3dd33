"""The stanzas that the bridge sends, as XML text."""

import xml.etree.ElementTree as ET

from xmpp_exporter.wire.session import CLIENT
from xmpp_exporter.wire.stanza import escape, quoteattr

ORIGIN = "urn:xmpp:sid:0"
MUC = "http://jabber.org/protocol/muc"
DELAY = "{urn:xmpp:delay}delay"


def message(kind: str, to: str, message_id: str, text: str) -> str:
    """A message of type `kind`. The same id twice marks the second as a copy of the first (XEP-0359 §3)."""
    quoted = quoteattr(message_id)
    origin = f"<origin-id xmlns='{ORIGIN}' id={quoted}/>"
    return f"<message type='{kind}' to={quoteattr(to)} id={quoted}><body>{escape(text)}</body>{origin}</message>"


def entrance(occupant: str) -> str:
    """Enter a room under the nick of `occupant`, without what was said there before (XEP-0045 §7.2)."""
    return f"<presence to={quoteattr(occupant)}><x xmlns='{MUC}'><history maxstanzas='0'/></x></presence>"


def exit_from(occupant: str) -> str:
    """Leave a room."""
    return f"<presence to={quoteattr(occupant)} type='unavailable'/>"


def ids_of(element: ET.Element) -> set[str]:
    """The ids by which its sender may know a message that comes back."""
    origin = element.find(f"{{{ORIGIN}}}origin-id")
    return {element.get("id", ""), origin.get("id", "") if origin is not None else ""} - {""}


def body_of(element: ET.Element) -> str:
    """What a message says."""
    return element.findtext(f"{CLIENT}body") or ""


def statuses_of(presence: ET.Element) -> set[str]:
    """The codes in a room's presence (XEP-0045 §15.6)."""
    return {status.get("code", "") for status in presence.iter(f"{{{MUC}#user}}status")}


def is_error(element: ET.Element) -> bool:
    return element.get("type") == "error"
