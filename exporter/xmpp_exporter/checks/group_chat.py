"""Group chat: the services that a domain has, and the archives and vCards of their rooms."""

import uuid
import xml.etree.ElementTree as ET
from collections.abc import Awaitable, Callable

from xmpp_exporter.checks.archive_search import MAM
from xmpp_exporter.checks.registry import check
from xmpp_exporter.checks.room_messages import message_in
from xmpp_exporter.checks.rooms import Room, info_of_room, room_on
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.services import Role, Services, judge_each, services
from xmpp_exporter.checks.shared import WRITERS_LIMIT, asked, eventually
from xmpp_exporter.checks.verdicts import broken, supported, unsupported
from xmpp_exporter.model import Outcome, Reason
from xmpp_exporter.wire.disco import Info
from xmpp_exporter.wire.errors import StanzaError
from xmpp_exporter.wire.session import CLIENT

MUC = "http://jabber.org/protocol/muc"
OLD_MAM = frozenset({"urn:xmpp:mam:0", "urn:xmpp:mam:1"})

NO_VCARD = "vcard-temp is neither among a room's features nor among the service's"

_NO_SERVICE = unsupported("no item of the domain is a group chat service")


def _is_group_chat(info: Info) -> bool:
    """A group chat service of the server's own: no gateway to another network."""
    gateway = any(identity.category == "gateway" for identity in info.identities)
    return info.has_identity("conference", "text") and MUC in info.features and not gateway


async def group_chat_services(server: Server) -> Services:
    """The group chat services of the domain, or the one that is configured."""
    return await services(server, Role("group_chat", _is_group_chat), server.config.muc_service)


async def judge_rooms(server: Server, judge: Callable[[Room, Info], Awaitable[Outcome]]) -> Outcome:
    """The worst decided outcome of `judge` over our room on each service; it gets what the service is, too."""

    async def of_service(jid: str, info: Info) -> Outcome:
        return await judge(await room_on(server, jid), info)

    return await judge_each(await group_chat_services(server), of_service, _NO_SERVICE, "group chat service")


@check("xep0045")
async def multi_user_chat(server: Server) -> Outcome:
    """XEP-0045 §6.1: each group chat service answers; which of them there are is in the detail."""

    async def judge(jid: str, info: Info) -> Outcome:
        return supported("a group chat service")

    return await judge_each(await group_chat_services(server), judge, _NO_SERVICE, "group chat service")


@check("xep0313muc")
async def room_archive(server: Server) -> Outcome:
    """XEP-0313 §3.1.2: what is said in a room is found in its archive, on each service."""

    async def judge(room: Room, service: Info) -> Outcome:
        return await _missing_archive(server, room) or await _archived(server, room)

    return await judge_rooms(server, judge)


async def _missing_archive(server: Server, room: Room) -> Outcome | None:
    features = (await info_of_room(server, room)).features
    if MAM in features:
        return None
    if old := sorted(features & OLD_MAM):
        return unsupported(f"rooms have only {', '.join(old)}, not {MAM}", Reason.OUTDATED)
    switched_on = f", although {room.archiving} was set in its form" if room.archiving else ""
    return unsupported(f"{MAM} is not among a room's features{switched_on}")


async def _archived(server: Server, room: Room) -> Outcome:
    """Say something, and look for it until the writers had their time: they run in the background."""
    message = await message_in(server, room)
    found = await eventually(lambda: _query(server, room, message.body), bool)
    if found:
        return supported("a message was found in the archive of a room")
    return broken(Reason.MISMATCH, f"a message was not in the archive of its room {WRITERS_LIMIT:g} s later")


async def _query(server: Server, room: Room, token: str) -> bool:
    """Whether the last messages of the room's archive have the token (XEP-0313 §4)."""
    query = uuid.uuid4().hex

    def result(element: ET.Element) -> bool:
        found = element.find(f"{{{MAM}}}result")
        return element.get("from") == room.jid and found is not None and found.get("queryid") == query

    with server.session.listen(result) as results:
        page = "<set xmlns='http://jabber.org/protocol/rsm'><max>10</max><before/></set>"
        request = server.session.iq("set", f"<query xmlns='{MAM}' queryid='{query}'>{page}</query>", room.jid)
        await asked("what is in the archive of a room", request)
        return any(body.text == token for each in results.collected() for body in each.iter(f"{CLIENT}body"))


@check("vcard_muc")
async def room_avatars(server: Server) -> Outcome:
    """XEP-0486 §3.1: rooms, or the service as the specification says, have vCards, and a room shows its own."""

    async def judge(room: Room, service: Info) -> Outcome:
        if "vcard-temp" in (await info_of_room(server, room)).features:
            return await _vcard(server, room, "rooms")
        if "vcard-temp" in service.features:
            return await _vcard(server, room, "the service")
        return unsupported(NO_VCARD)

    return await judge_rooms(server, judge)


async def _vcard(server: Server, room: Room, where: str) -> Outcome:
    try:
        await asked("for the vCard of a room", server.session.iq("get", "<vCard xmlns='vcard-temp'/>", room.jid))
    except StanzaError as error:
        if error.condition != "item-not-found":  # which says that it has none yet
            raise
    return supported(f"vcard-temp is a feature of {where}, and a room's vCard can be read")
