"""The checks of login, registration and what other servers are offered, against real servers and scripted ones."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.fake_site import DOMAIN, FakeSite
from tests.integration.probing import config_of, prober_of, verdicts_of
from tests.servers.fake import FakeXmpp, listening
from tests.servers.laboratory import Laboratory
from xmpp_exporter.model import Outcome, ProbeReport
from xmpp_exporter.probe import probe_compliance

EXPECTED = Path(__file__).parent / "expected" / "login"
"""One table for each domain: check id to verdict and reason."""


def expected(domain: str) -> dict[str, str]:
    table: dict[str, str] = yaml.safe_load((EXPECTED / f"{domain}.yml").read_text())
    return table


@pytest.mark.parametrize("domain", sorted(file.stem for file in EXPECTED.glob("*.yml")))
async def test_every_verdict_is_the_expected_one(laboratory: Laboratory, domain: str) -> None:
    report = await probe_compliance(prober_of(laboratory), config_of(laboratory, domain), only=expected(domain))
    assert report.success
    assert verdicts_of(report) == expected(domain)


async def probe(site: FakeSite, fake: FakeXmpp, *checks: str, account: bool = False) -> ProbeReport:
    """Probe a scripted server, which is there for clients and for servers alike."""
    async with listening(fake) as listener:
        services = "".join(f"_xmpp-{party}._tcp SRV 0 0 {listener.port} @\n" for party in ("client", "server"))
        site.dns.add_zone(DOMAIN, f"@ A {listener.address}\n{services}")
        return await probe_compliance(site.prober(), site.config(account=account), only=set(checks))


async def outcome_of(site: FakeSite, check: str, features: str) -> Outcome:
    """The outcome of one check where these are the stream features before login."""
    report = await probe(site, site.server(login_features=features), check)
    return report.checks[0].outcome


def sasl2(inline: str = "", mechanisms: str = "<mechanism>SCRAM-SHA-1</mechanism>", more: str = "") -> str:
    return f"<authentication xmlns='urn:xmpp:sasl:2'>{mechanisms}<inline>{inline}</inline>{more}</authentication>"


def bindings(*types: str, plus: str = "SCRAM-SHA-1-PLUS") -> str:
    """The types of channel binding, and a mechanism that uses them."""
    listed = "".join(f"<channel-binding type='{name}'/>" for name in types)
    mechanisms = f"<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>{plus}</mechanism></mechanisms>"
    return f"{mechanisms}<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'>{listed}</sasl-channel-binding>"


def limits(content: str) -> str:
    return f"<limits xmlns='urn:xmpp:stream-limits:0'>{content}</limits>"


CSI_AND_SM = "<feature var='urn:xmpp:csi:0'/><feature var='urn:xmpp:sm:3'/>"
BIND2 = f"<bind xmlns='urn:xmpp:bind:0'><inline>{CSI_AND_SM}</inline></bind>"
FAST = "<fast xmlns='urn:xmpp:fast:0'><mechanism>HT-SHA-256-NONE</mechanism></fast>"
UPGRADE = "<upgrade xmlns='urn:xmpp:sasl:upgrade:0'>UPGR-SCRAM-SHA-256</upgrade>"
OFFERS = {
    "a list of channel bindings": (
        "xep0440",
        bindings("tls-exporter", "tls-server-end-point"),
        "supported",
        "offered: ",
    ),
    "without the strongest binding": ("xep0440", bindings("tls-server-end-point"), "supported", "would be stronger"),
    "without the binding for all": ("xep0440", bindings("tls-exporter"), "unsupported outdated", "must offer"),
    "a binding that can't exist": ("xep0440", bindings("tls-unique"), "broken mismatch", "TLS 1.3"),
    "no binding": ("xep0440", bindings(), "broken mismatch", "is empty"),
    "no mechanism that binds": (
        "xep0440",
        bindings("tls-exporter", plus="PLAIN"),
        "broken mismatch",
        "clients give up",
    ),
    "SASL2": ("xep0388", sasl2(), "supported", "SCRAM-SHA-1"),
    "SASL2 without mechanisms": ("xep0388", sasl2(mechanisms=""), "broken mismatch", "without any"),
    "Bind 2": ("xep0386", sasl2(BIND2), "supported", "urn:xmpp:csi:0, urn:xmpp:sm:3"),
    "an older Bind 2": ("xep0386", sasl2("<bind xmlns='urn:xmpp:bind2:1'/>"), "unsupported outdated", "older"),
    "SASL2 without Bind 2": ("xep0386", sasl2(), "unsupported not_offered", "Bind 2"),
    "FAST": ("xep0484", sasl2(FAST), "supported", "HT-SHA-256-NONE"),
    "FAST without mechanisms": ("xep0484", sasl2("<fast xmlns='urn:xmpp:fast:0'/>"), "broken mismatch", "without any"),
    "SASL2 without FAST": ("xep0484", sasl2(), "unsupported not_offered", "FAST"),
    "an upgrade": ("xep0480", sasl2(more=UPGRADE), "supported", "UPGR-SCRAM-SHA-256"),
    "SASL2 without upgrades": ("xep0480", sasl2(), "unsupported not_offered", "no upgrade"),
    "limits": ("xep0478", limits("<max-bytes>262144</max-bytes>"), "supported", "max-bytes 262144"),
    "no limit": ("xep0478", limits(""), "supported", "without any limit"),
    "a limit below the least": ("xep0478", limits("<max-bytes>9999</max-bytes>"), "broken mismatch", "at least 10000"),
    "a limit that is no number": (
        "xep0478",
        limits("<idle-seconds>1e9</idle-seconds>"),
        "broken mismatch",
        "no number",
    ),
    "dialback": ("s2s_dialback", "<dialback xmlns='urn:xmpp:features:dialback'/>", "supported", "offered"),
    "bidi": ("s2s_bidi", "<bidi xmlns='urn:xmpp:features:bidi'/>", "supported", "offered"),
    "no EXTERNAL": ("s2s_external", "", "unknown prober_limit", "present no certificate"),
    "compression": (
        "no_compression",
        "<compression xmlns='http://jabber.org/features/compress'><method>zlib</method></compression>",
        "unsupported outdated",
        "after TLS",
    ),
    "an invitation": ("xep0445", "<register xmlns='urn:xmpp:ibr-token:0'/>", "supported", "offered"),
    "an older invitation": ("xep0445", "<register xmlns='urn:xmpp:invite'/>", "unsupported outdated", "older"),
}


@pytest.mark.parametrize(("check", "features", "verdict", "detail"), OFFERS.values(), ids=OFFERS)
async def test_what_is_offered_before_login_is_judged(
    site: FakeSite, check: str, features: str, verdict: str, detail: str
) -> None:
    outcome = await outcome_of(site, check, features)
    found = " ".join(filter(None, (outcome.verdict, outcome.reason)))
    assert (found, detail in outcome.detail) == (verdict, True), outcome.detail


async def test_the_limits_of_streams_are_facts(site: FakeSite) -> None:
    told = limits("<max-bytes> 262144 </max-bytes><idle-seconds>1800</idle-seconds>")
    facts = (await outcome_of(site, "xep0478", told)).facts
    assert facts == {
        "xmpp_stream_limit_max_bytes": 262144,
        "xmpp_stream_limit_idle_seconds": 1800,
        "xmpp_s2s_stream_limit_max_bytes": 262144,
        "xmpp_s2s_stream_limit_idle_seconds": 1800,
    }


async def test_compression_that_is_offered_after_login_is_found_with_an_account(site: FakeSite) -> None:
    fake = site.server(features="<compression xmlns='http://jabber.org/features/compress'/>")
    assert verdicts_of(await probe(site, fake, "no_compression", account=True)) == {
        "no_compression": "unsupported outdated"
    }


@pytest.mark.parametrize(
    ("settings", "verdict"),
    [
        ({}, "supported"),
        ({"passwords": {"probe": "another"}}, "unknown login_failed"),
        ({"mechanisms": ("SCRAM-SHA3-512",)}, "unknown login_failed"),
        ({"features": "<unclosed>"}, "broken mismatch"),
    ],
)
async def test_a_login_that_fails_for_the_accounts_reasons_says_nothing(
    site: FakeSite, settings: dict[str, Any], verdict: str
) -> None:
    report = await probe(site, site.server(**settings), "login", account=True)
    assert verdicts_of(report) == {"login": verdict}


async def test_without_an_account_nobody_logs_in(site: FakeSite) -> None:
    assert verdicts_of(await probe(site, site.server(), "login")) == {"login": "unknown no_account"}
