"""A probe of a hostile server ends within its limit, blames nobody for our own limits, and delays no other probe."""

import asyncio
import gc
import itertools
from typing import Any
from xml.etree.ElementTree import Element

import pytest

from tests.integration.fake_site import DOMAIN, FakeSite
from tests.integration.hostility import Tampering, die
from tests.servers.fake import (
    Connection,
    Listener,
    Session,
    drips,
    listening,
    never_ends_a_stanza,
    says_http,
    silent,
)
from xmpp_exporter.availability import probe_availability
from xmpp_exporter.catalogue import checks
from xmpp_exporter.model import Failure, ProbeKind, ProbeReport, Reason, Verdict
from xmpp_exporter.probe import probe_compliance
from xmpp_exporter.prober import Prober
from xmpp_exporter.wire import session as wire
from xmpp_exporter.wire.errors import AddressRefused
from xmpp_exporter.wire.network import Timeouts, connect_tcp

LIMIT = 30
WITH_ACCOUNT = frozenset(
    check.id
    for check in checks().values()
    if check.topic in ("messaging", "mobile", "history", "pep", "group_chat")
    and check.needs <= {"account", "no_contacts"}
)
"""Checks that can't be decided without a session: those of other topics look at much that a stranger sees, too."""
PING = "{urn:xmpp:ping}ping"


def place(listener: Listener) -> tuple[str, int]:
    return listener.address, listener.port


async def probe(prober: Prober, site: FakeSite, kind: ProbeKind, domain: str = DOMAIN, **settings: Any) -> ProbeReport:
    """One probe; of the catalogue only what needs an account, which is what happens on streams."""
    config = site.config(domain, **settings)
    if kind is ProbeKind.AVAILABILITY:
        return await probe_availability(prober, config)
    return await probe_compliance(prober, config, only=WITH_ACCOUNT)


def nothing_is_open(prober: Prober) -> bool:
    """No connection, no place, no account is held any more, and no session is left."""
    gc.collect()
    return (
        not prober.network.connections._gates
        and not any(prober.admission.running(kind) for kind in ProbeKind)
        and not prober.accounts.in_use(f"probe@{DOMAIN}")
        and not any(type(each) is wire.Session for each in gc.get_objects())
    )


# time


@pytest.mark.parametrize("kind", ProbeKind)
async def test_a_drip_ends_with_the_probes_limit(site: FakeSite, kind: ProbeKind) -> None:
    prober = site.prober()
    async with listening(drips(DOMAIN, interval=0.02)) as listener:
        site.point(DOMAIN, starttls=[place(listener)])
        report = await probe(prober, site, kind, timeouts={kind: "1s", "reply": "500ms"})
    assert (report.success, report.failure, report.checks) == (False, Failure.TIMEOUT, ())
    assert 1 <= report.duration < 5
    assert nothing_is_open(prober)


async def drip_for_ever(session: Session) -> None:
    """A hook: whitespace, often enough for us to wait, and never an answer."""
    while True:
        await asyncio.sleep(0.05)
        await session.send(" ")


async def test_a_drip_after_login_ends_with_the_probes_limit(site: FakeSite) -> None:
    prober = site.prober()
    async with listening(site.server(on_start=drip_for_ever)) as listener:
        site.point(DOMAIN, starttls=[place(listener)])
        report = await probe(prober, site, ProbeKind.COMPLIANCE, timeouts={"compliance": "1500ms", "reply": "500ms"})
    assert (report.login, report.success, report.failure) == (True, False, Failure.TIMEOUT)
    # what is missing among the stream's features is known without an answer
    assert {result.outcome.reason for result in report.checks} == {Reason.TIMEOUT, Reason.NOT_OFFERED}
    assert 1.5 <= report.duration < 6
    assert nothing_is_open(prober)


async def test_when_the_stream_dies_the_remaining_checks_end_at_once(site: FakeSite) -> None:
    seen = 0

    async def soon_die(session: Session, iq: Element) -> None:
        nonlocal seen
        seen += 1
        if seen == 5:
            await die(session, iq)

    prober = site.prober()
    async with listening(site.server(on_iq=soon_die)) as listener:
        site.point(DOMAIN, starttls=[place(listener)])
        timeouts = {"compliance": f"{LIMIT}s", "reply": f"{LIMIT}s"}
        report = await probe(prober, site, ProbeKind.COMPLIANCE, timeouts=timeouts)
    assert (report.login, report.success) == (True, True)
    assert len(report.checks) == len(WITH_ACCOUNT)
    outcomes = {result.check: (result.outcome.verdict, result.outcome.reason) for result in report.checks}
    decided = {
        check for check, outcome in outcomes.items() if outcome[1] not in (Reason.DISCONNECTED, Reason.DEPENDS_ON)
    }
    # what is in the stream's features is known without asking
    assert {outcomes[check][0] for check in decided} <= {Verdict.UNSUPPORTED}
    assert len(decided) < len(outcomes) / 3
    assert report.duration < LIMIT / 3
    assert nothing_is_open(prober)


# our own limits


