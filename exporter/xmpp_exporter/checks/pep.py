"""Personal eventing: what accounts publish, for their own devices and for others."""

import uuid

from xmpp_exporter.checks import pubsub
from xmpp_exporter.checks.numbers import number
from xmpp_exporter.checks.registry import check
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.shared import asked, elsewhere, eventually, info_of, offered_by_account
from xmpp_exporter.checks.verdicts import broken, supported, unknown, unsupported
from xmpp_exporter.model import Outcome, Reason

OMEMO = "eu.siacs.conversations.axolotl"
BOOKMARKS = "urn:xmpp:bookmarks:1"
LEGACY_BOOKMARKS = "storage:bookmarks"
MAX_ITEMS = 10**9
"""Above this a node's limit is none."""

REQUIRED = (
    "access-open",
    "access-presence",
    "access-roster",
    "access-whitelist",
    "auto-create",
    "auto-subscribe",
    "create-nodes",
    "delete-nodes",
    "filtered-notifications",
    "publish",
    "retrieve-items",
    "subscribe",
)
"""XEP-0163 §7, by the names of XEP-0060's features."""


@check("xep0163")
async def personal_eventing(server: Server) -> Outcome:
    """XEP-0163 §8.1. Servers don't list all that they do: a missing feature is told, not held against them."""
    if missing := await _no_pep(server):
        return missing
    features = (await info_of(server, server.account)).features
    lacking = [name for name in REQUIRED if f"{pubsub.PUBSUB}#{name}" not in features]
    return supported("offered" + (f"; not among the features: {', '.join(lacking)}" if lacking else ""))


async def _no_pep(server: Server) -> Outcome | None:
    """None when the account has an eventing service; else the outcome that says where it is, if anywhere."""
    if (await info_of(server, server.account)).has_identity("pubsub", "pep"):
        return None
    if (await elsewhere(server, server.domain)).has_identity("pubsub", "pep"):
        return unsupported("the identity pubsub/pep is the domain's; clients ask the account", Reason.WRONG_ENTITY)
    return unsupported("pubsub/pep is not among the account's identities")


@check("xep0384")
async def omemo(server: Server) -> Outcome:
    """XEP-0384: keys that anybody can read, by the way in which clients publish them."""
    if missing := await _no_pep(server):
        return missing
    features = (await info_of(server, server.account)).features
    if f"{OMEMO}.whitelisted" in features and pubsub.PUBLISH_OPTIONS not in features:
        return supported("the server itself opens the nodes that have keys")
    if pubsub.PUBLISH_OPTIONS not in features:
        return unsupported(f"{pubsub.PUBLISH_OPTIONS} is not among the account's features")
    node = f"{OMEMO}.{uuid.uuid4()}"
    async with server.leaving("node", node):
        publication = pubsub.publish(server.session, node, "current", f"<bundle xmlns='{OMEMO}'/>", "open")
        forced = await asked("to publish keys that everybody can read", publication)
        access_model = await asked("for the node's configuration", pubsub.access_model(server.session, node))
    if access_model != "open":
        why = "forced by the server" if forced else "although open was asked for and granted"
        return broken(Reason.MISMATCH, f"strangers can't read the keys: the access model is {access_model!r}, {why}")
    return supported("a node that everybody can read was made" + (", forced open by the server" if forced else ""))


@check("xep0402")
async def native_bookmarks(server: Server) -> Outcome:
    """XEP-0402 §5.3: what is published to the node shows in private XML storage, which is only read."""
    if missing := await offered_by_account(server, f"{BOOKMARKS}#compat"):
        return missing
    bookmarks = await asked("for the bookmarks", pubsub.items(server.session, BOOKMARKS))
    if bookmarks and await _is_full(server, len(bookmarks)):
        return unknown(Reason.PROBER_LIMIT, "the account's bookmarks are full: one more would push out another")
    room = f"xmpp-exporter-{uuid.uuid4().hex}@rooms.invalid"
    async with server.leaving("item" if bookmarks is not None else "first_item", BOOKMARKS, room):
        payload = f"<conference xmlns='{BOOKMARKS}' name='xmpp-exporter'/>"
        publication = pubsub.publish(server.session, BOOKMARKS, room, payload, "whitelist")
        forced = await asked("to publish a bookmark", publication)
        found = await eventually(lambda: _legacy_bookmarks(server), lambda rooms: room in rooms)
    if room not in found:
        return broken(Reason.MISMATCH, "a published bookmark does not show in private XML storage")
    return supported("a bookmark shows in both" + ("; the node's configuration is not private" if forced else ""))


async def _is_full(server: Server, count: int) -> bool:
    settings = await asked("for the bookmarks' settings", pubsub.configuration(server.session, BOOKMARKS)) or {}
    limit = number(next(iter(settings.get("pubsub#max_items", ())), ""), MAX_ITEMS)
    return limit is not None and count >= limit


async def _legacy_bookmarks(server: Server) -> set[str]:
    """The rooms in private XML storage (XEP-0048 §4)."""
    request = f"<query xmlns='jabber:iq:private'><storage xmlns='{LEGACY_BOOKMARKS}'/></query>"
    reply = await asked("for private XML storage", server.session.iq("get", request))
    return {element.get("jid", "") for element in reply.iter(f"{{{LEGACY_BOOKMARKS}}}conference")}


@check("xep0411")
async def bookmarks_conversion(server: Server) -> Outcome:
    """XEP-0411 §2; XEP-0402 has the same tried."""
    return await offered_by_account(server, "urn:xmpp:bookmarks-conversion:0") or supported("offered")
