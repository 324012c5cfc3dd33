"""Retracting what others said in a room (XEP-0425)."""

import xml.etree.ElementTree as ET

from xmpp_exporter.checks.group_chat import judge_rooms
from xmpp_exporter.checks.registry import check
from xmpp_exporter.checks.room_features import offered_by_room
from xmpp_exporter.checks.room_messages import say
from xmpp_exporter.checks.rooms import Room
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.shared import asked
from xmpp_exporter.checks.verdicts import broken, supported
from xmpp_exporter.model import Outcome, Reason
from xmpp_exporter.wire.disco import Info
from xmpp_exporter.wire.session import CLIENT
from xmpp_exporter.wire.stanza import quoteattr

_MODERATE = "urn:xmpp:message-moderate:1"
_OLDER = frozenset({"urn:xmpp:message-moderate:0"})
_RETRACT = "urn:xmpp:message-retract:1"


@check("xep0425")
async def moderation(server: Server) -> Outcome:
    """XEP-0425 §3.1: we are the room's owner, retract a message of our own as moderator, and everybody is told."""

    async def judge(room: Room, service: Info) -> Outcome:
        return await offered_by_room(server, room, _MODERATE, _OLDER) or await _moderated(server, room)

    return await judge_rooms(server, judge)


async def _moderated(server: Server, room: Room) -> Outcome:
    """A message of its own is retracted: the archive's check still looks for the one that is shared."""
    stanza_id = (await say(server, room)).stanza_id(room)
    if not stanza_id:
        return broken(Reason.MISMATCH, "a message came back without the stanza id by which it could be retracted")

    def told(element: ET.Element) -> bool:
        retract = element.find(f"{{{_RETRACT}}}retract")
        right = retract is not None and retract.get("id") == stanza_id
        return right and element.tag == f"{CLIENT}message" and element.get("from") == room.jid

    with server.session.listen(told) as notices:
        request = f"<moderate xmlns='{_MODERATE}' id={quoteattr(stanza_id)}><retract xmlns='{_RETRACT}'/></moderate>"
        await asked("to retract a message in a room", server.session.iq("set", request, room.jid))
        await asked("to retract a message in a room", notices.next("the notice to everybody in the room"))
    return supported("a message was retracted, and everybody in the room told")