async def test_too_many_iterations_are_our_limit_and_not_the_servers_failure(site: FakeSite) -> None:
    def tamper(_name: str, text: str) -> str:
        return text.replace("i=4096", "i=100000000")

    server, prober = Tampering(DOMAIN, site.tls(), tamper=tamper), site.prober()
    async with listening(server) as listener:
        site.point(DOMAIN, starttls=[place(listener)])
        report = await probe(prober, site, ProbeKind.COMPLIANCE)
    assert (report.success, report.login_failure) == (True, Failure.PROBER_LIMIT)
    assert {result.outcome.reason for result in report.checks} == {Reason.PROBER_LIMIT}


@pytest.mark.parametrize("kind", ProbeKind)
async def test_a_private_address_is_refused_without_a_connection(site: FakeSite, kind: ProbeKind) -> None:
    async with listening(site.server()) as listener:
        site.point(DOMAIN, starttls=[place(listener)])
        report = await probe(site.prober(), site, kind, allow_private_addresses=False)
        assert listener.accepted == 0
    assert (report.success, report.failure) == (False, Failure.PROBER_LIMIT)


async def test_a_name_that_changes_its_mind_gains_nothing(site: FakeSite) -> None:
    """DNS rebinding: public for whoever looks first, private for whoever connects."""
    async with listening(site.server()) as listener:
        site.point(DOMAIN, starttls=[place(listener)])
        host = f"xmpp-client-0.{DOMAIN}"
        site.dns.change(host, "A", [["1.1.1.1"], [listener.address]])
        first = await site.network.resolver.query(host, "A")
        assert [record.to_text() for record in first.records] == ["1.1.1.1"]
        report = await probe(site.prober(), site, ProbeKind.COMPLIANCE, allow_private_addresses=False)
        assert (report.failure, listener.accepted) == (Failure.PROBER_LIMIT, 0)
        assert listener.address in report.detail


async def test_no_way_of_connecting_goes_past_the_guard(site: FakeSite) -> None:
    async with listening(site.server()) as listener:
        session = site.session(listener)
        session.target = target = type(session.target)(
            DOMAIN, DOMAIN, listener.address, listener.port, direct_tls=False, allow_private=False
        )
        with pytest.raises(AddressRefused):
            async with session:
                pass
        with pytest.raises(AddressRefused):
            await connect_tcp(target, Timeouts())
        assert listener.accepted == 0


# one bad server never delays another


@pytest.mark.parametrize("looks", [1, 2])  # the one without login is one of the first two connections
async def test_a_login_is_closed_when_the_look_without_login_never_ends(site: FakeSite, looks: int) -> None:
    """A server that lets us log in and keeps silent to strangers: the probe gives up, and logs out."""
    server, ended, met = site.server(), asyncio.Event(), itertools.count(1)

    async def behave(connection: Connection) -> None:
        if next(met) == looks:
            await silent(connection)
        else:
            try:
                await server(connection)
            finally:
                ended.set()

    prober = site.prober()
    async with listening(behave) as listener:
        site.point(DOMAIN, starttls=[place(listener)])
        timeouts = {"compliance": "1500ms", "reply": f"{LIMIT}s"}
        report = await probe(prober, site, ProbeKind.COMPLIANCE, timeouts=timeouts)
        async with asyncio.timeout(LIMIT):
            await ended.wait()
    assert (report.success, report.failure) == (False, Failure.TIMEOUT)
    assert nothing_is_open(prober)


FAILURES = {
    "silent": Failure.TIMEOUT,
    "drips": Failure.TIMEOUT,
    "http": Failure.PROTOCOL,
    "endless": Failure.PROTOCOL,
    "refuses": Failure.REFUSED,
    "unresolvable": Failure.DNS,
    "unanswered": Failure.TIMEOUT,
}
"""Bad servers, and what becomes of a probe of each."""


@pytest.mark.parametrize("kind", ProbeKind)
async def test_bad_servers_do_not_delay_a_good_one(site: FakeSite, kind: ProbeKind) -> None:
    prober = site.prober()
    async with (
        listening(site.server()) as good,
        listening(silent, address="127.0.0.2") as silent_,
        listening(drips("drips.test", interval=0.02), address="127.0.0.3") as drips_,
        listening(says_http, address="127.0.0.4") as http,
        listening(never_ends_a_stanza("endless.test"), address="127.0.0.5") as endless,
    ):
        site.point(DOMAIN, starttls=[place(good)])
        for name, listener in {"silent": silent_, "drips": drips_, "http": http, "endless": endless}.items():
            site.point(f"{name}.test", starttls=[place(listener)])
        for name in ("refuses", "unanswered"):
            site.point(f"{name}.test", starttls=[("127.0.0.6", 1)])
        for service in ("xmpp-client", "xmpps-client"):
            site.dns.ignore(f"_{service}._tcp.unanswered.test", "SRV")

        alone = (await probe(prober, site, kind)).duration
        limits = {kind: "3s", "connect": "2s", "reply": "2s"}
        bad = {
            name: asyncio.create_task(probe(prober, site, kind, f"{name}.test", timeouts=limits)) for name in FAILURES
        }
        together = []
        while not all(task.done() for task in bad.values()):
            report = await probe(prober, site, kind)
            assert report.success and report.login
            together.append(report.duration)
        assert {name: (await task).failure for name, task in bad.items()} == FAILURES
    assert len(together) >= 3
    assert sorted(together)[len(together) // 2] < 5 * alone + 0.2
