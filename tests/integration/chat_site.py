"""A Prosody of its own for each test that ends it, starts it, and cuts its connections; and who listens there."""

import asyncio
import shutil
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from tests.servers.certificates import CertificateAuthority
from tests.servers.laboratory import PASSWORD
from tests.servers.loopback import LoopbackNetwork
from tests.servers.prosody import Prosody
from xmpp_alerts.bridge.stanzas import body_of, ids_of, statuses_of
from xmpp_exporter.wire.dns import Resolver
from xmpp_exporter.wire.network import Network, Target, Timeouts
from xmpp_exporter.wire.session import CLIENT, Credentials, Session
from xmpp_exporter.wire.tls import TlsContexts

LIMIT = 60.0
POLL = 0.02
DOMAIN = "chat.test"
PLAIN_DOMAIN = "unmanaged.test"
"""Its server has no stream management."""
DEAF_DOMAIN = "deaf.test"
"""Its server has, and never says what it has taken."""
DOMAINS = (DOMAIN, PLAIN_DOMAIN, DEAF_DOMAIN)
ROOMS = f"rooms.{DOMAIN}"

CONFIGURATION = f"""
interfaces = {{ "$address" }}
local_interfaces = {{ "$address" }}
certificates = "$certificates"
data_path = "$directory/data"
pidfile = "$directory/prosody.pid"
plugin_paths = {{ "$plugins" }}
log = {{ info = "*console" }}
authentication = "internal_hashed"
modules_enabled = {{ "admin_shell", "disco", "roster", "saslauth", "tls", "ping", "offline" }}
VirtualHost "{DOMAIN}"
    modules_enabled = {{ "smacks" }}
VirtualHost "{PLAIN_DOMAIN}"
VirtualHost "{DEAF_DOMAIN}"
    modules_enabled = {{ "smacks", "deaf" }}
Component "{ROOMS}" "muc"
    modules_enabled = {{ "muc_mam" }}
"""


class ChatSite:
    """A Prosody with the accounts `bridge`, `alice` and `bob`."""

    def __init__(self, directory: Path, address: str) -> None:
        authority = CertificateAuthority(directory / "certificates")
        for domain in DOMAINS:
            authority.issue(domain, ("rooms",))
        self.ca_file = authority.ca_file
        self.address = address
        self.prosody = Prosody(directory / "prosody", address, CONFIGURATION, authority.directory, [5222])
        self.network = Network(Resolver(), TlsContexts(self.ca_file))

    def add_accounts(self) -> None:
        for domain in DOMAINS:
            for user in ("bridge", "alice", "bob"):
                self.prosody.add_account(user, domain, PASSWORD)

    @asynccontextmanager
    async def ear(self, user: str = "alice", domain: str = DOMAIN) -> AsyncIterator["Ear"]:
        """Somebody who listens."""
        async with ear_at(self.network, self.address, f"{user}@{domain}") as ear:
            yield ear


@contextmanager
def chat_site() -> Iterator[ChatSite]:
    """One that runs, on an address of its own."""
    directory = Path(tempfile.mkdtemp(prefix="chat-site-"))
    try:
        directory.chmod(0o755)
        with LoopbackNetwork() as network:
            site = ChatSite(directory, network.address(1))
            site.prosody.directory.mkdir()
            site.add_accounts()
            with site.prosody:
                yield site
    finally:
        shutil.rmtree(directory, ignore_errors=True)


class Ear(Session):
    """An account that writes down what it hears."""

    LASTING = True
    heard: list[ET.Element]

    def on_element(self, element: ET.Element) -> None:
        if element.tag == f"{CLIENT}message":
            self.heard.append(element)
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


async def until(condition: Callable[[], object], what: str) -> None:
    """Wait for the condition, at most LIMIT."""
    deadline = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < deadline, f"no {what} within {LIMIT:g} s"
        await asyncio.sleep(POLL)
