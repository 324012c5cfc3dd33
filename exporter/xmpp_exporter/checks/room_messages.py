"""One short message in each of our rooms, which all checks of what becomes of messages share (XEP-0045 §7.4)."""

import uuid
import xml.etree.ElementTree as ET
from dataclasses import dataclass

from xmpp_exporter.checks.archive_search import STANZA_ID
from xmpp_exporter.checks.rooms import Room
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.shared import asked
from xmpp_exporter.wire.session import CLIENT, Listener
from xmpp_exporter.wire.stanza import quoteattr, reply_of


@dataclass(frozen=True, slots=True)
class Message:
    """What we said; `body` was its id, too. `echo` is the message as the room sent it to us."""

    body: str
    echo: ET.Element

    def stanza_id(self, room: Room) -> str:
        """The id that the room gave to the message (XEP-0359 §3.1), or nothing."""
        own = (each.get("id", "") for each in self.echo.iterfind(STANZA_ID) if each.get("by") == room.jid)
        return next(own, "")


async def message_in(server: Server, room: Room) -> Message:
    """The message in our room that checks look at. Raises StanzaError when nothing may be said there."""
    return await server.share(f"message in {room.jid}", lambda: say(server, room))


async def say(server: Server, room: Room) -> Message:
    """One more message, for a check that changes it. Less than 200 bytes: where an archive outlives its room, it stays.

    Raises StanzaError.
    """
    token = uuid.uuid4().hex[:12]

    def ours(element: ET.Element) -> bool:
        told = element.get("type") == "error" or element.findtext(f"{CLIENT}body", "") == token
        return told and element.tag == f"{CLIENT}message" and element.get("from", "").startswith(room.jid)

    with server.session.listen(ours) as echoes:
        server.session.send(
            f"<message to={quoteattr(room.jid)} type='groupchat' id='{token}'><body>{token}</body></message>"
        )
        return Message(token, await asked("to say something in a room", _accepted(echoes)))


async def _accepted(echoes: Listener) -> ET.Element:
    return reply_of(await echoes.next("the echo of a message to a room"))
