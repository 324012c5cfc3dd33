"""One hidden, temporary room on each group chat service, which all checks of rooms share (XEP-0045)."""

import asyncio
import uuid
import xml.etree.ElementTree as ET
from dataclasses import dataclass

from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.shared import asked
from xmpp_exporter.checks.verdicts import Undecided, of_error
from xmpp_exporter.model import Reason
from xmpp_exporter.wire.disco import DATA, Info
from xmpp_exporter.wire.errors import StanzaError
from xmpp_exporter.wire.session import CLIENT
from xmpp_exporter.wire.stanza import escape, quoteattr, reply_of

NICK = "xmpp-exporter"

_OWNER = "http://jabber.org/protocol/muc#owner"
_ARCHIVING = ("muc#roomconfig_enablearchiving", "muc#roomconfig_mam", "mam")
"""What the field is called by Prosody and Openfire, by ejabberd's service edition, and by ejabberd."""
_WANTED = {"muc#roomconfig_publicroom": "0", "muc#roomconfig_persistentroom": "0"} | dict.fromkeys(_ARCHIVING, "1")
"""Settings of our rooms, where the form has them."""


@dataclass(frozen=True, slots=True)
class Room:
    """A room that we own and are in. `settings` are the names of the fields in its configuration form."""

    jid: str
    presence: ET.Element
    """Our own presence as the room showed it to us."""
    settings: frozenset[str]

    @property
    def archiving(self) -> str | None:
        """The form's field that switches the archive on, if there is one."""
        return next((name for name in _ARCHIVING if name in self.settings), None)

    @property
    def occupant(self) -> str:
        """Our own address in the room."""
        return f"{self.jid}/{NICK}"


async def room_on(server: Server, service: str) -> Room:
    """The probe's room on `service`: made when first asked for, destroyed when the probe ends.

    Raises Undecided when the service won't let us have one: that says nothing of what its rooms can do.
    """
    return await server.share(f"room on {service}", lambda: _make(server, service))


async def info_of_room(server: Server, room: Room) -> Info:
    """What the room is and can do, as it was when first asked for. Raises StanzaError and what ends a stream."""
    return await asked("what a room can do", server.disco.info(room.jid))


async def _make(server: Server, service: str) -> Room:
    jid = f"xmpp-exporter-{uuid.uuid4().hex}@{service}"
    entry = server.leave("room", jid)
    presence, form = await asyncio.gather(_enter(server, jid), _form(server, jid), return_exceptions=True)
    if isinstance(presence, StanzaError):
        server.journal.removed(entry)
        reason = of_error(presence).reason
        if reason is Reason.FORBIDDEN or presence.condition == "item-not-found":
            told = f"the account may make no room: {presence.detail}; let it, or name another service (muc_service)"
            raise Undecided(Reason.FORBIDDEN, told) from presence
        raise Undecided(Reason.DEPENDS_ON, f"no room can be made: {presence.detail}") from presence
    if isinstance(presence, BaseException):
        raise presence
    try:
        if isinstance(form, BaseException):
            raise form
        return Room(jid, presence, await _configure(server, jid, form))
    except StanzaError as error:
        raise Undecided(Reason.DEPENDS_ON, f"a new room cannot be configured: {error.detail}") from error


async def _enter(server: Server, jid: str) -> ET.Element:
    """XEP-0045 §10.1.1; returns our presence. Raises StanzaError when we may not.

    ejabberd sends a presence from the room itself first; ours is the one from room/nick.
    """

    def ours(element: ET.Element) -> bool:
        sender = element.get("from", "")
        failed = element.get("type") == "error"
        return element.tag == f"{CLIENT}presence" and (sender == f"{jid}/{NICK}" or (failed and sender == jid))

    with server.session.listen(ours) as presences:
        server.session.send(
            f"<presence to={quoteattr(f'{jid}/{NICK}')}><x xmlns='http://jabber.org/protocol/muc'/></presence>"
        )
        return reply_of(await presences.next(f"the presence in {jid}"))


async def _form(server: Server, jid: str) -> ET.Element:
    """The configuration of a room that we are about to enter, asked for right behind. Raises StanzaError."""
    return await server.session.iq("get", f"<query xmlns='{_OWNER}'/>", jid)


async def _configure(server: Server, jid: str, query: ET.Element) -> frozenset[str]:
    """Fill in the form as we want it, which unlocks the room (XEP-0045 §10.1.3); returns the names of its fields.

    Every check wants to know what the room can do then: that is asked right behind. Raises StanzaError.
    """
    form = query.find(f"{DATA}x")
    fields = [] if form is None else [field for field in form.iterfind(f"{DATA}field") if field.get("var")]
    submitted = "".join(_submitted(field) for field in fields if field.get("type") != "fixed")
    submission = f"<query xmlns='{_OWNER}'><x xmlns='jabber:x:data' type='submit'>{submitted}</x></query>"
    done, _ = await asyncio.gather(
        server.session.iq("set", submission, jid), server.disco.info(jid), return_exceptions=True
    )
    if isinstance(done, BaseException):
        raise done
    return frozenset(field.get("var", "") for field in fields)


def _submitted(field: ET.Element) -> str:
    """The field with the value that we want, or else as it came."""
    name = field.get("var", "")
    values = [_WANTED[name]] if name in _WANTED else [value.text or "" for value in field.iterfind(f"{DATA}value")]
    return f"<field var={quoteattr(name)}>{''.join(f'<value>{escape(value)}</value>' for value in values)}</field>"
