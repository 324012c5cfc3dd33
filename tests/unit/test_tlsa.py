"""Which certificates a TLSA record accepts, usage by usage."""

import datetime
import hashlib
from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID
from dns.rdata import from_text
from dns.rdtypes.ANY.TLSA import TLSA

from xmpp_exporter.wire.tlsa import Presented, accepts, usable

DAY = datetime.timedelta(days=1)
NOW = datetime.datetime.now(datetime.UTC)


class Issuer:
    def __init__(self, name: str, issuer: "Issuer | None" = None, end: datetime.datetime = NOW + DAY) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        signer = issuer or self
        self.certificate = (
            x509.CertificateBuilder(signer.name, self.name, self.key.public_key(), x509.random_serial_number())
            .not_valid_before(NOW - 9 * DAY)
            .not_valid_after(end)
            .sign(signer.key, hashes.SHA256())
        )


ROOT = Issuer("root")
MIDDLE = Issuer("middle", ROOT)
LEAF = Issuer("leaf", MIDDLE).certificate
STRANGER = Issuer("root").certificate
"""Of the same name as the root."""

GOOD = Presented([LEAF, MIDDLE.certificate], trusted=True, named=True, roots=[STRANGER, ROOT.certificate])
CHAIN = replace(GOOD, chain=[LEAF, MIDDLE.certificate, ROOT.certificate], trusted=False)


def record(usage: int, certificate: x509.Certificate, selector: int = 1, matching: int = 1) -> TLSA:
    if selector:
        data = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    else:
        data = certificate.public_bytes(Encoding.DER)
    data = {0: lambda: data, 1: hashlib.sha256(data).digest, 2: hashlib.sha512(data).digest}[matching]()
    found = from_text("IN", "TLSA", f"{usage} {selector} {matching} {data.hex()}")
    assert isinstance(found, TLSA)
    return found


@pytest.mark.parametrize("selector", [0, 1])
@pytest.mark.parametrize("matching", [0, 1, 2])
def test_key_or_certificate_are_compared_whole_or_by_digest(selector: int, matching: int) -> None:
    assert accepts(record(3, LEAF, selector, matching), GOOD)
    assert not accepts(record(3, MIDDLE.certificate, selector, matching), GOOD)


def test_the_end_entity_alone_needs_neither_name_nor_trust() -> None:
    assert accepts(record(3, LEAF), replace(GOOD, trusted=False, named=False))


def test_the_end_entity_beside_the_usual_authorities_needs_them_as_well() -> None:
    assert accepts(record(1, LEAF), GOOD)
    assert not accepts(record(1, LEAF), replace(GOOD, trusted=False))


@pytest.mark.parametrize("anchor", [MIDDLE, ROOT])
def test_an_authority_of_ones_own_must_be_sent_and_the_name_be_right(anchor: Issuer) -> None:
    assert accepts(record(2, anchor.certificate), CHAIN)
    assert not accepts(record(2, anchor.certificate), replace(CHAIN, named=False))
    assert not accepts(record(2, anchor.certificate), replace(CHAIN, chain=[LEAF]))
    assert not accepts(record(2, STRANGER), CHAIN)


def test_an_authority_that_did_not_issue_the_end_entity_vouches_for_nothing() -> None:
    assert not accepts(record(2, ROOT.certificate), replace(CHAIN, chain=[LEAF, ROOT.certificate]))
    assert not accepts(record(2, STRANGER), replace(CHAIN, chain=[LEAF, MIDDLE.certificate, STRANGER]))


def test_what_has_expired_does_not_lead_to_an_authority() -> None:
    old = Issuer("old", MIDDLE, end=NOW - DAY).certificate
    assert not accepts(record(2, MIDDLE.certificate), replace(CHAIN, chain=[old, MIDDLE.certificate]))


@pytest.mark.parametrize("anchor", [MIDDLE.certificate, ROOT.certificate])
def test_one_of_the_usual_authorities_need_not_be_sent(anchor: x509.Certificate) -> None:
    assert accepts(record(0, anchor), GOOD)
    assert not accepts(record(0, anchor), replace(GOOD, trusted=False))
    assert not accepts(record(0, STRANGER), GOOD)


@pytest.mark.parametrize("values", ["4 1 1", "3 2 1", "3 1 3"])
def test_values_that_are_not_defined_count_as_not_there(values: str) -> None:
    found = from_text("IN", "TLSA", f"{values} {'00' * 32}")
    assert isinstance(found, TLSA) and not usable(found)
