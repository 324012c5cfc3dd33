"""What one device of an account sees of the other."""

import xml.etree.ElementTree as ET

from xmpp_exporter.checks import pubsub
from xmpp_exporter.checks.registry import check
from xmpp_exporter.checks.resources import (
    NO_STORE,
    NOTIFIED,
    arrival,
    body_of,
    both_present,
    message,
    second_person,
    settled,
    token,
)
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.shared import TELLS_MORE, WRITERS_LIMIT, asked, info_of, offered_by_domain
from xmpp_exporter.checks.verdicts import broken, supported, unknown, unsupported
from xmpp_exporter.model import Outcome, Reason
from xmpp_exporter.wire.session import CLIENT

CARBONS = "urn:xmpp:carbons:2"
RULES = "urn:xmpp:carbons:rules:0"
FORWARD = "{urn:xmpp:forward:0}forwarded"
EVENT = f"{{{pubsub.PUBSUB}#event}}"


@check("rfc6121")
async def instant_messaging(server: Server) -> Outcome:
    """RFC 6121 §2, §4.2 and §5: the roster, presence that comes back to its sender, a message between two devices."""
    await asked("for the roster", server.session.iq("get", "<query xmlns='jabber:iq:roster'/>"))
    first, second = await both_present(server)
    text = token()
    with second.listen(lambda element: body_of(element) == text) as messages:
        first.send(message(second.jid, text, NO_STORE))
        arrived = await arrival(messages, "the message", WRITERS_LIMIT)
    if arrived is None:
        return broken(Reason.MISMATCH, "a message from one device of the account to the other does not arrive")
    if arrived.get("from") != first.jid:
        return broken(Reason.MISMATCH, f"a message arrives as from {arrived.get('from', 'nobody')[:100]}")
    return supported("roster, presence and messages work")


@check("xep0280_roundtrip")
async def carbon_copy(server: Server) -> Outcome:
    """XEP-0280 §6: a message that one device sends is copied to the other."""
    if missing := await offered_by_domain(server, CARBONS):
        return missing
    first, second = await both_present(server)
    await asked("to enable carbons", second.iq("set", f"<enable xmlns='{CARBONS}'/>"))
    alone = server.log_in_second is None
    to = first.jid if alone else (await second_person(server)).jid
    text = token()
    with second.listen(lambda element: _copied(element) == text) as copies:
        first.send(message(to, text, NO_STORE))
        copy = await arrival(copies, "the copy", WRITERS_LIMIT)
    rules = "" if RULES in (await info_of(server, server.domain)).features else f"; {RULES} is not offered"
    if copy is not None:
        return supported(f"a message that one device sent was copied to the other{rules}")
    detail = "a message that one device sent was not copied to the other"
    if alone:
        return unknown(Reason.NEEDS_SECOND_ACCOUNT, f"{detail}; but it went to the account itself: {TELLS_MORE}")
    return broken(Reason.MISMATCH, detail + rules)


def _copied(element: ET.Element) -> str:
    """The text of the message that was sent and is copied here."""
    inner = element.find(f"{{{CARBONS}}}sent/{FORWARD}/{CLIENT}message")
    return "" if inner is None else body_of(inner)


@check("pep_notify")
async def notification_by_capabilities(server: Server) -> Outcome:
    """XEP-0163 §4.3.2: the server knows from its capabilities what a device wants to hear of."""
    if not (await info_of(server, server.account)).has_identity("pubsub", "pep"):
        return unsupported("pubsub/pep is not among the account's identities")
    first, second = await both_present(server)
    # its answer to the server's question for its capabilities is read before this is
    await settled(second, server.domain)
    async with server.leaving("node", NOTIFIED):
        with second.listen(_is_event) as events:
            for item in ("first", "second"):  # the server may be slow to learn of the capabilities
                publication = pubsub.publish(first, NOTIFIED, item, f"<probe xmlns='{NOTIFIED}'/>", "presence")
                await asked("to publish an item", publication)
                if await arrival(events, "the event", WRITERS_LIMIT / 2) is not None:
                    return supported("an item that one device published was made known to the other")
    return broken(Reason.MISMATCH, "a device is not told of a new item although its capabilities ask for it")


def _is_event(element: ET.Element) -> bool:
    items = element.find(f"{EVENT}event/{EVENT}items")
    return items is not None and items.get("node") == NOTIFIED
