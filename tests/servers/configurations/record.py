"""What a server configuration is: a domain, the settings that make it what it is, and its records in the DNS."""

from dataclasses import dataclass
from string import Template
from typing import Literal

from tests.servers.certificates import Flaw

Software = Literal["prosody", "ejabberd"]

RECORDS = """
@ A $address
xmpp A $address
_xmpp-client._tcp SRV 5 0 5222 xmpp
_xmpps-client._tcp SRV 5 0 5223 xmpp
_xmpp-server._tcp SRV 5 0 5269 xmpp
"""
"""What most domains have in the DNS; the components' addresses come on top."""

WITH_DIRECT_TLS_BETWEEN_SERVERS = RECORDS + "_xmpps-server._tcp SRV 5 0 5270 xmpp\n"

WITHOUT_DIRECT_TLS = RECORDS.replace("_xmpps-client._tcp SRV 5 0 5223 xmpp\n", "")


@dataclass(frozen=True, slots=True)
class Process:
    """What the domains of one server process share: its settings, and the ports it must open to count as started."""

    settings: str
    ports: tuple[int, ...]
    federates: bool = False
    """Whether it finds the servers of other domains in the laboratory's DNS."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """One domain on one server process; `$domain`, `$address` and `$directory` in its texts are filled in at the start.

    `settings` is the domain's part of the server's configuration: Lua for Prosody, for ejabberd YAML (the domain's
    entry of append_host_config). Domains with the same `software` and `process` share one running server.
    """

    name: str
    software: Software
    settings: str = ""
    process: str = "main"
    components: tuple[str, ...] = ()
    """The hosts below the domain, by label: `upload` stands for upload.DOMAIN."""
    records: str = RECORDS
    """The domain's zone, but for the addresses of the components."""
    flaw: Flaw = Flaw.NONE
    """What is wrong with its certificate."""
    turn: bool = False
    """Whether coturn runs beside it, on port 3478."""

    @property
    def domain(self) -> str:
        return f"{self.name}.{self.software}.test"

    def zone(self, address: str) -> str:
        """The text of the domain's zone when the server listens on `address`."""
        records = Template(self.records).substitute(address=address, domain=self.domain)
        return records + "".join(f"{label} A {address}\n" for label in self.components)
