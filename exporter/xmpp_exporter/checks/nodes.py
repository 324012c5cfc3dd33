"""How an account's nodes are configured when they are made: for itself alone, for everybody, for many items."""

import uuid

from xmpp_exporter.checks import pubsub
from xmpp_exporter.checks.registry import check
from xmpp_exporter.checks.resources import second_person
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.shared import asked, info_of, offered_by_account
from xmpp_exporter.checks.verdicts import broken, supported, unsupported
from xmpp_exporter.memo import all_of, together
from xmpp_exporter.model import Outcome, Reason
from xmpp_exporter.wire.errors import StanzaError

OMEMO_2 = "urn:xmpp:omemo:2"
DISPLAYED = "urn:xmpp:mds:displayed:0"
PROBE = "<probe xmlns='urn:x-xmpp-exporter:node'/>"

ITEMS = 3
"""Items that must be kept: one more than a node keeps that only has a last one."""


def _new_name(prefix: str = "urn:x-xmpp-exporter") -> str:
    return f"{prefix}:{uuid.uuid4()}"


@check("xep0223")
async def private_data(server: Server) -> Outcome:
    """XEP-0223 §3: a new node is kept, and for the account alone, because its first item asks for that."""
    if missing := await offered_by_account(server, pubsub.PUBLISH_OPTIONS):
        return missing
    node = _new_name()
    async with server.leaving("node", node):
        publication = pubsub.publish(server.session, node, "current", PROBE, "whitelist")
        forced = await asked("to publish an item for ourselves", publication)
        settings, found = await together(
            asked("for the node's configuration", pubsub.configuration(server.session, node)),
            asked("for the item", pubsub.items(server.session, node)),
        )
    access_model = "".join((settings or {}).get("pubsub#access_model", ())[:1])
    if access_model != "whitelist":
        why = "forced by the server" if forced else "although whitelist was asked for and granted"
        return broken(Reason.MISMATCH, f"others can read private data: the access model is {access_model!r}, {why}")
    if "current" not in (found or {}):
        return broken(Reason.MISMATCH, "an item that was to be kept is not found again")
    return supported("a node for the account alone was made")


@check("pep_max_items")
async def many_items(server: Server) -> Outcome:
    """XEP-0060 §7.1.5 with `max`: what bookmarks and OMEMO need, which have an item for each room and device."""
    if missing := await offered_by_account(server, pubsub.PUBLISH_OPTIONS):
        return missing
    node, names = _new_name(), [f"item-{number}" for number in range(ITEMS)]
    options = {"pubsub#access_model": "whitelist", "pubsub#max_items": "max"}
    async with server.leaving("node", node):
        try:
            await all_of(pubsub.publish_with(server.session, node, name, PROBE, options) for name in names)
        except StanzaError as error:
            return await _not_as_many(server, error)
        found = await asked("for the items", pubsub.items(server.session, node)) or {}
    if lost := [name for name in names if name not in found]:
        return broken(Reason.MISMATCH, f"a node made with pubsub#max_items=max has lost {len(lost)} of {ITEMS} items")
    return supported(f"a node made with pubsub#max_items=max keeps {ITEMS} items")


async def _not_as_many(server: Server, error: StanzaError) -> Outcome:
    detail = f"a publication with pubsub#max_items=max is refused: {error.detail}"
    missing = await offered_by_account(server, f"{pubsub.PUBSUB}#config-node-max")
    return unsupported(detail) if missing else broken(Reason.STANZA_ERROR, detail)


@check("xep0384_open")
async def keys_for_strangers(server: Server) -> Outcome:
    """XEP-0384 §5: who is no contact reads the keys of the newer version, too."""
    if missing := await offered_by_account(server, pubsub.PUBLISH_OPTIONS):
        return missing
    node = _new_name(f"{OMEMO_2}:xmpp-exporter")
    async with server.leaving("node", node):
        publication = pubsub.publish(server.session, node, "current", f"<bundle xmlns='{OMEMO_2}'/>", "open")
        forced = await asked("to publish keys that everybody can read", publication)
        access_model = await asked("for the node's configuration", pubsub.access_model(server.session, node))
        stranger = await second_person(server)
        try:
            found = await pubsub.items(stranger, node, server.account)
        except StanzaError as error:
            why = f" (access model {access_model!r}{', forced by the server' if forced else ''})"
            return broken(Reason.STANZA_ERROR, f"strangers can't read the keys: {error.detail}{why}")
    if "current" not in (found or {}):
        return broken(Reason.MISMATCH, f"strangers don't find the keys (access model {access_model!r})")
    return supported("keys that were published were read by the second account")


@check("xep0490")
async def displayed_messages(server: Server) -> Outcome:
    """XEP-0490 §3: what was read is published for the other devices. The account's own markers stay as they are."""
    if missing := await offered_by_account(server, pubsub.PUBLISH_OPTIONS):
        return missing
    session = server.session
    assisted = "urn:xmpp:mds:server-assist:0" in (await info_of(server, server.account)).features
    markers = await asked("for the markers", pubsub.items(session, DISPLAYED))
    if markers:
        return supported(f"the account has markers of {len(markers)} chats, which are left as they are")
    chat = f"xmpp-exporter-{uuid.uuid4().hex}@displayed.invalid"
    stanza_id = f"<stanza-id xmlns='urn:xmpp:sid:0' id='none' by='{server.account}'/>"
    async with server.leaving("item" if markers is not None else "first_item", DISPLAYED, chat):
        payload = f"<displayed xmlns='{DISPLAYED}'>{stanza_id}</displayed>"
        forced = await asked("to publish a marker", pubsub.publish(session, DISPLAYED, chat, payload, "whitelist"))
        found = await asked("for the marker", pubsub.items(session, DISPLAYED)) or {}
    if chat not in found:
        return broken(Reason.MISMATCH, "a marker that was published is not found again")
    helped = "; the server helps clients with it" if assisted else ""
    return supported(f"a marker is kept{helped}" + ("; the node's configuration is not private" if forced else ""))
