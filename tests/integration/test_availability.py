"""An availability probe looks at every address, logs in at another one each time, and tells what is wrong with each."""

import asyncio
import errno
import socket
import time
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import pytest

from tests.integration.exhaustion import no_more_files
from tests.integration.fake_site import DOMAIN, FakeSite
from tests.servers.certificates import DAY, Flaw
from tests.servers.fake import FakeXmpp, Listener, listening, silent
from xmpp_exporter.availability import probe_availability
from xmpp_exporter.metrics import render_report
from xmpp_exporter.model import PROBER_FAULTS, AddressReport, Failure, ProbeReport
from xmpp_exporter.probe import probe_compliance
from xmpp_exporter.wire import network
from xmpp_exporter.wire.dns import Answer, Lookups, Resolver
from xmpp_exporter.wire.endpoints import endpoints_of
from xmpp_exporter.wire.network import Party
from xmpp_exporter.wire.trace import Trace


class Remembering(Resolver):
    """Answers with what was found before."""

    def __init__(self, lookups: Lookups) -> None:
        super().__init__()
        self.lookups = lookups

    async def query(self, name: str, kind: str) -> Answer:
        return await self.lookups.answer(name, kind)


NOBODY = "127.0.0.1", 1
"""Where nobody listens: the port is reserved."""


def has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


def place(listener: Listener) -> tuple[str, int]:
    return listener.address, listener.port


def addresses(report: ProbeReport) -> dict[str, AddressReport]:
    """What was found at each endpoint that has one address, by its host."""
    return {endpoint.host: endpoint.addresses[0] for endpoint in report.endpoints if endpoint.addresses}


async def test_all_endpoints_are_told_of_when_one_is_dead(site: FakeSite) -> None:
    server = site.server()
    async with listening(server) as listener:
        site.point(DOMAIN, starttls=[NOBODY, place(listener)])
        report = await probe_availability(site.prober(), site.config())
    assert (report.success, report.failure, report.login) == (True, None, True)
    assert report.ping_duration is not None and report.mechanisms == ("SCRAM-SHA-256", "SCRAM-SHA-1")
    dead, alive = addresses(report).values()
    assert (dead.failure, dead.connect_duration, dead.tls_version) == (Failure.REFUSED, None, None)
    assert alive.failure is None and alive.connect_duration is not None and alive.tls_version == "TLSv1.3"
    assert {phase for phase, duration in report.phases.items() if duration > 0} == {"dns", "connect", "tls", "auth"}


async def test_the_trace_has_the_streams_to_every_address(site: FakeSite) -> None:
    lines: list[str] = []
    async with listening(site.server()) as listener:
        site.point(DOMAIN, starttls=[NOBODY, place(listener)])
        await probe_availability(site.prober(), site.config(account=False), trace=Trace(lines.append))
    text = "\n".join(lines)
    assert text.count("# connecting to ") == 2
    assert f"> <?xml version='1.0'?><stream:stream to='{DOMAIN}'" in text
    assert "SCRAM-SHA-256" in text


async def test_each_probe_logs_in_at_another_address(site: FakeSite) -> None:
    tls = site.tls()
    servers = [FakeXmpp(DOMAIN, tls), FakeXmpp(DOMAIN, tls, direct_tls=True), FakeXmpp(DOMAIN, tls)]
    async with AsyncExitStack() as stack:
        listeners = [
            await stack.enter_async_context(listening(server, tls=tls if server.direct_tls else None))
            for server in servers
        ]
        site.point(DOMAIN, starttls=[place(listeners[0]), place(listeners[2])], direct_tls=[place(listeners[1])])
        prober, config = site.prober(), site.config()
        logins = []
        for turn in range(6):
            before = [len(server.sessions) for server in servers]
            assert (await probe_availability(prober, config, turn=turn)).login
            after = [len(server.sessions) for server in servers]
            assert sum(after) == sum(before) + 1
            logins += [number for number in range(3) if after[number] > before[number]]
    # direct TLS goes before STARTTLS where the priorities are equal
    assert logins == [1, 0, 2, 1, 0, 2]


