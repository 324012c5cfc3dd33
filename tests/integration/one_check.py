"""One check that needs no account, run by itself on a server made by hand."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from tests.integration.https_site import SHORT
from tests.servers.certificates import CertificateAuthority
from tests.servers.dns import FakeDns
from xmpp_exporter.catalogue import checks
from xmpp_exporter.checks import Server, functions, run
from xmpp_exporter.config import ServerConfig
from xmpp_exporter.journal import Journal
from xmpp_exporter.model import Outcome
from xmpp_exporter.wire.dns import Lookups, Resolver
from xmpp_exporter.wire.endpoints import Endpoint
from xmpp_exporter.wire.http import Http
from xmpp_exporter.wire.network import Network, Target
from xmpp_exporter.wire.stream import Stream
from xmpp_exporter.wire.tls import TlsContexts
from xmpp_exporter.wire.trace import Trace

DOMAIN = "alone.test"
LIMIT = 10.0
"""Seconds; the server's own limits are half a second."""


@asynccontextmanager
async def server_at(
    authority: CertificateAuthority,
    dns: FakeDns,
    *,
    endpoints: Sequence[Endpoint] = (),
    front: Target | None = None,
    allow_private: bool = True,
    domain: str = DOMAIN,
) -> AsyncIterator[Server]:
    """`domain` as its checks see it; with `front`, a stream to there is open."""
    config = ServerConfig.model_validate(
        {
            "domain": domain,
            "relation": "own",
            "allow_private_addresses": allow_private,
            "timeouts": {"connect": SHORT.connect, "reply": SHORT.reply},
        }
    )
    network = Network(Resolver([dns.address], dns.port, lifetime=1.0), TlsContexts(authority.ca_file))
    lookups = Lookups(network.resolver)
    target = front or Target(domain, domain, "127.0.0.1", 9, True, True)
    server = Server(
        config=config,
        network=network,
        lookups=lookups,
        http=Http(network, lookups, SHORT, allow_private),
        journal=Journal(),
        endpoints=list(endpoints),
        front=Stream(network, target, SHORT),
        trace=Trace(),
    )
    try:
        if front is None:
            yield server
        else:
            async with server.front.open():
                yield server
    finally:
        await server.close()
        await server.http.close()
        await lookups.close()


async def outcome_of(server: Server, check: str) -> Outcome:
    """As the probe runs it, errors and all."""
    deadline = asyncio.get_running_loop().time() + LIMIT
    return (await run(checks()[check], functions()[check], server, deadline)).outcome


def verdict_of(outcome: Outcome) -> str:
    """Verdict and reason, as in the tables of expected verdicts."""
    return " ".join(filter(None, (outcome.verdict, outcome.reason)))
