"""The checks that need an account, against real servers: every verdict is as the table of its domain says."""

from pathlib import Path

import pytest
import yaml

from tests.integration.account_state import account_state, logged_in
from tests.integration.probing import config_of, prober_of, verdicts_of
from tests.servers.laboratory import PEER, POPULAR, PROBE, Laboratory, Server
from xmpp_exporter.checks import avatar, pubsub
from xmpp_exporter.probe import probe_compliance
from xmpp_exporter.prober import Prober

EXPECTED = Path(__file__).parent / "expected" / "account"
"""One table for each domain: check id to verdict and reason."""

SHOWN_TO_CONTACTS = {"xep0384", "xep0398", "xep0402"}
BOTH = pytest.mark.parametrize("domain", ["good.prosody.test", "good.ejabberd.test"])


def expected(domain: str) -> dict[str, str]:
    table: dict[str, str] = yaml.safe_load((EXPECTED / f"{domain}.yml").read_text())
    return table


@pytest.fixture
def prober(laboratory: Laboratory) -> Prober:
    return prober_of(laboratory)


@pytest.mark.parametrize("domain", sorted(file.stem for file in EXPECTED.glob("*.yml")))
async def test_every_verdict_is_the_expected_one(laboratory: Laboratory, prober: Prober, domain: str) -> None:
    config = config_of(laboratory, domain)
    report = await probe_compliance(prober, config, only=expected(domain))
    assert report.success and report.login
    assert verdicts_of(report) == expected(domain)
    assert prober.journal.left(f"{PROBE}@{domain}") == []


@BOTH
async def test_nothing_is_published_where_contacts_would_see_it(
    laboratory: Laboratory, prober: Prober, domain: str
) -> None:
    config = config_of(laboratory, domain, POPULAR)
    before = await account_state(prober, laboratory.server(domain), POPULAR)
    report = await probe_compliance(prober, config, only=expected(domain))
    hidden = dict.fromkeys(SHOWN_TO_CONTACTS, "unknown account_has_contacts")
    assert verdicts_of(report) == expected(domain) | hidden
    assert await account_state(prober, laboratory.server(domain), POPULAR) == before


@BOTH
async def test_contacts_do_not_matter_where_the_configuration_allows_them(
    laboratory: Laboratory, prober: Prober, domain: str
) -> None:
    config = config_of(laboratory, domain, POPULAR)
    assert config.account is not None
    lenient = config.model_copy(update={"account": config.account.model_copy(update={"allow_contacts": True})})
    report = await probe_compliance(prober, lenient, only=SHOWN_TO_CONTACTS)
    assert verdicts_of(report) == {check: expected(domain)[check] for check in SHOWN_TO_CONTACTS}


@BOTH
async def test_a_read_only_probe_leaves_out_what_makes_something(
    laboratory: Laboratory, prober: Prober, domain: str
) -> None:
    config = config_of(laboratory, domain, intrusive=False)
    report = await probe_compliance(prober, config, only=expected(domain))
    left_out = dict.fromkeys(SHOWN_TO_CONTACTS | {"xep0191"}, "unknown excluded")
    assert verdicts_of(report) == expected(domain) | left_out


async def furnish(prober: Prober, server: Server, user: str) -> None:
    """Give an account what people have: somebody blocked, a bookmark, a vCard and a node."""
    bookmark = "<conference jid='orchard@rooms.example.org' name='The Orchard' autojoin='true'/>"
    async with logged_in(prober, server, user) as session:
        for request in (
            "<block xmlns='urn:xmpp:blocking'><item jid='nuisance@example.org'/></block>",
            f"<query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'>{bookmark}</storage></query>",
            "<vCard xmlns='vcard-temp'><FN>Juliet</FN><NICKNAME>Jule</NICKNAME></vCard>",
        ):
            await session.iq("set", request)
        await pubsub.publish(session, "http://jabber.org/protocol/tune", "current", "<tune xmlns='t'/>", "presence")


async def probe_in_use(laboratory: Laboratory, prober: Prober, domain: str) -> None:
    """Probe the furnished account PEER, and find it unchanged."""
    server = laboratory.server(domain)
    config = config_of(laboratory, domain, PEER)
    before = await account_state(prober, server, PEER)
    assert "nuisance" in before["block list"] and "orchard" in before["bookmarks"] and "Jule" in before["vCard"]
    report = await probe_compliance(prober, config, only=expected(domain))
    assert verdicts_of(report) == expected(domain)
    assert await account_state(prober, server, PEER) == before


@BOTH
async def test_an_account_in_use_is_the_same_before_and_after(
    laboratory: Laboratory, prober: Prober, domain: str
) -> None:
    await furnish(prober, laboratory.server(domain), PEER)
    await probe_in_use(laboratory, prober, domain)


@BOTH
async def test_an_avatar_that_is_there_is_only_looked_at(laboratory: Laboratory, prober: Prober, domain: str) -> None:
    server = laboratory.server(domain)
    await furnish(prober, server, PEER)
    async with logged_in(prober, server, PEER) as session:
        await pubsub.delete(session, avatar.METADATA)
        await avatar.publish(session, avatar.pixel())
    assert "BINVAL" in (await account_state(prober, server, PEER))["vCard"]
    await probe_in_use(laboratory, prober, domain)
    async with logged_in(prober, server, PEER) as session:
        found = await avatar.read(session)
        await avatar.remove(session, next(iter(found.ids)), "")
    assert "BINVAL" not in (await account_state(prober, server, PEER))["vCard"]


async def test_bookmarks_that_are_full_lose_none(laboratory: Laboratory, prober: Prober) -> None:
    domain = "default.prosody.test"
    server = laboratory.server(domain)
    async with logged_in(prober, server, PEER) as session:
        bookmark = "<conference xmlns='urn:xmpp:bookmarks:1'/>"
        # made without a number of items, the node keeps one
        await pubsub.publish(session, "urn:xmpp:bookmarks:1", "orchard@rooms.example.org", bookmark, "whitelist")
    before = await account_state(prober, server, PEER)
    report = await probe_compliance(prober, config_of(laboratory, domain, PEER), only={"xep0402"})
    assert verdicts_of(report) == {"xep0402": "unknown prober_limit"}
    assert await account_state(prober, server, PEER) == before
