"""After a refused login the server is left alone: one guess at a password, whoever probes, and none too soon."""

import time
from collections.abc import Callable

import pytest

from tests.integration.fake_site import DOMAIN, PASSWORD, FakeSite
from tests.integration.hostility import Blurting
from tests.servers.fake import FakeXmpp, Listener, listening
from tests.servers.fake.xmpp import SASL
from xmpp_exporter.availability import probe_availability
from xmpp_exporter.backoff import FIRST_WAIT, LONGEST_WAIT
from xmpp_exporter.model import Failure, ProbeReport, Reason
from xmpp_exporter.probe import probe_compliance
from xmpp_exporter.prober import Prober

MINUTE = 60.0

Clock = Callable[[float], None]


@pytest.fixture
def wait(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Lets the wall clock go forward by so many seconds."""
    now, passed = time.time, [0.0]
    monkeypatch.setattr(time, "time", lambda: now() + sum(passed))
    return passed.append


def serve(site: FakeSite, listener: Listener) -> None:
    site.point(DOMAIN, starttls=[(listener.address, listener.port)])


async def look(site: FakeSite, prober: Prober) -> ProbeReport:
    return await probe_availability(prober, site.config())


def refusing(site: FakeSite, condition: str) -> Blurting:
    return Blurting(
        DOMAIN, site.tls(), answer=f"<failure xmlns='{SASL}'><{condition}/></failure>", passwords={"probe": PASSWORD}
    )


@pytest.mark.parametrize(
    ("condition", "failure"),
    [
        ("not-authorized", Failure.BAD_PASSWORD),
        ("account-disabled", Failure.ACCOUNT_DISABLED),
        ("credentials-expired", Failure.ACCOUNT_DISABLED),
        ("invalid-authzid", Failure.AUTH_FAILED),
    ],
)
async def test_a_refused_login_is_not_repeated_by_either_kind_of_probe(
    site: FakeSite, condition: str, failure: Failure
) -> None:
    server, prober = refusing(site, condition), site.prober()
    async with listening(server) as listener:
        serve(site, listener)
        first, second = await look(site, prober), await look(site, prober)
        compliance = await probe_compliance(prober, site.config(), only={"xep0198"})
    assert server.attempts == ["SCRAM-SHA-256"]
    assert [report.login_failure for report in (first, second, compliance)] == [failure] * 3
    assert (first.success, first.login) == (second.success, second.login) == (True, False)
    assert condition in second.login_detail and "not tried again before 2" in second.login_detail
    assert compliance.success and compliance.checks[0].outcome.reason is Reason.LOGIN_FAILED


@pytest.mark.parametrize("condition", ["temporary-auth-failure"])
async def test_a_server_that_cannot_tell_now_is_asked_again(site: FakeSite, condition: str) -> None:
    server, prober = refusing(site, condition), site.prober()
    async with listening(server) as listener:
        serve(site, listener)
        reports = [await look(site, prober) for _ in range(2)]
    assert [report.login_failure for report in reports] == [Failure.AUTH_FAILED] * 2
    assert len(server.attempts) == 2


async def test_no_mechanism_and_a_dead_server_are_no_refusals(site: FakeSite) -> None:
    prober = site.prober()
    async with listening(site.server(mechanisms=["PLAIN"])) as listener:
        serve(site, listener)
        assert (await look(site, prober)).login_failure is Failure.NO_MECHANISM
    assert (await look(site, prober)).login_failure is Failure.REFUSED
    async with listening(site.server()) as listener:
        serve(site, listener)
        assert (await look(site, prober)).login


def wrong(site: FakeSite) -> FakeXmpp:
    """A server whose account has another password than the file."""
    return site.server(passwords={"probe": "new secret"})


async def test_a_changed_password_file_is_tried_at_once(site: FakeSite) -> None:
    server, prober = wrong(site), site.prober()
    async with listening(server) as listener:
        serve(site, listener)
        assert not (await look(site, prober)).login
        site.password_file.write_text("still wrong")
        assert not (await look(site, prober)).login
        assert not (await look(site, prober)).login
        site.password_file.write_text("new secret")
        assert (await look(site, prober)).login
        assert (await look(site, prober)).login
    assert len(server.attempts) == 4


async def test_a_reload_lets_it_be_tried_again(site: FakeSite) -> None:
    server, prober = wrong(site), site.prober()
    async with listening(server) as listener:
        serve(site, listener)
        await look(site, prober)
        prober.backoff.forget()
        await look(site, prober)
        await look(site, prober)
    assert len(server.attempts) == 2


async def test_it_is_tried_again_after_15_minutes_doubling_to_6_hours(site: FakeSite, wait: Clock) -> None:
    server, prober = wrong(site), site.prober()
    async with listening(server) as listener:
        serve(site, listener)
        await look(site, prober)
        expected = 1
        for pause in (15, 30, 60, 120, 240, 360, 360):
            wait((pause - 1) * MINUTE)
            await look(site, prober)
            assert len(server.attempts) == expected
            wait(MINUTE)
            await look(site, prober)
            expected += 1
            assert len(server.attempts) == expected
        server.passwords = {"probe": PASSWORD}
        wait(LONGEST_WAIT)
        assert (await look(site, prober)).login
        server.passwords = {"probe": "changed again"}
        assert not (await look(site, prober)).login
        wait(FIRST_WAIT)
        await look(site, prober)
    assert len(server.attempts) == expected + 3, "after a success the waits begin anew"


async def test_a_restart_changes_nothing(site: FakeSite) -> None:
    server, before, after = wrong(site), site.prober(), site.prober()
    async with listening(server) as listener:
        serve(site, listener)
        await look(site, before)
        after.backoff.load(before.backoff.dump())
        report = await look(site, after)
    assert (report.login, report.login_failure) == (False, Failure.BAD_PASSWORD)
    assert len(server.attempts) == 1


async def test_a_missing_password_is_our_own_fault_and_no_guess(site: FakeSite) -> None:
    server, prober = site.server(), site.prober()
    async with listening(server) as listener:
        serve(site, listener)
        site.password_file.unlink()
        assert (await look(site, prober)).login_failure is Failure.INTERNAL
        site.password_file.write_text(PASSWORD)
        assert (await look(site, prober)).login
    assert server.attempts == ["SCRAM-SHA-256"]


async def test_a_refusal_at_one_endpoint_is_not_tried_at_the_next(site: FakeSite) -> None:
    servers = [wrong(site), wrong(site)]
    async with listening(servers[0]) as first, listening(servers[1]) as second:
        site.point(DOMAIN, starttls=[(each.address, each.port) for each in (first, second)])
        await look(site, site.prober())
    assert [len(server.attempts) for server in servers] == [1, 0]
