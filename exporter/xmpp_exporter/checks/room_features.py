"""What rooms say that they can do, where saying so is all that can be seen from a room of our own."""

from xmpp_exporter.checks.group_chat import judge_rooms
from xmpp_exporter.checks.registry import check
from xmpp_exporter.checks.rooms import Room, info_of_room
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.shared import info_of
from xmpp_exporter.checks.verdicts import supported, unsupported
from xmpp_exporter.model import Outcome, Reason
from xmpp_exporter.wire.disco import Info

ROOM_INFO = "http://jabber.org/protocol/muc#roominfo"

_HATS = "urn:xmpp:hats:0"
_OLD_HATS = frozenset({"http://prosody.im/protocol/hats:1", "xmpp:prosody.im/protocol/hats:1"})
_AFFILIATIONS = "urn:xmpp:muc:affiliations:1"
_OLD_AFFILIATIONS = frozenset({"urn:xmpp:muc:affiliations:0"})
_TOMBSTONE = "urn:xmpp:message-retract:1#tombstone"
_OLD_TOMBSTONES = frozenset({"urn:xmpp:message-retract:0#tombstone"})
_SLOW_MODE = frozenset({"muc#roomconfig_slow_mode_duration", "muc#roominfo_slow_mode_duration"})


async def offered_by_room(server: Server, room: Room, feature: str, older: frozenset[str]) -> Outcome | None:
    """None when our room has `feature`; else the outcome, outdated if it has one of `older` alone."""
    features = (await info_of_room(server, room)).features
    if feature in features:
        return None
    if outdated := sorted(features & older):
        return unsupported(f"rooms have only {', '.join(outdated)}, not {feature}", Reason.OUTDATED)
    return unsupported(f"{feature} is not among a room's features")


async def _judge_feature(server: Server, feature: str, older: frozenset[str]) -> Outcome:
    async def judge(room: Room, service: Info) -> Outcome:
        return await offered_by_room(server, room, feature, older) or supported(f"{feature} is a feature of rooms")

    return await judge_rooms(server, judge)


@check("xep0317")
async def hats(server: Server) -> Outcome:
    """XEP-0317 §2: the feature of a room."""
    return await _judge_feature(server, _HATS, _OLD_HATS)


@check("xep0463")
async def affiliation_versions(server: Server) -> Outcome:
    """XEP-0463 §4: the feature of a room."""
    return await _judge_feature(server, _AFFILIATIONS, _OLD_AFFILIATIONS)


@check("xep0424_tombstone")
async def tombstones(server: Server) -> Outcome:
    """XEP-0424 §4: the feature of a room's archive; whether the account's archive has it, too, is in the detail."""
    account = _TOMBSTONE in (await info_of(server, server.account)).features

    async def judge(room: Room, service: Info) -> Outcome:
        if missing := await offered_by_room(server, room, _TOMBSTONE, _OLD_TOMBSTONES):
            return missing
        return supported(f"{_TOMBSTONE} is a feature of rooms{' and of the account' if account else ''}")

    outcome = await judge_rooms(server, judge)
    if outcome.reason is Reason.NOT_OFFERED and account:
        return unsupported(f"{outcome.detail}; the account's archive has it")
    return outcome


@check("xep0500")
async def slow_mode(server: Server) -> Outcome:
    """XEP-0500 §5.1 and §5.2: a setting of rooms, or one that rooms tell although their owners cannot change it."""

    async def judge(room: Room, service: Info) -> Outcome:
        told = (await info_of_room(server, room)).form(ROOM_INFO) or {}
        if found := sorted(_SLOW_MODE & (room.settings | told.keys())):
            return supported(f"rooms have {' and '.join(found)}")
        return unsupported("neither the configuration of a room nor what it tells of itself has a slow mode")

    return await judge_rooms(server, judge)
