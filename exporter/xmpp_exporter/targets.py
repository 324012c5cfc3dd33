"""Where a server can be reached, as its configuration allows."""

from xmpp_exporter.config import ServerConfig
from xmpp_exporter.wire.endpoints import Endpoint
from xmpp_exporter.wire.errors import NotOffered
from xmpp_exporter.wire.network import Target, most_telling


def targets_of(endpoints: list[Endpoint], config: ServerConfig) -> list[Target]:
    """All addresses of all endpoints, in order of preference. Raises NotOffered, or why there is none."""
    if not endpoints:
        raise NotOffered(f"{config.domain} says that it serves no clients (SRV '.')")
    targets = [
        target for endpoint in endpoints for target in endpoint.targets(config.domain, config.allow_private_addresses)
    ]
    if not targets:
        raise most_telling([endpoint.error for endpoint in endpoints if endpoint.error])
    return targets
