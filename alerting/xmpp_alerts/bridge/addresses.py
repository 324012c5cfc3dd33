"""JIDs as servers write them (RFC 7622), so that they can be compared."""

from slixmpp.jid import JID, InvalidJID


def normal(jid: str) -> str:
    """The JID, with its resource if it has one; empty for what is no JID."""
    try:
        return JID(jid).full
    except InvalidJID:
        return ""


def bare(jid: str) -> str:
    """The JID without its resource; empty for what is no JID."""
    return normal(jid.partition("/")[0])
