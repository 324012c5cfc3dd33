"""What becomes of those who are in a room, and of what they say."""

import xml.etree.ElementTree as ET

from xmpp_exporter.checks.group_chat import group_chat_services, judge_rooms
from xmpp_exporter.checks.registry import check
from xmpp_exporter.checks.room_features import offered_by_room
from xmpp_exporter.checks.room_messages import message_in
from xmpp_exporter.checks.rooms import Room, info_of_room
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.shared import asked
from xmpp_exporter.checks.verdicts import broken, of_error, supported
from xmpp_exporter.model import Outcome, Reason
from xmpp_exporter.wire.disco import Info
from xmpp_exporter.wire.errors import StanzaError
from xmpp_exporter.wire.session import Session

_STATUS = "{http://jabber.org/protocol/muc#user}x/{http://jabber.org/protocol/muc#user}status"
_OWN_PRESENCE, _CREATED = "110", "201"

_STABLE_ID = "http://jabber.org/protocol/muc#stable_id"
_OCCUPANT_ID = "urn:xmpp:occupant-id:0"
_SELF_PING = "http://jabber.org/protocol/muc#self-ping-optimization"

_STILL_IN = frozenset({"service-unavailable", "feature-not-implemented", "item-not-found"})
"""Conditions that clients take for still being in the room (XEP-0410 §3.2)."""


@check("muc_create")
async def create_room(server: Server) -> Outcome:
    """XEP-0045 §10.1.1: who enters a room that is not there makes it, and is told so."""

    async def judge(room: Room, service: Info) -> Outcome:
        codes = {status.get("code", "") for status in room.presence.iterfind(_STATUS)}
        if missing := sorted({_OWN_PRESENCE, _CREATED} - codes):
            return broken(Reason.MISMATCH, f"a room was made without the status codes {', '.join(missing)}")
        return supported("a room was made and configured")

    return await judge_rooms(server, judge)


@check("muc_stable_id")
async def stable_ids(server: Server) -> Outcome:
    """XEP-0045 §7.4: a message comes back with the id that it was sent with."""

    async def judge(room: Room, service: Info) -> Outcome:
        if missing := await offered_by_room(server, room, _STABLE_ID, frozenset()):
            return missing
        message = await message_in(server, room)
        if message.echo.get("id") != message.body:
            return broken(Reason.MISMATCH, "a message to a room came back with another id, or with none")
        return supported("a message to a room came back with its id")

    return await judge_rooms(server, judge)


@check("xep0421")
async def occupant_ids(server: Server) -> Outcome:
    """XEP-0421 §3: our presence and our message have the same id."""

    async def judge(room: Room, service: Info) -> Outcome:
        if missing := await offered_by_room(server, room, _OCCUPANT_ID, frozenset()):
            return missing
        message = await message_in(server, room)
        of_presence, of_message = _occupant_id(room.presence), _occupant_id(message.echo)
        for what, occupant in (("presence", of_presence), ("message", of_message)):
            if not occupant:
                return broken(Reason.MISMATCH, f"our {what} came back without an occupant id")
        if of_presence != of_message:
            return broken(Reason.MISMATCH, "our presence and our message came back with different occupant ids")
        return supported("our presence and our message came back with the same occupant id")

    return await judge_rooms(server, judge)


def _occupant_id(stanza: ET.Element) -> str:
    element = stanza.find(f"{{{_OCCUPANT_ID}}}occupant-id")
    return "" if element is None else element.get("id", "")


@check("xep0410")
async def self_ping(server: Server) -> Outcome:
    """XEP-0410 §3.2 and §3.3: who pings itself in a room learns whether it is still there; the feature is optional."""

    async def judge(room: Room, service: Info) -> Outcome:
        inside = await _ping(server.session, room)
        if inside is not None and inside.condition not in _STILL_IN:
            told = f"who is in a room is told {inside.detail}: clients enter it again and again"
            return _unless_unreachable(inside) or broken(Reason.STANZA_ERROR, told)
        outside = await _ping(await server.other_resource(), room)
        if outside is None or outside.condition in _STILL_IN:
            told = "a result" if outside is None else outside.detail
            return broken(Reason.MISMATCH, f"who is not in a room gets {told}: clients believe that they are there")
        optimised = _SELF_PING in (await info_of_room(server, room)).features
        by_whom = "the service" if optimised else "one's own client"
        answered = f"{by_whom} answers who is in a room; who is not is told {outside.condition}"
        return _unless_unreachable(outside) or supported(answered)

    if (await group_chat_services(server)).found:
        await server.other_resource()  # takes longer to log in than a room to make
    return await judge_rooms(server, judge)


def _unless_unreachable(error: StanzaError) -> Outcome | None:
    """The outcome if the error is that of somebody who could not be reached: it says nothing of the room."""
    outcome = of_error(error)
    return outcome if outcome.reason is Reason.TIMEOUT else None


async def _ping(session: Session, room: Room) -> StanzaError | None:
    """The error by which the ping of our own address in the room is answered, or None for a result."""
    try:
        await asked(
            "with a ping to our own address in a room",
            session.iq("get", "<ping xmlns='urn:xmpp:ping'/>", room.occupant),
        )
    except StanzaError as error:
        return error
    return None
