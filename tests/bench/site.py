"""What a process that probes has to know of a laboratory in another one."""

from dataclasses import dataclass
from pathlib import Path

from tests.servers.laboratory import PROBE, Laboratory
from xmpp_exporter.config import Account, ServerConfig
from xmpp_exporter.limits import Admission
from xmpp_exporter.prober import Prober
from xmpp_exporter.wire.dns import Resolver
from xmpp_exporter.wire.network import Connections, Network
from xmpp_exporter.wire.tls import TlsContexts

DOMAINS = {"Prosody": "good.prosody.test", "ejabberd": "good.ejabberd.test"}
"""The servers that everything is measured with: those that support nearly all."""


@dataclass(frozen=True, slots=True)
class Site:
    """One domain that a laboratory serves."""

    software: str
    domain: str
    address: str
    dns_address: str
    dns_port: int
    ca_file: Path
    password_file: Path

    def config(self, user: str = PROBE) -> ServerConfig:
        """The domain as a server of ours, with an account."""
        account = Account(jid=f"{user}@{self.domain}", password_file=self.password_file)
        return ServerConfig(domain=self.domain, relation="own", account=account, allow_private_addresses=True)

    def prober(self, concurrent: int = 32) -> Prober:
        """What the probes of one process share; so many of them may be at one address, with all their connections."""
        network = Network(
            Resolver([self.dns_address], self.dns_port), TlsContexts(self.ca_file), Connections(6 * concurrent)
        )
        return Prober(network, admission=Admission(concurrent, concurrent))


def site_of(laboratory: Laboratory, software: str) -> Site:
    """The server to measure this software with, started."""
    server = laboratory.server(DOMAINS[software])
    return Site(
        software=software,
        domain=server.domain,
        address=server.address,
        dns_address=laboratory.dns.address,
        dns_port=laboratory.dns.port,
        ca_file=laboratory.ca_file,
        password_file=laboratory.password_file,
    )
