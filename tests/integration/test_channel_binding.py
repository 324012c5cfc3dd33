"""Logins with channel binding, and what SCRAM says of what was offered, on a server that can be made to lie."""

from typing import Any

import pytest
from cryptography import x509

from tests.integration.fake_site import DOMAIN, FakeSite
from tests.integration.probing import verdicts_of
from tests.integration.test_checks_login import bindings, probe
from tests.servers.certificates import Flaw
from xmpp_exporter.checks.channel_binding import downgrade_hash
from xmpp_exporter.wire.offer import Offer
from xmpp_exporter.wire.tls import end_point_hash

PLUS = "SCRAM-SHA-256-PLUS"
MECHANISMS = (PLUS, "SCRAM-SHA-256")


def end_point_of(site: FakeSite, domain: str = DOMAIN) -> bytes:
    """The binding to the certificate that was last issued for a domain."""
    certificate = (site.certificates.directory / f"{domain}.crt").read_bytes()
    return end_point_hash(x509.load_pem_x509_certificate(certificate))


async def verdict(site: FakeSite, check: str, **settings: Any) -> str:
    """The outcome of one check on a server that knows its own certificate, unless told otherwise."""
    fake = site.server(**{"mechanisms": MECHANISMS, **settings})
    fake.binding = settings.get("binding", end_point_of(site))
    report = await probe(site, fake, check, account=True)
    assert report.login, report.login_detail
    return verdicts_of(report)[check]


class TestScramPlus:
    LISTED = bindings("tls-server-end-point", plus=PLUS)

    async def test_a_login_bound_to_the_certificate_works(self, site: FakeSite) -> None:
        assert await verdict(site, "scram_plus", login_features=self.LISTED) == "supported"

    async def test_a_server_that_takes_another_certificate_for_its_own_is_broken(self, site: FakeSite) -> None:
        site.certificates.issue("proxy.test", flaw=Flaw.NONE)
        other = end_point_of(site, "proxy.test")
        assert await verdict(site, "scram_plus", login_features=self.LISTED, binding=other) == "broken mismatch"

    async def test_without_the_list_of_types_it_is_not_tried(self, site: FakeSite) -> None:
        assert await verdict(site, "scram_plus") == "unknown prober_limit"

    async def test_without_a_mechanism_it_is_not_offered(self, site: FakeSite) -> None:
        assert await verdict(site, "scram_plus", mechanisms=("SCRAM-SHA-1",)) == "unsupported not_offered"


class TestDowngradeProtection:
    def test_the_hash_is_that_of_the_specification(self) -> None:
        offer = Offer(sasl=("SCRAM-SHA-1", "SCRAM-SHA-1-PLUS"), bindings=("tls-server-end-point", "tls-exporter"))
        assert downgrade_hash(offer, "SCRAM-SHA-1-PLUS") == "G6k/rBLDqgOhRRaCuuatSDFkJ08="

    @pytest.mark.parametrize(
        ("offer", "verdict_"),
        [
            (Offer(sasl=MECHANISMS), "supported"),
            (Offer(sasl=(*MECHANISMS, "SCRAM-SHA-512")), "broken mismatch"),
            (Offer(sasl=MECHANISMS, bindings=("tls-exporter",)), "broken mismatch"),
        ],
    )
    async def test_the_hash_is_compared_with_what_was_offered(
        self, site: FakeSite, offer: Offer, verdict_: str
    ) -> None:
        told = f",h={downgrade_hash(offer, 'SCRAM-SHA-256')}"
        assert await verdict(site, "xep0474", scram_attributes=told) == verdict_

    async def test_types_of_channel_binding_are_part_of_it(self, site: FakeSite) -> None:
        features = "<channel-binding type='tls-exporter'/>"
        listed = f"<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'>{features}</sasl-channel-binding>"
        told = downgrade_hash(Offer(sasl=MECHANISMS, bindings=("tls-exporter",)), "SCRAM-SHA-256")
        assert await verdict(site, "xep0474", login_features=listed, scram_attributes=f",h={told}") == "supported"

    async def test_the_attribute_of_an_earlier_version_is_outdated(self, site: FakeSite) -> None:
        assert await verdict(site, "xep0474", scram_attributes=",d=abc=") == "unsupported outdated"

    async def test_without_the_attribute_it_is_not_offered(self, site: FakeSite) -> None:
        assert await verdict(site, "xep0474") == "unsupported not_offered"


@pytest.mark.parametrize(
    ("attributes", "verdict_"),
    [(",t=0304", "supported"), (",t=0303", "broken mismatch"), ("", "unsupported not_offered")],
)
async def test_the_version_of_tls_is_compared_with_ours(site: FakeSite, attributes: str, verdict_: str) -> None:
    assert await verdict(site, "xep0515", scram_attributes=attributes) == verdict_
