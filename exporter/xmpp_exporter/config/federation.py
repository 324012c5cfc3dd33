"""Which domains the servers reach each other at: from each account, a ping to each peer."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from xmpp_exporter.config.server import ServerConfig
from xmpp_exporter.config.values import Domain
from xmpp_exporter.serving.section import Section

CONFIGURED = "configured"

_Peers = Annotated[
    Annotated[Literal["configured"], Tag("word")] | Annotated[tuple[Domain, ...], Tag("list")],
    Discriminator(lambda value: "word" if isinstance(value, str) else "list"),
]


class Federation(Section):
    """Off without peers."""

    peers: _Peers = ()
    """The word stands for all servers of the configuration."""
    max_pairs: int = Field(default=1000, ge=1)
    """Of a server with an account and a domain that it pings: they grow with the square of the servers."""

    def pairs(self, servers: Iterable[ServerConfig]) -> Mapping[str, tuple[str, ...]]:
        """The domains that each server with an account pings: all peers but itself."""
        servers = list(servers)
        peers = [server.domain for server in servers] if self.peers == CONFIGURED else list(self.peers)
        return {
            server.domain: tuple(peer for peer in dict.fromkeys(peers) if peer != server.domain)
            for server in servers
            if server.account is not None
        }
