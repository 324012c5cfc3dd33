"""From the configuration to the network that all probes share."""

from xmpp_exporter import __version__
from xmpp_exporter.config import Config
from xmpp_exporter.wire.dns import Resolver
from xmpp_exporter.wire.identity import Identity
from xmpp_exporter.wire.network import Connections, Network
from xmpp_exporter.wire.tls import TlsContexts


def network_of(config: Config, before: Network | None = None) -> Network:
    """The resolver, trust store, limits and name that the configuration gives its prober.

    It shares its connections with the network `before`, whose probes may still run; their limit is for the caller to
    set, once this network takes that one's place. Raises OSError or ssl.SSLError when a file of certificates can no
    longer be loaded.
    """
    return Network(
        resolver=Resolver(
            config.resolver.nameservers or (), config.resolver.port, signed_name=config.resolver.signed_name or ""
        ),
        tls=TlsContexts(config.tls.ca_file),
        connections=before.connections if before else Connections(config.limits.connections_per_address),
        user_agent=user_agent(config.contact),
        identity=_identity(config),
    )


def _identity(config: Config) -> Identity | None:
    if config.s2s is None:
        return None
    return Identity(config.s2s.domain, TlsContexts(config.tls.ca_file, (config.s2s.cert_file, config.s2s.key_file)))


def user_agent(contact: str | None) -> str:
    """How the prober names itself (XEP-0092, RFC 9110 §10.1.5), with the URL where its operator can be asked."""
    return f"xmpp-exporter/{__version__}" + (f" (+{contact})" if contact else "")
