"""How each kind of thing that a check makes on a server is removed again: one table, for checks and for the sweep."""

import contextlib
from collections.abc import Awaitable, Callable

import structlog

from xmpp_exporter.checks import avatar, private_xml, pubsub
from xmpp_exporter.journal import Entry, Journal
from xmpp_exporter.memo import together
from xmpp_exporter.wire.errors import StanzaError, WireError
from xmpp_exporter.wire.session import Session
from xmpp_exporter.wire.stanza import quoteattr

log = structlog.get_logger(__name__)

_GONE = frozenset({"item-not-found", "gone"})


async def _destroy_room(session: Session, entry: Entry) -> None:
    """XEP-0045 §10.9."""
    await session.iq("set", "<query xmlns='http://jabber.org/protocol/muc#owner'><destroy/></query>", entry.address)


async def _remove_room_avatar(session: Session, entry: Entry) -> None:
    """XEP-0486 §3.2: an empty vCard, for services that keep the vCard of a room that is gone.

    A service that refuses has either not taken the picture or loses it with the room.
    """
    with contextlib.suppress(StanzaError):
        await session.iq("set", "<vCard xmlns='vcard-temp'/>", entry.address)


async def _delete_node(session: Session, entry: Entry) -> None:
    """A node of the account's own service."""
    await pubsub.delete(session, entry.address)


async def _retract_item(session: Session, entry: Entry) -> None:
    """An item of the node `address`."""
    await pubsub.retract(session, entry.address, entry.item)


async def _retract_first_item(session: Session, entry: Entry) -> None:
    """An item of the node `address`, which came into being with it: the node goes, too, if nobody uses it by now."""
    _, items = await together(pubsub.retract(session, entry.address, entry.item), pubsub.items(session, entry.address))
    if items == {}:
        await pubsub.delete(session, entry.address)


async def _unblock(session: Session, entry: Entry) -> None:
    """XEP-0191 §3.4. Always with an item: without one the whole list would be emptied."""
    await session.iq("set", f"<unblock xmlns='urn:xmpp:blocking'><item jid={quoteattr(entry.address)}/></unblock>")


async def _remove_avatar(session: Session, entry: Entry) -> None:
    """An avatar where none was before; `address` is its id, `item` the one that said that there was none, if any."""
    await avatar.remove(session, entry.address, entry.item)


async def _empty_private(session: Session, entry: Entry) -> None:
    """XEP-0049 can't delete: what is left is an element without content."""
    await private_xml.write_private(session, "")


_REMOVERS: dict[str, Callable[[Session, Entry], Awaitable[None]]] = {
    "avatar": _remove_avatar,
    "block": _unblock,
    "first_item": _retract_first_item,
    "item": _retract_item,
    "node": _delete_node,
    "private": _empty_private,
    "room": _destroy_room,
    "room_avatar": _remove_room_avatar,
}


async def remove(session: Session, journal: Journal, entry: Entry) -> None:
    """Remove one thing and strike it from the journal; what fails stays there, for the next probe."""
    remover = _REMOVERS.get(entry.kind)
    if remover is None:
        log.warning("the journal has something that this version cannot remove", kind=entry.kind, address=entry.address)
        return
    try:
        await remover(session, entry)
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
