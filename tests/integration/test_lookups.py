"""Names to addresses and endpoints: each asked once, in the order that clients take, whatever a name server does."""

import asyncio
import time

import pytest

from tests.integration.fake_site import DOMAIN, FakeSite
from xmpp_exporter.model import Failure
from xmpp_exporter.wire import dns
from xmpp_exporter.wire.dns import MAX_ADDRESSES, MAX_ENDPOINTS, Lookups, Resolver
from xmpp_exporter.wire.endpoints import Endpoint, direct_tls_service, endpoints_of, starttls_service
from xmpp_exporter.wire.errors import ResolutionFailed, TimedOut, WireError
from xmpp_exporter.wire.network import Party

STARTTLS, DIRECT_TLS = starttls_service(Party.CLIENT), direct_tls_service(Party.CLIENT)

LIMIT = 10


@pytest.fixture
def lookups(site: FakeSite) -> Lookups:
    return Lookups(site.network.resolver)


async def endpoints(site: FakeSite, zone: str) -> list[Endpoint]:
    site.dns.add_zone(DOMAIN, zone)
    lookups = Lookups(site.network.resolver)
    try:
        return await endpoints_of(lookups, DOMAIN, Party.CLIENT)
    finally:
        await lookups.close()


async def test_both_kinds_are_mixed_by_priority_and_direct_tls_goes_first_among_equals(site: FakeSite) -> None:
    found = await endpoints(
        site,
        """
        _xmpp-client._tcp  SRV 10 0 5222 late
        _xmpp-client._tcp  SRV 5 1 5222 light
        _xmpp-client._tcp  SRV 5 9 5222 heavy
        _xmpps-client._tcp SRV 5 0 443 direct
        _xmpps-client._tcp SRV 20 0 443 last
        late A 127.0.0.1
        light A 127.0.0.1
        heavy A 127.0.0.1
        direct A 127.0.0.1
        last A 127.0.0.1
        """.replace("        ", ""),
    )
    assert [(each.service, each.host.partition(".")[0], each.port) for each in found] == [
        (DIRECT_TLS, "direct", 443),
        (STARTTLS, "heavy", 5222),
        (STARTTLS, "light", 5222),
        (STARTTLS, "late", 5222),
        (DIRECT_TLS, "last", 443),
    ]


async def test_without_records_the_domain_itself_is_meant(site: FakeSite) -> None:
    assert await endpoints(site, "@ A 127.0.0.9") == [Endpoint(STARTTLS, DOMAIN, 5222, ("127.0.0.9",))]


async def test_ipv6_goes_first_and_aliases_are_followed(site: FakeSite, lookups: Lookups) -> None:
    site.dns.add_zone(DOMAIN, "@ A 127.0.0.1\n@ AAAA ::1\nwww CNAME @")
    assert await lookups.addresses(f"www.{DOMAIN}") == ["::1", "127.0.0.1"]
    await lookups.close()


async def test_each_question_is_asked_once(site: FakeSite, lookups: Lookups) -> None:
    site.dns.add_zone(DOMAIN, "@ A 127.0.0.1")
    for name in (DOMAIN, DOMAIN.upper(), DOMAIN):
        assert await lookups.addresses(name) == ["127.0.0.1"]
    assert [site.dns.count(DOMAIN, kind) for kind in ("A", "AAAA")] == [1, 1]
    await lookups.close()


async def test_another_probe_asks_afresh(site: FakeSite) -> None:
    for address in ("127.0.0.1", "127.0.0.2"):
        site.dns.add_zone(DOMAIN, f"@ A {address}")
        lookups = Lookups(site.network.resolver)
        assert await lookups.addresses(DOMAIN) == [address]
        await lookups.close()


@pytest.mark.parametrize("how", ["fail", "ignore"])
async def test_one_family_is_enough(site: FakeSite, lookups: Lookups, how: str) -> None:
    site.dns.add_zone(DOMAIN, "@ A 127.0.0.1")
    getattr(site.dns, how)(DOMAIN, "AAAA")
    assert await lookups.addresses(DOMAIN) == ["127.0.0.1"]
    await lookups.close()


@pytest.mark.parametrize(
    ("how", "error", "failure"), [("fail", ResolutionFailed, Failure.DNS), ("ignore", TimedOut, Failure.TIMEOUT)]
)
async def test_a_name_server_that_fails_is_told_from_a_name_that_is_not_there(
    site: FakeSite, lookups: Lookups, how: str, error: type[WireError], failure: Failure
) -> None:
    site.dns.add_zone(DOMAIN, "@ TXT nothing")
    assert await lookups.addresses(f"nobody.{DOMAIN}") == []
    getattr(site.dns, how)(DOMAIN, "A")
    with pytest.raises(error) as raised:
        await lookups.addresses(DOMAIN)
    assert raised.value.failure is failure
    await lookups.close()


