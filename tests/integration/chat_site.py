"""A Prosody of its own for each test that ends it, starts it, and cuts its connections; and who listens there."""

import asyncio
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from tests.servers.certificates import CertificateAuthority
from tests.servers.ear import Ear, ear_at
from tests.servers.laboratory import PASSWORD
from tests.servers.loopback import LoopbackNetwork
from tests.servers.prosody import Prosody
from xmpp_exporter.wire.dns import Resolver
from xmpp_exporter.wire.network import Network
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
    async def ear(self, user: str = "alice", domain: str = DOMAIN) -> AsyncIterator[Ear]:
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


async def until(condition: Callable[[], object], what: str) -> None:
    """Wait for the condition, at most LIMIT."""
    deadline = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < deadline, f"no {what} within {LIMIT:g} s"
        await asyncio.sleep(POLL)
