"""Made-up domains on fake servers, with DNS and certificates, and all it takes to probe them."""

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.servers.certificates import CertificateAuthority, Flaw
from tests.servers.dns import FakeDns
from tests.servers.fake import FakeXmpp, Listener
from xmpp_exporter.config import Account, ServerConfig
from xmpp_exporter.prober import Prober
from xmpp_exporter.wire.dns import Resolver
from xmpp_exporter.wire.network import Network, Target, Timeouts
from xmpp_exporter.wire.session import Credentials, Session
from xmpp_exporter.wire.tls import TlsContexts
from xmpp_exporter.wire.trace import Trace

DOMAIN = "fake.test"
PASSWORD = "secret"
"""FakeXmpp's account is `probe`, with this password."""
PATIENCE = Timeouts(connect=2.0, reply=2.0)
"""Far more than a fake needs to answer, and less than a test may last."""


@dataclass
class FakeSite:
    """A certificate authority, a DNS and what the probes of one test share."""

    directory: Path
    certificates: CertificateAuthority
    dns: FakeDns
    network: Network

    @classmethod
    def create(cls, directory: Path, dns: FakeDns) -> "FakeSite":
        certificates = CertificateAuthority(directory)
        (directory / "password").write_text(PASSWORD)
        network = Network(Resolver([dns.address], dns.port, lifetime=1.0), TlsContexts(certificates.ca_file))
        return cls(directory, certificates, dns, network)

    @property
    def password_file(self) -> Path:
        return self.directory / "password"

    def tls(self, domain: str = DOMAIN, flaw: Flaw = Flaw.NONE) -> ssl.SSLContext:
        """The server's side of TLS for a domain."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.certificates.issue(domain, flaw=flaw))
        return context

    def point(
        self, domain: str, starttls: Sequence[tuple[str, int]] = (), direct_tls: Sequence[tuple[str, int]] = ()
    ) -> None:
        """Let the domain's records name these addresses and ports, in order of preference."""
        zone = ""
        for service, places in (("xmpp-client", starttls), ("xmpps-client", direct_tls)):
            for number, (address, port) in enumerate(places):
                zone += f"_{service}._tcp SRV {number} 0 {port} {service}-{number}\n"
                zone += f"{service}-{number} {'AAAA' if ':' in address else 'A'} {address}\n"
        self.dns.add_zone(domain, zone)

    def prober(self, network: Network | None = None) -> Prober:
        return Prober(network or self.network)

    def config(self, domain: str = DOMAIN, *, account: bool = True, **settings: Any) -> ServerConfig:
        """The domain as a server of ours, with an account unless told otherwise."""
        timeouts = {"connect": "2s", "reply": "2s", "availability": "5s", "compliance": "10s"}
        return ServerConfig.model_validate(
            {
                "domain": domain,
                "relation": "own",
                "account": Account(jid=f"probe@{domain}", password_file=self.password_file) if account else None,
                "allow_private_addresses": True,
                **settings,
                "timeouts": timeouts | settings.get("timeouts", {}),
            }
        )

    def session(
        self,
        listener: Listener,
        *,
        direct_tls: bool = False,
        timeouts: Timeouts = PATIENCE,
        allow_plain: bool = False,
        password: str = PASSWORD,
        trace: Trace | None = None,
    ) -> Session:
        """A login that is not made yet."""
        target = Target(DOMAIN, DOMAIN, listener.address, listener.port, direct_tls, allow_private=True)
        return Session(self.network, target, Credentials(f"probe@{DOMAIN}", password, allow_plain), timeouts, trace)

    def server(self, domain: str = DOMAIN, **settings: Any) -> FakeXmpp:
        """A server that works, with STARTTLS."""
        return FakeXmpp(domain, self.tls(domain), **settings)
