"""The account's own publish-subscribe service (XEP-0060, XEP-0163): requests of the checks and of their clean-up."""

import xml.etree.ElementTree as ET
from collections.abc import Mapping

from xmpp_exporter.wire.disco import DATA, parse_form
from xmpp_exporter.wire.errors import StanzaError
from xmpp_exporter.wire.session import Session
from xmpp_exporter.wire.stanza import quoteattr

PUBSUB = "http://jabber.org/protocol/pubsub"
OWNER = f"{PUBSUB}#owner"
PUBLISH_OPTIONS = f"{PUBSUB}#publish-options"


async def publish(session: Session, node: str, item: str, payload: str, access_model: str) -> bool:
    """Publish an item (§7.1) on condition that the node has this access model (§7.1.5), which a new node then gets.

    Where the server insists on another configuration, the item is published all the same. Returns whether it insists.
    No other option is asked for but that items are kept: ejabberd refuses what it does not know. Raises StanzaError.
    """
    try:
        await publish_with(session, node, item, payload, {"pubsub#access_model": access_model})
    except StanzaError as error:
        if error.condition != "conflict":
            raise
        await publish_anyhow(session, node, item, payload)
        return True
    return False


async def publish_with(session: Session, node: str, item: str, payload: str, options: Mapping[str, str]) -> None:
    """Publish an item on condition that it is kept, and that the node has these settings. Raises StanzaError."""
    await _publish(session, node, item, payload, _options({"pubsub#persist_items": "true"} | dict(options)))


async def publish_anyhow(session: Session, node: str, item: str, payload: str) -> None:
    """Publish an item, however the node is configured. Raises StanzaError."""
    await _publish(session, node, item, payload, "")


async def _publish(session: Session, node: str, item: str, payload: str, options: str) -> None:
    await session.iq(
        "set",
        f"<pubsub xmlns='{PUBSUB}'><publish node={quoteattr(node)}><item id={quoteattr(item)}>{payload}</item>"
        f"</publish>{options}</pubsub>",
    )


def _options(fields: Mapping[str, str]) -> str:
    return (
        "<publish-options><x xmlns='jabber:x:data' type='submit'>"
        f"<field var='FORM_TYPE' type='hidden'><value>{PUBLISH_OPTIONS}</value></field>"
        + "".join(f"<field var='{name}'><value>{value}</value></field>" for name, value in fields.items())
        + "</x></publish-options>"
    )


async def items(session: Session, node: str, owner: str | None = None) -> Mapping[str, ET.Element] | None:
    """The items of a node (§6.5) by their ids; None when there is no such node. Raises StanzaError.

    `owner` is the account whose node it is, if not our own.
    """
    try:
        reply = await session.iq("get", f"<pubsub xmlns='{PUBSUB}'><items node={quoteattr(node)}/></pubsub>", owner)
    except StanzaError as error:
        if error.condition == "item-not-found":
            return None
        raise
    return {item.get("id", ""): item for item in reply.iter(f"{{{PUBSUB}}}item")}


async def configuration(session: Session, node: str) -> Mapping[str, tuple[str, ...]] | None:
    """A node's configuration as its owner sees it (§8.2); None when there is no such node. Raises StanzaError."""
    try:
        reply = await session.iq("get", f"<pubsub xmlns='{OWNER}'><configure node={quoteattr(node)}/></pubsub>")
    except StanzaError as error:
        if error.condition == "item-not-found":
            return None
        raise
    return parse_form(next(reply.iter(f"{DATA}x"), reply))


async def access_model(session: Session, node: str) -> str:
    """Who may read a node: `open`, `presence`, `whitelist`, …; empty when the configuration does not say."""
    settings = await configuration(session, node) or {}
    return next(iter(settings.get("pubsub#access_model", ())), "")


async def retract(session: Session, node: str, item: str) -> None:
    """Retract one item (§7.2); fine if it is gone already. Raises StanzaError."""
    await _done_or_gone(
        session,
        f"<pubsub xmlns='{PUBSUB}'><retract node={quoteattr(node)} notify='true'><item id={quoteattr(item)}/>"
        "</retract></pubsub>",
    )


async def delete(session: Session, node: str) -> None:
    """Delete a node and all that is in it (§8.4); fine if it is gone already. Raises StanzaError."""
    await _done_or_gone(session, f"<pubsub xmlns='{OWNER}'><delete node={quoteattr(node)}/></pubsub>")


async def _done_or_gone(session: Session, request: str) -> None:
    try:
        await session.iq("set", request)
    except StanzaError as error:
        if error.condition != "item-not-found":
            raise
