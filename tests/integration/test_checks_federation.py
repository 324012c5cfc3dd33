"""Pings to other servers: real ones that answer or don't exist, and scripted ones with every kind of answer."""

from xml.etree.ElementTree import Element

import pytest

from tests.integration.fake_site import DOMAIN, FakeSite
from tests.integration.probing import config_of, prober_of, verdicts_of
from tests.servers.fake import Session, listening
from tests.servers.laboratory import Laboratory
from xmpp_exporter.availability import probe_availability
from xmpp_exporter.model import Outcome
from xmpp_exporter.probe import probe_compliance

CHECK = "s2s_roundtrip"


@pytest.mark.parametrize(
    ("peers", "verdict"),
    [
        (("bare",), "supported"),
        (("bare", "nowhere"), "broken unreachable"),
        (("nowhere",), "unknown depends_on"),
        ((), "unknown not_applicable"),
    ],
)
@pytest.mark.parametrize(
    ("name", "software"), [("closed-registration", "prosody"), ("closed-registration", "ejabberd")]
)
async def test_a_domain_that_is_not_reached_counts_when_another_is(
    laboratory: Laboratory, name: str, software: str, peers: tuple[str, ...], verdict: str
) -> None:
    domain = f"{name}.{software}.test"
    prober = prober_of(laboratory)
    prober.peers = {domain: tuple(f"{peer}.{software}.test" for peer in peers)}
    report = await probe_compliance(prober, config_of(laboratory, domain), only={CHECK})
    assert verdicts_of(report) == {CHECK: verdict}


async def outcome_of(site: FakeSite, answers: dict[str, str]) -> Outcome:
    """The outcome with these peers and the error that each of them leads to; none for an answer."""

    async def answer(session: Session, iq: Element) -> None:
        condition = answers[iq.get("to", "")]
        await (session.refuse(iq, condition) if condition else session.reply(iq))

    async with listening(site.server(hooks={"{urn:xmpp:ping}ping": answer})) as listener:
        site.point(DOMAIN, [(listener.address, listener.port)])
        prober = site.prober()
        prober.peers = {DOMAIN: tuple(answers)}
        report = await probe_compliance(prober, site.config(), only={CHECK})
        return report.checks[0].outcome


@pytest.mark.parametrize(
    ("condition", "verdict"),
    [
        ("", "supported"),
        ("service-unavailable", "supported"),
        ("feature-not-implemented", "supported"),
        ("remote-server-not-found", "broken unreachable"),
        ("remote-server-timeout", "broken unreachable"),
        ("forbidden", "unknown depends_on"),
        ("internal-server-error", "unknown depends_on"),
    ],
)
async def test_an_answer_is_what_only_the_other_server_could_say(site: FakeSite, condition: str, verdict: str) -> None:
    outcome = await outcome_of(site, {"good.example": "", "other.example": condition})
    assert " ".join(filter(None, (outcome.verdict, outcome.reason))) == verdict
    assert "good.example" in outcome.detail and "other.example" in outcome.detail


@pytest.mark.parametrize("up", [True, False, None])
async def test_each_login_pings_the_next_peers_and_knows_the_earlier_ones(site: FakeSite, up: bool | None) -> None:
    peers = ("good.example", "lost.example")

    async def answer(session: Session, iq: Element) -> None:
        await (session.refuse(iq, "remote-server-not-found") if iq.get("to") == peers[1] else session.reply(iq))

    async with listening(site.server(hooks={"{urn:xmpp:ping}ping": answer})) as listener:
        site.point(DOMAIN, [(listener.address, listener.port)])
        prober = site.prober()
        prober.peers, prober.is_up = {DOMAIN: peers}, lambda _domain: up
        first = await probe_availability(prober, site.config())
        second = await probe_availability(prober, site.config(), turn=1, previous=first)
    assert [(each.peer, each.reached) for each in first.peers] == [("good.example", True)]
    lost = None if up is False else False
    assert [(each.peer, each.reached) for each in second.peers] == [("good.example", True), ("lost.example", lost)]
    assert second.peers[1].peer_up is bool(up)
