"""Somebody with a real XMPP account who listens, and makes and keeps rooms."""

import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from tests.servers.laboratory import PASSWORD
from xmpp_alerts.bridge.stanzas import body_of, ids_of, statuses_of
from xmpp_exporter.wire.network import Network, Target, Timeouts
from xmpp_exporter.wire.session import CLIENT, Credentials, Session


class Ear(Session):
    """An account that writes down what it hears."""

    LASTING = True
    heard: list[ET.Element]
    on_text: Callable[[str], None] = staticmethod(lambda text: None)
    """Called with the text of each message that has one."""

    def on_element(self, element: ET.Element) -> None:
        if element.tag == f"{CLIENT}message":
            self.heard.append(element)
            if text := body_of(element):
                self.on_text(text)
        super().on_element(element)

    @property
    def texts(self) -> list[str]:
        return [body for element in self.heard if (body := body_of(element))]

    @property
    def origins(self) -> list[str]:
        """The id of each message with a text."""
        return [min(ids_of(element)) for element in self.heard if body_of(element)]

    @property
    def senders(self) -> list[str]:
        """The bare JID that each text came from."""
        return [element.get("from", "").partition("/")[0] for element in self.heard if body_of(element)]

    async def enter(self, room: str, nick: str) -> None:
        """Enter a room, and make it if there is none."""
        with self.listen(lambda element: element.get("from") == f"{room}/{nick}") as presences:
            self.send(f"<presence to='{room}/{nick}'><x xmlns='http://jabber.org/protocol/muc'/></presence>")
            presence = await presences.next("the presence in the room")
        if "201" in statuses_of(presence):
            form = "<x xmlns='jabber:x:data' type='submit'/>"
            await self.iq("set", f"<query xmlns='http://jabber.org/protocol/muc#owner'>{form}</query>", room)

    async def affiliate(self, room: str, jid: str, affiliation: str) -> None:
        """Ban somebody (`outcast`), or let him in again (`none`)."""
        await self._administer(room, f"<item affiliation='{affiliation}' jid='{jid}'/>")

    async def kick(self, room: str, nick: str) -> None:
        await self._administer(room, f"<item nick='{nick}' role='none'/>")

    async def _administer(self, room: str, item: str) -> None:
        await self.iq("set", f"<query xmlns='http://jabber.org/protocol/muc#admin'>{item}</query>", room)


@asynccontextmanager
async def ear_at(network: Network, address: str, jid: str) -> AsyncIterator[Ear]:
    """An account that is logged in there and available."""
    domain = jid.partition("@")[2]
    ear = Ear(network, Target(domain, domain, address, 5222, False, True), Credentials(jid, PASSWORD), Timeouts())
    ear.heard = []
    async with ear:
        ear.send("<presence/>")
        yield ear
