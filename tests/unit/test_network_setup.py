"""From the configuration to the network of all probes."""

import asyncio
import contextlib
from pathlib import Path

import pytest

from tests.servers.certificates import CertificateAuthority
from tests.servers.dns import FakeDns
from xmpp_exporter import __version__
from xmpp_exporter.config import Config, Limits, Resolver, Tls
from xmpp_exporter.network_setup import network_of, user_agent


def test_the_prober_says_who_it_is_and_where_to_ask() -> None:
    assert user_agent(None) == f"xmpp-exporter/{__version__}"
    assert user_agent("https://example.org/probes") == f"xmpp-exporter/{__version__} (+https://example.org/probes)"
    assert network_of(Config(contact="mailto:ops@example.org")).user_agent.endswith("(+mailto:ops@example.org)")


async def test_the_configured_name_server_is_asked() -> None:
    with FakeDns({"a.test": "@ A 192.0.2.1"}) as dns:
        network = network_of(Config(resolver=Resolver(nameservers=(dns.address,), port=dns.port)))
        assert [record.to_text() for record in (await network.resolver.query("a.test", "A")).records] == ["192.0.2.1"]


def test_the_configured_authorities_replace_those_of_the_system(tmp_path: Path) -> None:
    authority = CertificateAuthority(tmp_path)
    network = network_of(Config(tls=Tls(ca_file=authority.ca_file)))
    assert len(network.tls.verified.get_ca_certs()) == 1


async def test_the_limit_of_connections_is_the_configured_one() -> None:
    limits = Limits(connections_per_address=5, probes_per_address=1)
    slots = network_of(Config(limits=limits)).connections
    async with contextlib.AsyncExitStack() as taken:
        for _ in range(limits.connections_per_address):
            await taken.enter_async_context(slots.slot("192.0.2.1"))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01), slots.slot("192.0.2.1"):
                pass


def test_the_probes_of_two_configurations_share_their_connections() -> None:
    """A probe that runs while the configuration is loaded again counts with those that come then."""
    before = network_of(Config())
    assert network_of(Config(limits=Limits(connections_per_address=9)), before).connections is before.connections


def test_a_file_of_certificates_that_is_gone_is_an_error(tmp_path: Path) -> None:
    authority = CertificateAuthority(tmp_path)
    config = Config(tls=Tls(ca_file=authority.ca_file))
    authority.ca_file.unlink()
    with pytest.raises(OSError, match="No such file"):
        network_of(config)