async def test_a_dead_address_costs_a_login_no_more_than_its_turn(site: FakeSite) -> None:
    async with listening(site.server()) as listener:
        site.point(DOMAIN, starttls=[NOBODY, place(listener)])
        prober, config = site.prober(), site.config()
        assert [(await probe_availability(prober, config, turn=turn)).login for turn in range(3)] == [True] * 3


@pytest.mark.parametrize("direct_tls", [False, True], ids=["STARTTLS", "direct TLS"])
@pytest.mark.parametrize(
    ("flaw", "days", "words"),
    [
        (Flaw.EXPIRED, -1, "certificate has expired"),
        (Flaw.WRONG_NAME, 90, "the certificate is not for fake.test"),
        (Flaw.SELF_SIGNED, 90, "self-signed certificate"),
    ],
)
async def test_a_bad_certificate_is_told_with_its_dates(
    site: FakeSite, flaw: Flaw, days: int, words: str, direct_tls: bool
) -> None:
    tls = site.tls(flaw=flaw)
    server = FakeXmpp(DOMAIN, tls, direct_tls=direct_tls)
    async with listening(server, tls=tls if direct_tls else None) as listener:
        places = [place(listener)]
        site.point(DOMAIN, **{"direct_tls" if direct_tls else "starttls": places})
        report = await probe_availability(site.prober(), site.config())
    assert (report.success, report.failure, report.login_failure) == (False, Failure.CERTIFICATE, Failure.CERTIFICATE)
    assert words in report.detail
    (address,) = addresses(report).values()
    assert address.failure is Failure.CERTIFICATE
    assert address.certificate_not_after == pytest.approx(time.time() + days * DAY.total_seconds(), abs=120)
    assert report.mechanisms, "known all the same"
    assert server.attempts == []


async def test_a_certificate_that_ends_soon_is_a_good_one(site: FakeSite) -> None:
    async with listening(FakeXmpp(DOMAIN, site.tls(flaw=Flaw.SOON))) as listener:
        site.point(DOMAIN, starttls=[place(listener)])
        report = await probe_availability(site.prober(), site.config())
    (address,) = addresses(report).values()
    assert report.success and address.failure is None
    assert address.certificate_not_after == pytest.approx(time.time() + 5 * DAY.total_seconds(), abs=120)


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6, not even for itself")
async def test_ipv6_is_an_address_like_any_other(site: FakeSite) -> None:
    async with listening(site.server(), address="::1") as listener:
        site.point(DOMAIN, starttls=[place(listener)])
        report = await probe_availability(site.prober(), site.config())
    (address,) = addresses(report).values()
    assert (address.address, address.family, address.failure) == ("::1", "ipv6", None)
    assert report.success and report.login


async def test_an_ipv6_address_without_a_route_is_our_own_fault(site: FakeSite) -> None:
    """Documentation addresses are routed nowhere; a machine with a default route finds them unreachable at best."""
    site.point(DOMAIN, starttls=[("2001:db8::1", 5222)])
    report = await probe_availability(site.prober(), site.config(account=False))
    assert report.failure in (Failure.PROBER_NETWORK, Failure.UNREACHABLE, Failure.TIMEOUT)
    assert not report.success


