"""A server that sends the prober to places where it has no business gets nowhere: nobody there is even connected to.

127.0.0.2 stands for the public Internet here, and every other address of this machine for its private network.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.https_site import SHORT, by_path, http_client, response, site, tls_of
from tests.servers.certificates import CertificateAuthority
from tests.servers.dns import FakeDns
from tests.servers.fake import Listener, listening, silent
from xmpp_exporter.wire import guard
from xmpp_exporter.wire.dns import Lookups, Resolver
from xmpp_exporter.wire.endpoints import endpoints_of
from xmpp_exporter.wire.errors import (
    AddressRefused,
    ConnectionRefused,
    NoRoute,
    ProtocolViolation,
    ResolutionFailed,
    WireError,
)
from xmpp_exporter.wire.network import Network, Party, Target
from xmpp_exporter.wire.session import Credentials, Session
from xmpp_exporter.wire.stream import Stream
from xmpp_exporter.wire.tls import TlsContexts

DOMAIN = "site.test"
PUBLIC, PRIVATE = "127.0.0.2", "127.0.0.1"


@pytest.fixture(autouse=True)
def one_public_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "is_public", lambda address: address == PUBLIC)


@pytest.fixture
def authority(tmp_path: Path) -> CertificateAuthority:
    return CertificateAuthority(tmp_path)


@pytest.fixture
async def victim() -> AsyncIterator[Listener]:
    """A service of the private network, which must never hear from us."""
    async with listening(silent, PRIVATE) as listener:
        yield listener
    assert listener.accepted == 0


def rebinding() -> FakeDns:
    """A name that is public when it is looked up first, and private ever after."""
    dns = FakeDns({DOMAIN: f"@ A {PUBLIC}\n"})
    dns.change(DOMAIN, "A", [[PUBLIC], [PRIVATE]])
    return dns


async def refused(authority: CertificateAuthority, dns: FakeDns, url: str) -> WireError:
    async with http_client(authority, dns, allow_private=False) as http:
        with pytest.raises(WireError) as caught:
            await http.request("GET", url)
        with pytest.raises(WireError) as again:
            async with http.websocket(url.replace("https:", "wss:"), "xmpp", "https://o.test"):
                pass
    assert type(caught.value) is type(again.value)
    return caught.value


async def test_a_name_that_turns_private_is_not_asked_again_within_a_probe(
    authority: CertificateAuthority, victim: Listener
) -> None:
    with rebinding() as dns:
        error = await refused(authority, dns, f"https://{DOMAIN}:{victim.port}/")
        assert isinstance(error, ConnectionRefused)
        assert dns.count(DOMAIN, "A") == 1


async def test_a_name_that_turns_private_is_refused_by_the_next_probe(
    authority: CertificateAuthority, victim: Listener
) -> None:
    with rebinding() as dns:
        for kind in (ConnectionRefused, AddressRefused, AddressRefused):
            assert isinstance(await refused(authority, dns, f"https://{DOMAIN}:{victim.port}/"), kind)


async def test_of_several_addresses_only_the_public_ones_are_tried(
    authority: CertificateAuthority, victim: Listener
) -> None:
    with FakeDns({DOMAIN: f"@ A {PRIVATE}\n@ A {PUBLIC}\n"}) as dns:
        error = await refused(authority, dns, f"https://{DOMAIN}:{victim.port}/")
        assert isinstance(error, ConnectionRefused)


@pytest.mark.parametrize(
    ("host", "kind"),
    [
        (PRIVATE, AddressRefused),
        ("[::1]", AddressRefused),
        ("[::ffff:127.0.0.1]", AddressRefused),
        # to some these are addresses as well; here they are names that don't exist, or nothing at all
        ("0x7f.1", ResolutionFailed),
        ("localhost", ResolutionFailed),
        ("2130706433", ProtocolViolation),
    ],
)
async def test_an_address_in_the_place_of_a_name_is_refused(
    authority: CertificateAuthority, victim: Listener, host: str, kind: type[WireError]
) -> None:
    with FakeDns({}) as dns:
        assert isinstance(await refused(authority, dns, f"https://{host}:{victim.port}/"), kind)


@pytest.mark.parametrize("where", [PRIVATE, f"inside.{DOMAIN}"])
async def test_a_redirect_into_the_private_network_ends_there(
    authority: CertificateAuthority, victim: Listener, where: str
) -> None:
    answer = by_path({"GET /": response("302 Found", Location=f"https://{where}:{victim.port}/")})
    zones = {DOMAIN: f"@ A {PUBLIC}\ninside A {PRIVATE}\n"}
    async with listening(site(answer), PUBLIC, tls=tls_of(authority, DOMAIN)) as listener:
        with FakeDns(zones) as dns:
            async with http_client(authority, dns, allow_private=False) as http:
                with pytest.raises(AddressRefused):
                    await http.request("GET", f"https://{DOMAIN}:{listener.port}/", redirects=True)
        assert listener.accepted == 1


async def test_streams_and_logins_are_refused_at_the_address_itself(
    authority: CertificateAuthority, victim: Listener
) -> None:
    with rebinding() as dns:
        dns.add_zone(DOMAIN, f"_xmpp-client._tcp SRV 5 0 {victim.port} @\n@ A {PUBLIC}\n")
        network = Network(Resolver([dns.address], dns.port), TlsContexts(authority.ca_file))
        errors: list[WireError] = []
        for _probe in range(2):
            lookups = Lookups(network.resolver)
            endpoints = await endpoints_of(lookups, DOMAIN, Party.CLIENT)
            await lookups.close()
            for target in [target for endpoint in endpoints for target in endpoint.targets(DOMAIN, False)]:
                for attempt in (
                    Stream(network, target, SHORT).open(),
                    Session(network, target, Credentials(f"probe@{DOMAIN}", "secret"), SHORT),
                ):
                    with pytest.raises(WireError) as caught:
                        async with asyncio.timeout(5), attempt:
                            pass
                    errors.append(caught.value)
    assert [type(error) for error in errors] == [ConnectionRefused, ConnectionRefused, AddressRefused, AddressRefused]


async def test_an_address_without_a_route_is_our_own_limit(authority: CertificateAuthority) -> None:
    network = Network(Resolver([PRIVATE], 1), TlsContexts(authority.ca_file))
    nowhere = "255.255.255.255"
    with pytest.raises(NoRoute):
        async with Stream(network, Target(DOMAIN, DOMAIN, nowhere, 5222, False, allow_private=True), SHORT).open():
            pass
    with FakeDns({DOMAIN: f"@ A {nowhere}\n"}) as dns:
        async with http_client(authority, dns) as http:
            with pytest.raises(NoRoute):
                await http.request("GET", f"https://{DOMAIN}/")
