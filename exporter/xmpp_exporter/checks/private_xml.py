"""Private XML storage (XEP-0049): requests of the check and of its clean-up."""

from xmpp_exporter.wire.session import Session

PRIVATE = "jabber:iq:private"
OURS = "urn:x-xmpp-exporter:private"
"""The namespace of what is stored: always the same, so that servers that can't forget it keep one empty element."""


async def read_private(session: Session) -> str:
    """What is stored under our namespace; empty if nothing. Raises StanzaError."""
    reply = await session.iq("get", f"<query xmlns='{PRIVATE}'><probe xmlns='{OURS}'/></query>")
    return reply.findtext(f"{{{OURS}}}probe") or ""


async def write_private(session: Session, text: str) -> None:
    """Store `text` under our namespace; empty is as near to nothing as the protocol gets. Raises StanzaError."""
    await session.iq("set", f"<query xmlns='{PRIVATE}'><probe xmlns='{OURS}'>{text}</probe></query>")
