"""Certificates of every kind, as a server with direct TLS for clients and servers presents them."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.integration.one_check import outcome_of, server_at, verdict_of
from tests.servers.certificates import CertificateAuthority, Flaw
from tests.servers.dns import FakeDns
from tests.servers.fake import Behaviour, FakeXmpp, listening
from xmpp_exporter.checks import Server
from xmpp_exporter.wire.dns import Lookups
from xmpp_exporter.wire.endpoints import endpoints_of
from xmpp_exporter.wire.network import Party

DOMAIN = "im.alone.test"
CHECKS = (
    "xep0368",
    "xep0368_s2s",
    "cert_chain_c2s",
    "cert_chain_s2s",
    "cert_name_c2s",
    "cert_name_s2s",
    "cert_expiry",
    "cert_key",
    "cert_eku_s2s",
)
BAD = "broken certificate"
WRONG_CHAIN = dict.fromkeys(("xep0368", "xep0368_s2s", "cert_chain_c2s", "cert_chain_s2s"), BAD)
WRONG_NAMES = dict.fromkeys(("xep0368", "xep0368_s2s", "cert_name_c2s", "cert_name_s2s"), BAD)

VERDICTS: dict[Flaw, dict[str, str]] = {
    Flaw.NONE: {},
    Flaw.XMPP_ADDR: {},
    Flaw.SRV_NAME: {},
    Flaw.WILDCARD: {},
    Flaw.INTERMEDIATE: {},
    Flaw.SHORT_LIVED: {},
    Flaw.SOON: {"cert_expiry": BAD},
    Flaw.EXPIRED: {**WRONG_CHAIN, "cert_expiry": BAD},
    Flaw.SELF_SIGNED: WRONG_CHAIN,
    Flaw.NO_INTERMEDIATE: WRONG_CHAIN,
    Flaw.WRONG_NAME: WRONG_NAMES,
    Flaw.STALE: {**WRONG_CHAIN, **WRONG_NAMES, "cert_expiry": BAD},
    Flaw.COMMON_NAME: WRONG_NAMES,
    Flaw.WEAK_KEY: {**WRONG_CHAIN, "cert_key": "unsupported outdated"},
    Flaw.SHA1: {**WRONG_CHAIN, "cert_key": "unsupported outdated"},
    Flaw.SERVER_ONLY: {"cert_eku_s2s": "unsupported not_offered"},
}
"""What is not supported, by kind. Our own TLS library takes weak ones for a broken chain, as most clients' do."""

DETAILS = {
    Flaw.XMPP_ADDR: ("cert_name_c2s", f"names xmppAddr {DOMAIN}"),
    Flaw.SRV_NAME: ("cert_name_s2s", f"names _xmpp-server.{DOMAIN}"),
    Flaw.WILDCARD: ("cert_name_c2s", "names *.alone.test"),
    Flaw.INTERMEDIATE: ("cert_chain_c2s", "valid, 2 certificate(s) sent"),
    Flaw.NO_INTERMEDIATE: (
        "cert_chain_c2s",
        "no intermediate certificate is sent: if 'CN=Test Intermediate CA' is one",
    ),
    Flaw.SELF_SIGNED: ("cert_chain_s2s", "self-signed certificate"),
    Flaw.WRONG_NAME: ("cert_name_c2s", f"not for {DOMAIN}: it is only for other.test"),
    Flaw.COMMON_NAME: ("cert_name_s2s", "has no alternative name, and its common name does not count"),
    Flaw.EXPIRED: ("cert_expiry", f"the certificate of {DOMAIN} expired on 2"),
    Flaw.WEAK_KEY: ("cert_key", "has an RSA key of 1024 bits (at least 2048)"),
    Flaw.SHA1: ("cert_key", "is signed with SHA1"),
    Flaw.SERVER_ONLY: ("cert_eku_s2s", "the purposes of the certificate lack clientAuth"),
}


@pytest.fixture
def authority(tmp_path: Path) -> CertificateAuthority:
    return CertificateAuthority(tmp_path)


def careless(authority: CertificateAuthority, flaw: Flaw) -> ssl.SSLContext:
    """A server's context that takes any certificate of its own."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.load_cert_chain(authority.issue(DOMAIN, flaw=flaw))
    return context


@asynccontextmanager
async def presenting(
    authority: CertificateAuthority, context: ssl.SSLContext, behaviour: Behaviour | None = None
) -> AsyncIterator[Server]:
    """DOMAIN with direct TLS for clients and for servers."""
    async with listening(behaviour or FakeXmpp(DOMAIN, direct_tls=True), tls=context) as listener:
        records = (f"_{service}._tcp SRV 5 0 {listener.port} @\n" for service in ("xmpps-client", "xmpps-server"))
        with FakeDns({DOMAIN: f"@ A {listener.address}\n" + "".join(records)}) as dns:
            async with server_at(authority, dns, domain=DOMAIN) as server:
                lookups = Lookups(server.network.resolver)
                server.endpoints += await endpoints_of(lookups, DOMAIN, Party.CLIENT)
                await lookups.close()
                yield server


def test_every_kind_has_its_verdicts() -> None:
    assert set(VERDICTS) == set(Flaw)


@pytest.mark.parametrize("flaw", Flaw)
async def test_each_kind_of_certificate_is_judged_for_what_it_is(authority: CertificateAuthority, flaw: Flaw) -> None:
    async with presenting(authority, careless(authority, flaw)) as server:
        outcomes = {check: await outcome_of(server, check) for check in CHECKS}
    assert {check: verdict_of(outcome) for check, outcome in outcomes.items()} == {
        **dict.fromkeys(CHECKS, "supported"),
        **VERDICTS[flaw],
    }
    if flaw in DETAILS:
        check, told = DETAILS[flaw]
        assert told in outcomes[check].detail
