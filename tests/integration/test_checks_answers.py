"""What a domain answers to small questions: against real servers, as the tables say, and against one that lies."""

from pathlib import Path

import pytest
import yaml

from tests.integration.probing import config_of, prober_of, verdicts_of
from tests.integration.test_checks_lies import INFO, agrees, detail_of, probe, refused, said
from tests.servers.certificates import CertificateAuthority
from tests.servers.laboratory import PROBE, Laboratory
from xmpp_exporter.probe import probe_compliance

EXPECTED = Path(__file__).parent / "expected" / "answers"
"""One table for each domain: check id to verdict and reason."""

MAM = "urn:xmpp:mam:2"
IM = f"<identity category='server' type='im'/><feature var='{INFO}'/>"
PLACE = "xmpp:pubsub.fake.test?;node=serverinfo"


def expected(domain: str) -> dict[str, str]:
    table: dict[str, str] = yaml.safe_load((EXPECTED / f"{domain}.yml").read_text())
    return table


def form(form_type: str, **fields: str) -> str:
    """A form of service discovery; underscores in names stand for hyphens."""
    named = {"FORM_TYPE": form_type} | {name.replace("_", "-"): value for name, value in fields.items()}
    content = "".join(f"<field var='{name}'><value>{value}</value></field>" for name, value in named.items())
    return f"<x xmlns='jabber:x:data' type='result'>{content}</x>"


def contacts(**fields: str) -> str:
    return form("http://jabber.org/network/serverinfo", **fields)


def feature(name: str) -> str:
    return f"<feature var='{name}'/>"


@pytest.fixture
def authority(tmp_path: Path) -> CertificateAuthority:
    return CertificateAuthority(tmp_path)


@pytest.mark.parametrize("domain", sorted(file.stem for file in EXPECTED.glob("*.yml")))
async def test_every_verdict_is_the_expected_one(laboratory: Laboratory, domain: str) -> None:
    prober = prober_of(laboratory)
    report = await probe_compliance(prober, config_of(laboratory, domain), only=expected(domain))
    assert report.success and report.login
    assert verdicts_of(report) == expected(domain)
    assert prober.journal.left(f"{PROBE}@{domain}") == []


@pytest.mark.parametrize("domain", ["good.prosody.test", "good.ejabberd.test"])
async def test_clock_and_uptime_are_facts(laboratory: Laboratory, domain: str) -> None:
    report = await probe_compliance(prober_of(laboratory), config_of(laboratory, domain), only={"xep0202", "xep0012"})
    facts = {name: value for result in report.checks for name, value in result.outcome.facts.items()}
    assert set(facts) == {"xmpp_clock_skew_seconds", "xmpp_uptime_seconds"}
    # servers tell the time in whole seconds
    assert -2 < facts["xmpp_clock_skew_seconds"] < 1
    assert 0 <= facts["xmpp_uptime_seconds"] < 24 * 3600


LIES = [
    pytest.param("xep0030", feature(INFO), "", "broken mismatch", "server/im", id="not a server for messages"),
    pytest.param("xep0030", IM, "", "supported", "services: 0", id="a server without services"),
    pytest.param("xep0157", contacts(admin_addresses="me"), "", "broken mismatch", "not me", id="a contact in words"),
    pytest.param(
        "xep0157",
        contacts(admin_addresses="mailto:a@b.test"),
        "",
        "unsupported not_offered",
        "no abuse-addresses, security-addresses, support-addresses; it has admin: mailto:a@b.test",
        id="one contact of four",
    ),
    pytest.param(
        "xep0202",
        feature("urn:xmpp:time"),
        "<time xmlns='urn:xmpp:time'><tzo>Z</tzo><utc>noon</utc></time>",
        "broken mismatch",
        "'noon'",
        id="no time",
    ),
    pytest.param(
        "xep0202",
        feature("urn:xmpp:time"),
        "<time xmlns='urn:xmpp:time'><utc>2026-11-23T12:00:00</utc></time>",
        "broken mismatch",
        "2026-11-23T12:00:00",
        id="a time of no zone",
    ),
    pytest.param(
        "xep0012",
        feature("jabber:iq:last"),
        "<query xmlns='jabber:iq:last' seconds='-5'/>",
        "broken mismatch",
        "'-5'",
        id="a start in the future",
    ),
    pytest.param(
        "xep0455",
        form("urn:xmpp:sos:0", external_status_addresses="http://fake.test/status.json"),
        "",
        "broken mismatch",
        "must start with https://",
        id="an outage told in plain text",
    ),
    pytest.param(
        "xep0485",
        feature("urn:xmpp:serverinfo:0") + contacts(serverinfo_pubsub_node=PLACE),
        "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='serverinfo'><item>"
        "<serverinfo xmlns='urn:xmpp:serverinfo:0'><domain name='fake.test'/></serverinfo></item></items></pubsub>",
        "supported",
        PLACE,
        id="information on the network",
    ),
    pytest.param(
        "xep0485",
        feature("urn:xmpp:serverinfo:0") + contacts(serverinfo_pubsub_node=PLACE),
        "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='serverinfo'/></pubsub>",
        "broken mismatch",
        "no information",
        id="an empty node of information",
    ),
    pytest.param(
        "xep0485",
        feature("urn:xmpp:serverinfo:0") + contacts(serverinfo_pubsub_node="xmpp:pubsub.other.test?;node=serverinfo"),
        "",
        "broken mismatch",
        "no node on a service of the domain",
        id="information elsewhere",
    ),
    pytest.param("no_privacy_lists", feature("jabber:iq:privacy"), "", "unsupported outdated", "privacy", id="lists"),
    pytest.param("xep0054", "", "<oddity xmlns='what'/>", "broken mismatch", "<oddity/>", id="no vCard"),
    pytest.param("xep0049", "", "<query xmlns='jabber:iq:private'/>", "broken mismatch", "", id="private and lost"),
    pytest.param(
        "xep0441", "", f"<prefs xmlns='{MAM}' default='often'/>", "broken mismatch", "'often'", id="odd preferences"
    ),
]


@pytest.mark.parametrize(("check", "domain", "reply", "verdict", "detail"), LIES)
async def test_what_is_offered_and_not_delivered_is_named(
    authority: CertificateAuthority, check: str, domain: str, reply: str, verdict: str, detail: str
) -> None:
    report = await probe(authority, said(reply) if reply else agrees, check, domain=domain)
    assert verdicts_of(report) == {check: verdict}
    assert detail in detail_of(report, check)


async def test_an_archive_whose_ends_nobody_knows_is_broken(authority: CertificateAuthority) -> None:
    report = await probe(authority, agrees, "xep0313_extended", account=feature(f"{MAM}#extended"))
    assert verdicts_of(report) == {"xep0313_extended": "broken mismatch"}


async def test_an_account_that_has_no_vcard_yet_has_support_for_one(authority: CertificateAuthority) -> None:
    report = await probe(authority, refused("item-not-found"), "xep0054")
    assert verdicts_of(report) == {"xep0054": "supported"}


async def test_services_that_cannot_be_listed_break_discovery(authority: CertificateAuthority) -> None:
    report = await probe(authority, refused("internal-server-error"), "xep0030", domain=IM)
    assert verdicts_of(report) == {"xep0030": "broken stanza_error"}
