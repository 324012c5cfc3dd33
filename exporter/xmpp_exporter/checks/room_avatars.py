"""Pictures of rooms (XEP-0486)."""

import base64

from xmpp_exporter.checks.avatar import Picture, pixel
from xmpp_exporter.checks.group_chat import NO_VCARD, judge_rooms
from xmpp_exporter.checks.registry import check
from xmpp_exporter.checks.room_features import ROOM_INFO
from xmpp_exporter.checks.rooms import Room, info_of_room
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.shared import asked
from xmpp_exporter.checks.verdicts import broken, supported, unsupported
from xmpp_exporter.model import Outcome, Reason
from xmpp_exporter.wire.disco import INFO, Info, parse_info

_HASH = "muc#roominfo_avatarhash"
_MODULE_HASH = "{http://modules.prosody.im/mod_vcard_muc}avatar#sha1"
"""What Prosody's mod_vcard_muc tells in its place. That module keeps a vCard on the disk when its room is gone."""


@check("xep0486")
async def room_avatar_hash(server: Server) -> Outcome:
    """XEP-0486 §3.2 and §3.3: the owner gives the room a picture, and the room tells everybody its hash."""

    async def judge(room: Room, service: Info) -> Outcome:
        info = await info_of_room(server, room)
        if "vcard-temp" not in info.features | service.features:
            return unsupported(NO_VCARD)
        told = info.form(ROOM_INFO) or {}
        if _MODULE_HASH not in told:
            return await _published(server, room)
        if _HASH in told:
            return supported(f"rooms tell {_HASH}; no picture was published, since this server would keep it for ever")
        return unsupported(f"rooms tell the hash of their picture as {_MODULE_HASH}, not as {_HASH}", Reason.OUTDATED)

    return await judge_rooms(server, judge)


async def _published(server: Server, room: Room) -> Outcome:
    picture = pixel()
    async with server.leaving("room_avatar", room.jid):
        await asked("to give a room a picture", server.session.iq("set", _vcard(picture), room.jid))
        # not through the shared service discovery, which knows the room as it was before
        query = await asked("what a room is", server.session.iq("get", f"<query xmlns='{INFO}'/>", room.jid))
        found = (parse_info(query).form(ROOM_INFO) or {}).get(_HASH, ())
    if not found:
        return unsupported(f"a room takes a picture, but does not tell its hash ({_HASH})")
    if picture.id not in found:
        return broken(Reason.MISMATCH, f"a room tells another hash than that of its picture: {', '.join(found)[:200]}")
    return supported("a room told the hash of the picture that was published")


def _vcard(picture: Picture) -> str:
    content = base64.b64encode(picture.png).decode()
    return f"<vCard xmlns='vcard-temp'><PHOTO><TYPE>image/png</TYPE><BINVAL>{content}</BINVAL></PHOTO></vCard>"
