"""Scripted services behind a FakeXmpp: what each says it is, what it answers, and rooms that behave as told."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from tests.servers.fake.xmpp import CLIENT, Session

INFO = "http://jabber.org/protocol/disco#info"
ITEMS = "http://jabber.org/protocol/disco#items"
OWNER = "http://jabber.org/protocol/muc#owner"
DATA = "jabber:x:data"
MAM = "urn:xmpp:mam:2"
STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas"

ROOM = "room"
"""Stands for any room in the scripts: the part before the @ is made up by who makes it."""


def features(*names: str) -> str:
    return "".join(f"<feature var='{name}'/>" for name in names)


def identity(category: str, kind: str) -> str:
    return f"<identity category='{category}' type='{kind}'/>"


@dataclass(slots=True)
class Services:
    """Hooks of a FakeXmpp for `domain`.

    `info` is what each JID says it is; those other than the domain are its items. `replies` are payloads by JID and
    the request's element. Any of them may be `!condition` for a stanza error, or None for silence; what is in neither
    is answered with service-unavailable. A room is written ROOM@service in both.
    """

    domain: str
    info: Mapping[str, str | None]
    replies: Mapping[tuple[str, str], str | None] = field(default_factory=dict)
    items: str | None = ""
    """The list of items in the place of the one that `info` makes."""
    presence: str | None = ""
    """What becomes of who enters a room: an error's condition, or nothing at all."""
    errors_from_room: bool = False
    """Whether the error comes from the room itself rather than from the occupant to be."""
    message: str | None = ""
    """The same for who says something there."""
    codes: tuple[str, ...] = ("110", "201")
    """Status codes in the presence of who has entered."""
    occupant: str = ""
    """What else is in that presence."""
    said_with: str = ""
    """What is in a message that comes back, besides its body."""
    message_id: str | None = None
    """The id of such a message in the place of its own."""
    notices: Mapping[str, str] = field(default_factory=dict)
    """What everybody in a room is told after a request, by the name of its element; {room} is the room's address."""
    archived_after: int = 0
    """How many queries the archive needs until it has what was said."""
    archive: str = ""
    """An error's condition, written as above, in the place of the archive."""
    asked: list[tuple[str, str]] = field(default_factory=list)
    """All requests: to whom, and the name of their element."""
    submitted: list[Element] = field(default_factory=list)
    """Configurations of rooms."""
    destroyed: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    async def on_iq(self, session: Session, iq: Element) -> None:
        to, request = _scripted(iq.get("to") or session.jid.partition("/")[0]), iq[0]
        namespace, _, name = request.tag[1:].partition("}")
        self.asked.append((to, name))
        if namespace == ITEMS:
            await self._say(session, iq, self._listed())
        elif namespace == INFO:
            known = self.info.get(to, "!service-unavailable")
            refused = known is None or known.startswith("!")
            await self._say(session, iq, known if refused else f"<query xmlns='{INFO}'>{known}</query>")
        elif namespace == OWNER and iq.get("type") == "set":
            await self._configure(session, iq, to)
        elif namespace == MAM:
            await (self._say(session, iq, self.archive) if self.archive else self._query(session, iq))
        else:
            await self._say(session, iq, self.replies.get((to, name), "!service-unavailable"))
            if name in self.notices:
                await session.send(self.notices[name].format(room=iq.get("to")))

    async def on_stanza(self, session: Session, stanza: Element) -> None:
        to = stanza.get("to", "")
        if stanza.tag == f"{{{CLIENT}}}presence" and "/" in to:
            await self._enter(session, to)
        elif stanza.tag == f"{{{CLIENT}}}message":
            await self._echo(session, to, stanza.findtext(f"{{{CLIENT}}}body", ""), stanza.get("id", ""))

    def _listed(self) -> str | None:
        if self.items is None or self.items:
            return self.items
        jids = [jid for jid in self.info if jid != self.domain and "@" not in jid]
        return f"<query xmlns='{ITEMS}'>{''.join(f'<item jid={jid!r}/>' for jid in jids)}</query>"

    async def _say(self, session: Session, iq: Element, answer: str | None) -> None:
        if answer is None:
            return
        if answer.startswith("!"):
            await session.refuse(iq, answer[1:])
        else:
            await session.reply(iq, answer)

    async def _configure(self, session: Session, iq: Element, to: str) -> None:
        form = iq.find(f"{{{OWNER}}}query/{{{DATA}}}x")
        if form is None:
            self.destroyed.append(iq.get("to", ""))
            await session.reply(iq)
            return
        self.submitted.append(form)
        await self._say(session, iq, self.replies.get((to, "submit"), ""))

    async def _enter(self, session: Session, occupant: str) -> None:
        room = occupant.partition("/")[0]
        if self.presence is None:
            return
        if self.presence:
            sender = room if self.errors_from_room else occupant
            await session.send(f"<presence from='{sender}' type='error'>{_error(self.presence)}</presence>")
            return
        await session.send(f"<presence from='{room}'/>")  # as ejabberd does
        codes = "".join(f"<status code='{code}'/>" for code in self.codes)
        user = f"<x xmlns='http://jabber.org/protocol/muc#user'>{codes}</x>"
        await session.send(f"<presence from='{occupant}'>{user}{self.occupant}</presence>")

    async def _echo(self, session: Session, room: str, body: str, stanza_id: str) -> None:
        if self.message is None:
            return
        if self.message:
            await session.send(f"<message from='{room}' type='error'>{_error(self.message)}</message>")
            return
        self.said.append(body)
        await session.send(f"<message from='{room}/somebody' type='groupchat'><body>hello</body></message>")
        echoed = f"id='{stanza_id if self.message_id is None else self.message_id}' from='{room}/xmpp-exporter'"
        with_it = self.said_with.format(room=room)
        await session.send(f"<message {echoed} type='groupchat'><body>{body}</body>{with_it}</message>")

    async def _query(self, session: Session, iq: Element) -> None:
        if self.archived_after > 0:
            self.archived_after -= 1
        else:
            for body in self.said:
                forwarded = f"<message xmlns='jabber:client'><body>{body}</body></message>"
                await session.send(
                    f"<message from='{iq.get('to')}'><result xmlns='{MAM}' queryid='{iq[0].get('queryid')}' id='1'>"
                    f"<forwarded xmlns='urn:xmpp:forward:0'>{forwarded}</forwarded></result></message>"
                )
        await session.reply(iq, f"<fin xmlns='{MAM}'/>")


def _scripted(jid: str) -> str:
    return re.sub("^xmpp-exporter-[^@]*@", f"{ROOM}@", jid)


def _error(condition: str) -> str:
    return f"<error type='cancel'><{condition} xmlns='{STANZAS}'/></error>"
