"""Sessions that are begun beside the first one: ready when a check needs them, never a second guess at a password."""

import asyncio
from dataclasses import replace

import pytest

from tests.integration.fake_site import DOMAIN, PASSWORD, FakeSite
from tests.integration.hostility import Blurting
from tests.servers.fake import listening
from tests.servers.fake.xmpp import SASL
from xmpp_exporter.model import Failure
from xmpp_exporter.probe import probe_compliance
from xmpp_exporter.wire.ahead import Ahead
from xmpp_exporter.wire.errors import LoginFailed
from xmpp_exporter.wire.session import Session

CHECK = "rfc6121"
"""One that needs a second session."""


def refusing(site: FakeSite) -> Blurting:
    refusal = f"<failure xmlns='{SASL}'><not-authorized/></failure>"
    return Blurting(DOMAIN, site.tls(), answer=refusal, passwords={"probe": PASSWORD})


async def encrypted(session: Session) -> None:
    """Wait until the session has come as far as it may."""
    async with asyncio.timeout(5):
        while not session.mechanisms:
            await asyncio.sleep(0.01)


async def test_a_refused_password_is_not_used_by_the_sessions_that_wait(site: FakeSite) -> None:
    server = refusing(site)
    async with listening(server) as listener:
        site.point(DOMAIN, starttls=[(listener.address, listener.port)])
        report = await probe_compliance(site.prober(), site.config(), only={CHECK})
    assert report.login_failure is Failure.BAD_PASSWORD
    assert len(server.attempts) == 1


async def test_nothing_is_begun_while_a_refused_login_is_waited_for(site: FakeSite) -> None:
    """Or for checks that are excluded: connections that never log in are of no use, and servers may take them amiss."""
    server = refusing(site)
    async with listening(server) as listener:
        site.point(DOMAIN, starttls=[(listener.address, listener.port)])
        prober = site.prober()
        await probe_compliance(prober, site.config(), only={CHECK})
        before = listener.accepted
        assert before == 3  # one without login, one with, and one that waits for it
        report = await probe_compliance(prober, site.config(), only={CHECK})
        assert report.login_failure is Failure.BAD_PASSWORD
        assert listener.accepted - before == 1
        prober.backoff.forget()
        await probe_compliance(prober, site.config(exclude=[CHECK]), only={CHECK})
        assert listener.accepted - before == 1 + 2


async def test_after_a_failed_login_no_session_waits_on(site: FakeSite) -> None:
    """Checks without login would have to do without its connection."""
    async with listening(refusing(site)) as listener:
        site.point(DOMAIN, starttls=[(listener.address, listener.port)])
        prober = site.prober()
        inside = prober.network.connections._gates
        seen: list[int] = []
        await probe_compliance(
            prober, site.config(), only={CHECK}, progress=lambda _: seen.append(inside[listener.address].inside)
        )
    assert seen == [1]  # that of the stream without login


async def test_a_session_waits_with_its_password_until_it_is_wanted(site: FakeSite) -> None:
    server = refusing(site)
    async with listening(server) as listener:
        session = site.session(listener)
        ahead = Ahead(session)
        await encrypted(session)
        assert server.attempts == []
        with pytest.raises(LoginFailed):
            await ahead.logged_in_at(session.target)
        assert len(server.attempts) == 1
        await ahead.close()


async def test_a_session_that_is_elsewhere_or_broke_is_of_no_use(site: FakeSite) -> None:
    async with listening(site.server()) as listener:
        session = site.session(listener)
        ahead = Ahead(session)
        assert await ahead.logged_in_at(replace(session.target, port=session.target.port + 1)) is None
        await encrypted(session)
        session.cut()
        assert await ahead.logged_in_at(session.target) is None
        await ahead.close()


async def test_nothing_is_left_of_a_session_that_nobody_wanted(site: FakeSite) -> None:
    async with listening(site.server()) as listener:
        before = asyncio.all_tasks()
        session = site.session(listener)
        ahead = Ahead(session)
        await encrypted(session)
        await ahead.close()
        assert not session.alive
        async with asyncio.timeout(5):
            while asyncio.all_tasks() - before:  # the listener's own, until it sees the end
                await asyncio.sleep(0.01)
