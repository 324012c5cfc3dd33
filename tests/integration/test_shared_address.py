"""Servers that share an address share its connections, and never wait for each other for ever."""

import asyncio
from dataclasses import replace

from tests.integration.probing import config_of, prober_of
from tests.servers.laboratory import PEER, Laboratory
from xmpp_exporter.availability import probe_availability
from xmpp_exporter.config import Account, Limits, ServerConfig
from xmpp_exporter.probe import probe_compliance
from xmpp_exporter.wire.network import Connections

DOMAINS = ("good.prosody.test", "bare.prosody.test", "no-rooms.prosody.test")
LIMIT = 120.0


def with_two_accounts(laboratory: Laboratory, domain: str) -> ServerConfig:
    second = Account(jid=f"{PEER}@{domain}", password_file=laboratory.password_file)
    return config_of(laboratory, domain, second_account=second)


async def test_whole_probes_of_several_servers_at_one_address_all_come_to_their_end(laboratory: Laboratory) -> None:
    """With the fewest connections that the configuration accepts, and all that a probe can hold."""
    prober = prober_of(laboratory)
    fewest = Limits(connections_per_address=5).connections_per_address
    prober.network = replace(prober.network, connections=Connections(fewest))
    configs = [with_two_accounts(laboratory, domain) for domain in DOMAINS]
    async with asyncio.timeout(LIMIT):
        reports = await asyncio.gather(
            *(probe_compliance(prober, config) for config in configs),
            *(probe_availability(prober, config) for config in configs),
        )
    assert [report.failure for report in reports] == [None] * len(reports)
    assert all(report.login for report in reports)
