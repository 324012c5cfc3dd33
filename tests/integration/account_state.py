"""All that an account keeps on its server, asked for as its owner may, to compare before and after a probe."""

import asyncio
import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from tests.servers.laboratory import PASSWORD, Server
from xmpp_exporter.checks import pubsub
from xmpp_exporter.prober import Prober
from xmpp_exporter.wire.disco import ITEMS
from xmpp_exporter.wire.errors import StanzaError
from xmpp_exporter.wire.network import Target, Timeouts
from xmpp_exporter.wire.session import Credentials, Session

WHOLE = {
    "block list": "<blocklist xmlns='urn:xmpp:blocking'/>",
    "bookmarks": "<query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'/></query>",
    "roster": "<query xmlns='jabber:iq:roster'/>",
    "vCard": "<vCard xmlns='vcard-temp'/>",
}


@asynccontextmanager
async def logged_in(prober: Prober, server: Server, user: str) -> AsyncIterator[Session]:
    """A session of one of the server's accounts."""
    target = Target(server.domain, server.domain, server.address, 5222, direct_tls=False, allow_private=True)
    async with Session(prober.network, target, Credentials(server.jid(user), PASSWORD), Timeouts()) as session:
        yield session


async def account_state(prober: Prober, server: Server, user: str) -> Mapping[str, str]:
    """What each of the account's stores holds: the requests of WHOLE, and every node's configuration and items."""
    async with logged_in(prober, server, user) as session:
        replies = await asyncio.gather(*(_text(session, request) for request in WHOLE.values()))
        listing = await session.iq("get", f"<query xmlns='{ITEMS}'/>", server.jid(user))
        nodes = sorted(filter(None, (item.get("node") for item in listing)))
        return dict(zip(WHOLE, replies, strict=True)) | {node: await _node(session, node) for node in nodes}


async def _node(session: Session, node: str) -> str:
    items = await pubsub.items(session, node) or {}
    contents = [f"{name}: {''.join(ET.canonicalize(ET.tostring(item)))}" for name, item in sorted(items.items())]
    return "\n".join([str(sorted((await pubsub.configuration(session, node) or {}).items())), *contents])


async def _text(session: Session, request: str) -> str:
    try:
        return ET.canonicalize(ET.tostring(await session.iq("get", request)))
    except StanzaError as error:
        return error.condition
