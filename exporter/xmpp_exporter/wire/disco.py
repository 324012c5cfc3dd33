"""Service discovery (XEP-0030): what an entity is and can do, asked once per entity and probe."""

import asyncio
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass

from xmpp_exporter.memo import Memo
from xmpp_exporter.wire.errors import WireError
from xmpp_exporter.wire.session import Session

INFO = "http://jabber.org/protocol/disco#info"
ITEMS = "http://jabber.org/protocol/disco#items"
DATA = "{jabber:x:data}"

MAX_ITEMS = 50
"""Items of a domain that are looked into; more than that are not a server's own services."""

MAX_JID = 1023
"""Characters of a service's JID, which is a domain (RFC 7622 §3.2)."""


@dataclass(frozen=True, slots=True, order=True)
class Identity:
    category: str
    type: str
    lang: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Info:
    """A disco#info result. `forms` are those of XEP-0128: FORM_TYPE to fields to values."""

    identities: tuple[Identity, ...] = ()
    features: frozenset[str] = frozenset()
    forms: tuple[Mapping[str, tuple[str, ...]], ...] = ()

    def has_identity(self, category: str, kind: str) -> bool:
        return any(identity.category == category and identity.type == kind for identity in self.identities)

    def form(self, form_type: str) -> Mapping[str, tuple[str, ...]] | None:
        """The fields of the form with this FORM_TYPE."""
        return next((form for form in self.forms if form.get("FORM_TYPE") == (form_type,)), None)


def parse_form(form: ET.Element) -> Mapping[str, tuple[str, ...]]:
    """A data form (XEP-0004) as variables and their values."""
    return {
        field.get("var", ""): tuple((value.text or "").strip() for value in field.iterfind(f"{DATA}value"))
        for field in form.iterfind(f"{DATA}field")
    }


def parse_info(query: ET.Element) -> Info:
    """The payload of a disco#info result."""
    lang = "{http://www.w3.org/XML/1998/namespace}lang"
    return Info(
        identities=tuple(
            Identity(item.get("category", ""), item.get("type", ""), item.get(lang, ""), item.get("name", ""))
            for item in query.iterfind(f"{{{INFO}}}identity")
        ),
        features=frozenset(item.get("var", "") for item in query.iterfind(f"{{{INFO}}}feature")),
        forms=tuple(parse_form(form) for form in query.iterfind(f"{DATA}x")),
    )


class Disco:
    """Asks over one session, each entity once; whoever needs a result awaits the same request."""

    def __init__(self, session: Session, domain: str) -> None:
        self._session = session
        self._domain = domain
        self._infos: Memo[str, Info] = Memo()
        self._items: Memo[str, tuple[str, ...]] = Memo()

    async def info(self, jid: str) -> Info:
        """What `jid` is and can do. Raises StanzaError and what ends a stream."""
        return await self._infos.get(jid, lambda: self._ask_info(jid))

    async def items(self) -> tuple[str, ...]:
        """The JIDs of the domain's services in a stable order: without duplicates, nodes and the domain itself."""
        return await self._items.get(self._domain, self._ask_items)

    async def services(self) -> Mapping[str, Info | WireError]:
        """The domain's services with what they are, or why they do not say."""
        jids = await self.items()
        answers = await asyncio.gather(*(self.info(jid) for jid in jids), return_exceptions=True)
        services: dict[str, Info | WireError] = {}
        for jid, answer in zip(jids, answers, strict=True):
            if isinstance(answer, BaseException) and not isinstance(answer, WireError):
                raise answer
            services[jid] = answer
        return services

    async def _ask_info(self, jid: str) -> Info:
        return parse_info(await self._session.iq("get", f"<query xmlns='{INFO}'/>", jid))

    async def _ask_items(self) -> tuple[str, ...]:
        query = await self._session.iq("get", f"<query xmlns='{ITEMS}'/>", self._domain)
        found = {
            item.get("jid", "").lower() for item in query.iterfind(f"{{{ITEMS}}}item") if item.get("node") is None
        } - {"", self._domain}
        return tuple(sorted(jid for jid in found if len(jid) <= MAX_JID))[:MAX_ITEMS]

    async def close(self) -> None:
        await self._items.close()
        await self._infos.close()