def without_ipv6(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make this machine one that has no route to any IPv6 address."""
    loop = asyncio.get_running_loop()
    connect = loop.create_connection

    async def create_connection(protocol: Any, host: str, *arguments: Any, **settings: Any) -> Any:
        if ":" in host:
            raise OSError(errno.ENETUNREACH, "Network is unreachable")
        return await connect(protocol, host, *arguments, **settings)

    monkeypatch.setattr(loop, "create_connection", create_connection)
    monkeypatch.setattr(network, "routed", lambda address: ":" not in address)


@pytest.mark.parametrize("places", [[("2001:db8::1", 5222), NOBODY], [NOBODY, ("2001:db8::1", 5222)]])
async def test_an_address_without_a_route_does_not_hide_that_the_server_is_down(
    site: FakeSite, monkeypatch: pytest.MonkeyPatch, places: list[tuple[str, int]]
) -> None:
    without_ipv6(monkeypatch)
    site.point(DOMAIN, starttls=places)
    availability = await probe_availability(site.prober(), site.config())
    assert {address.failure for address in addresses(availability).values()} == {
        Failure.PROBER_NETWORK, Failure.REFUSED
    }  # fmt: skip
    assert (availability.success, availability.failure) == (False, Failure.REFUSED)
    assert (availability.login, availability.login_failure) == (False, Failure.REFUSED)
    compliance = await probe_compliance(site.prober(), site.config())
    assert (compliance.success, compliance.failure) == (False, Failure.REFUSED)
    assert render_report(availability)["xmpp_probe_success"].endswith(b" 0\n")


@pytest.mark.parametrize("resolved", [False, True], ids=["while resolving", "while connecting"])
async def test_no_server_is_blamed_when_we_can_open_no_more_files(site: FakeSite, resolved: bool) -> None:
    async with listening(site.server()) as listener:
        site.point(DOMAIN, starttls=[place(listener)])
        prober = site.prober()
        if resolved:
            lookups = Lookups(site.network.resolver)
            await endpoints_of(lookups, DOMAIN, Party.CLIENT)
            prober.network = replace(site.network, resolver=Remembering(lookups))
        with no_more_files():
            availability = await probe_availability(prober, site.config())
            compliance = await probe_compliance(prober, site.config())
    assert (availability.failure, compliance.failure) == (Failure.PROBER_LIMIT, Failure.PROBER_LIMIT)
    assert "Too many open files" in availability.detail
    assert availability.login_failure in (None, *PROBER_FAULTS), "nor can a password be read"
    assert not {"xmpp_probe_success", "xmpp_login_success"} & set(render_report(availability))


async def test_a_host_without_address_is_an_endpoint_that_fails(site: FakeSite) -> None:
    async with listening(site.server()) as listener:
        records = f"_xmpp-client._tcp SRV 0 0 5222 nowhere\n_xmpp-client._tcp SRV 1 0 {listener.port} here\n"
        site.dns.add_zone(DOMAIN, records + "here A 127.0.0.1\n")
        report = await probe_availability(site.prober(), site.config())
    assert report.success and report.login
    nowhere = next(endpoint for endpoint in report.endpoints if not endpoint.addresses)
    assert (nowhere.host, nowhere.failure, nowhere.detail) == (
        f"nowhere.{DOMAIN}", Failure.DNS, f"nowhere.{DOMAIN} has no address"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("zone", "failure"),
    [
        ("_xmpp-client._tcp SRV 0 0 0 .", Failure.NOT_OFFERED),
        ("_xmpp-client._tcp SRV 0 0 0 .\n_xmpps-client._tcp SRV 0 0 0 .", Failure.NOT_OFFERED),
        ("_xmpps-client._tcp SRV 0 0 0 .\n@ A 127.0.0.1", Failure.REFUSED),
        ("@ A 127.0.0.1", Failure.REFUSED),
        ("_xmpp-client._tcp SRV 0 0 5222 nowhere", Failure.DNS),
        ("@ TXT nothing", Failure.DNS),
    ],
)
async def test_a_domain_that_serves_no_clients_is_told_from_one_that_is_down(
    site: FakeSite, zone: str, failure: Failure
) -> None:
    site.dns.add_zone(DOMAIN, zone)
    report = await probe_availability(site.prober(), site.config(account=False))
    assert (report.success, report.failure) == (False, failure)


@pytest.mark.parametrize("lost", ["xmpp-client", "xmpps-client"])
@pytest.mark.parametrize("how", ["fail", "ignore"])
async def test_where_records_are_not_known_the_domain_itself_is_not_tried(site: FakeSite, lost: str, how: str) -> None:
    """They may well name another host."""
    site.dns.add_zone(DOMAIN, "@ A 127.0.0.1")
    getattr(site.dns, how)(f"_{lost}._tcp.{DOMAIN}", "SRV")
    report = await probe_availability(site.prober(), site.config(account=False))
    failure = Failure.DNS if how == "fail" else Failure.TIMEOUT
    assert (report.success, report.failure, report.endpoints) == (False, failure, ())
    assert f"_{lost}._tcp.{DOMAIN}" in report.detail


@pytest.mark.parametrize("lost", ["xmpp-client", "xmpps-client"])
async def test_one_kind_of_record_is_enough(site: FakeSite, lost: str) -> None:
    tls = site.tls()
    direct = lost == "xmpp-client"
    async with listening(FakeXmpp(DOMAIN, tls, direct_tls=direct), tls=tls if direct else None) as listener:
        site.point(DOMAIN, **{"direct_tls" if direct else "starttls": [place(listener)]})
        site.dns.fail(f"_{lost}._tcp.{DOMAIN}", "SRV")
        report = await probe_availability(site.prober(), site.config())
    assert report.success and report.login


async def test_a_login_that_waits_for_our_own_other_probe_is_no_failure(site: FakeSite) -> None:
    prober, config = site.prober(), site.config(timeouts={"availability": "1s"})
    async with listening(site.server()) as listener:
        site.point(DOMAIN, starttls=[place(listener)])
        async with prober.accounts.hold(f"probe@{DOMAIN}"):
            report = await probe_availability(prober, config)
        assert (report.success, report.login, report.login_failure) == (True, None, None)


async def test_a_login_whose_time_went_by_while_another_probe_logged_in_is_no_failure(site: FakeSite) -> None:
    prober, account = site.prober(), f"probe@{DOMAIN}"
    config = site.config(timeouts={"availability": "1s", "reply": "60s"})
    async with listening(silent) as listener:
        site.point(DOMAIN, starttls=[place(listener)])
        async with prober.accounts.hold(account):
            probe = asyncio.create_task(probe_availability(prober, config))
            await asyncio.sleep(0.8)  # the login gets the account when a fifth of its time is left
        report = await probe
    assert (report.failure, report.login, report.login_failure) == (Failure.TIMEOUT, None, None)
    assert not prober.accounts.in_use(account)


async def test_a_compliance_probe_waits_for_its_account_in_its_own_time(site: FakeSite) -> None:
    prober, config = site.prober(), site.config(timeouts={"compliance": "6s"})
    async with listening(site.server()) as listener:
        site.point(DOMAIN, starttls=[place(listener)])
        async with prober.accounts.hold(f"probe@{DOMAIN}"):
            probe = asyncio.create_task(probe_compliance(prober, config, only={"xep0199"}))
            await asyncio.sleep(3)  # time has to pass: it is what must not count
        report = await probe
    assert (report.success, report.login) == (True, True)
    assert report.duration < 3


async def test_an_account_that_never_becomes_free_is_our_own_limit(site: FakeSite) -> None:
    prober, config = site.prober(), site.config(timeouts={"compliance": "1s"})
    async with listening(site.server()) as listener:
        site.point(DOMAIN, starttls=[place(listener)])
        async with prober.accounts.hold(f"probe@{DOMAIN}"):
            report = await probe_compliance(prober, config)
    assert (report.success, report.failure, report.login) == (False, Failure.PROBER_LIMIT, None)
    assert "another probe" in report.detail


async def test_the_limit_of_the_probe_ends_it(site: FakeSite) -> None:
    async with listening(silent) as listener:
        site.point(DOMAIN, starttls=[place(listener)])
        config = site.config(timeouts={"availability": "1s", "reply": "60s"})
        report = await probe_availability(site.prober(), config)
    assert (report.failure, report.login_failure) == (Failure.TIMEOUT, Failure.TIMEOUT)
    assert 1 <= report.duration < 4
