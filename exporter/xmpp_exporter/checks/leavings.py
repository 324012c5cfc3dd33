"""How each kind of thing that a check makes on a server is removed again: one table, for checks and for the sweep."""

from collections.abc import Awaitable, Callable

import structlog

from xmpp_exporter.journal import Entry, Journal
from xmpp_exporter.wire.errors import StanzaError, WireError
from xmpp_exporter.wire.session import Session
from xmpp_exporter.wire.stanza import quoteattr

log = structlog.get_logger(__name__)

OWNER = "http://jabber.org/protocol/pubsub#owner"
PUBSUB = "http://jabber.org/protocol/pubsub"

_GONE = frozenset({"item-not-found", "gone"})


async def _destroy_room(session: Session, entry: Entry) -> None:
    """XEP-0045 §10.9."""
    await session.iq("set", "<query xmlns='http://jabber.org/protocol/muc#owner'><destroy/></query>", entry.address)


async def _delete_node(session: Session, entry: Entry) -> None:
    """XEP-0060 §8.4, on the account's own service."""
    await session.iq("set", f"<pubsub xmlns='{OWNER}'><delete node={quoteattr(entry.address)}/></pubsub>")


async def _retract_item(session: Session, entry: Entry) -> None:
    """XEP-0060 §7.2; `address` is the node."""
    await session.iq(
        "set",
        f"<pubsub xmlns='{PUBSUB}'><retract node={quoteattr(entry.address)} notify='true'>"
        f"<item id={quoteattr(entry.item)}/></retract></pubsub>",
    )


async def _unblock(session: Session, entry: Entry) -> None:
    """XEP-0191 §3.4. Always with an item: without one the whole list would be emptied."""
    await session.iq("set", f"<unblock xmlns='urn:xmpp:blocking'><item jid={quoteattr(entry.address)}/></unblock>")


_REMOVERS: dict[str, Callable[[Session, Entry], Awaitable[None]]] = {
    "room": _destroy_room,
    "node": _delete_node,
    "item": _retract_item,
    "block": _unblock,
}


async def remove(session: Session, journal: Journal, entry: Entry) -> None:
    """Remove one thing and strike it from the journal; what fails stays there, for the next probe."""
    try:
        await _REMOVERS[entry.kind](session, entry)
    except StanzaError as error:
        if error.condition not in _GONE:
            log.warning(
                "could not remove what a probe made", kind=entry.kind, address=entry.address, error=error.detail
            )
            return
    except WireError as error:
        log.info("left for the next probe to remove", kind=entry.kind, address=entry.address, error=error.detail)
        return
    journal.removed(entry)