async def test_a_name_server_that_drops_costs_the_lifetime_of_a_lookup(site: FakeSite) -> None:
    for service in (STARTTLS, DIRECT_TLS):
        site.dns.ignore(f"_{service}._tcp.{DOMAIN}", "SRV")
    begin = time.monotonic()
    with pytest.raises(TimedOut):
        await endpoints(site, "@ A 127.0.0.1")
    assert time.monotonic() - begin < 3  # the two at once, with one second each


async def test_there_is_a_limit_to_endpoints_and_addresses(site: FakeSite) -> None:
    zone = "".join(f"_xmpp-client._tcp SRV {n} 0 5222 many\n" for n in range(MAX_ENDPOINTS + 5))
    zone += "".join(f"many A 127.0.0.{n}\n" for n in range(1, MAX_ADDRESSES + 5))
    found = await endpoints(site, zone)
    assert len(found) == MAX_ENDPOINTS
    assert {len(each.addresses) for each in found} == {MAX_ADDRESSES}


@pytest.mark.parametrize(
    "name", ["a..b", "x" * 64 + ".test", ".".join(["x" * 60] * 5), "\N{SNOWMAN}" * 70, "\ud800", ""]
)
async def test_a_name_that_is_none_is_an_error_or_has_no_address(lookups: Lookups, name: str) -> None:
    try:
        assert await lookups.addresses(name) == []
    except WireError as error:
        assert error.failure is Failure.DNS
    await lookups.close()


async def test_a_target_may_have_any_name(site: FakeSite) -> None:
    (found,) = await endpoints(site, r"_xmpp-client._tcp SRV 0 0 5222 we\032ird\.host")
    assert (found.failure, found.addresses) == (Failure.DNS, ())
    assert found.host == rf"we\032ird\.host.{DOMAIN}"


async def test_names_that_nobody_answers_keep_the_others_waiting_for_a_moment_only(
    site: FakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dns, "MAX_QUERIES", 2)
    monkeypatch.setattr(dns, "PATIENCE", 0.1)
    resolver = Resolver([site.dns.address], site.dns.port, lifetime=LIMIT)
    site.dns.add_zone(DOMAIN, "@ A 127.0.0.1")
    site.dns.ignore("silent.test", "A")
    silent = [asyncio.create_task(resolver.query("silent.test", "A")) for _ in range(8)]
    await asyncio.sleep(0)
    async with asyncio.timeout(LIMIT / 2):
        for _ in range(5):
            assert [record.to_text() for record in (await resolver.query(DOMAIN, "A")).records] == ["127.0.0.1"]
    assert not any(task.done() for task in silent)
    for task in silent:
        task.cancel()
    await asyncio.wait(silent)
    assert resolver._asking._value == 2, "every place was given back, and once"


async def test_what_asks_whether_our_own_network_works_waits_in_no_line(
    site: FakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dns, "MAX_QUERIES", 1)
    resolver = Resolver([site.dns.address], site.dns.port, lifetime=LIMIT)
    site.dns.add_zone(DOMAIN, "@ A 127.0.0.1")
    await resolver._asking.acquire()
    async with asyncio.timeout(LIMIT):
        assert (await resolver.apart().query(DOMAIN, "A")).records
    assert resolver._asking.locked()


async def test_hosts_that_are_foreseen_are_looked_up_at_once_and_only_once(site: FakeSite) -> None:
    site.point(DOMAIN, starttls=[("127.0.0.1", 5222)])
    host = f"xmpp-client-0.{DOMAIN}"
    lookups = Lookups(site.network.resolver)
    try:
        lookups.foresee([host.upper(), f"gone.{DOMAIN}"])
        (endpoint,) = await endpoints_of(lookups, DOMAIN, Party.CLIENT)
        assert endpoint.addresses == ("127.0.0.1",)
        assert [site.dns.count(host, kind) for kind in ("A", "AAAA")] == [1, 1]
    finally:
        await lookups.close()


async def test_a_foreseen_host_that_no_record_names_any_more_is_no_endpoint(site: FakeSite) -> None:
    site.point(DOMAIN, starttls=[("127.0.0.1", 5222)])
    site.dns.ignore(f"gone.{DOMAIN}", "A")
    lookups = Lookups(Resolver([site.dns.address], site.dns.port, lifetime=6 * LIMIT))
    async with asyncio.timeout(LIMIT):
        lookups.foresee([f"gone.{DOMAIN}"])
        (endpoint,) = await endpoints_of(lookups, DOMAIN, Party.CLIENT)
        await lookups.close()
    assert endpoint.host == f"xmpp-client-0.{DOMAIN}"
