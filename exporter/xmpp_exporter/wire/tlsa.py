"""Whether a presented certificate is the one that a TLSA record names (DANE: RFC 6698, RFC 7671, RFC 7673)."""

import datetime
import hashlib
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from dns.rdtypes.ANY.TLSA import TLSA

PKIX_TA, PKIX_EE, DANE_TA, DANE_EE = range(4)
"""Certificate usages (RFC 7218): an authority or the end entity, with or without the usual authorities."""

_FULL, _KEY = range(2)
_DIGESTS = {1: hashlib.sha256, 2: hashlib.sha512}
_EXACT = 0


@dataclass(frozen=True, slots=True)
class Presented:
    """What one address showed in the handshake, and what is known of it."""

    chain: Sequence[x509.Certificate]
    """Leaf first."""
    trusted: bool
    """Whether it verifies in the usual way, names and all."""
    named: bool
    """Whether it is for the domain, or for the host that the SRV record names (RFC 7673 §4)."""
    roots: Sequence[x509.Certificate] = ()
    """Trusted authorities, which need not be sent."""


def usable(record: TLSA) -> bool:
    """Whether the record has only values that are defined; others count as not there (RFC 6698 §4.1)."""
    return record.usage <= DANE_EE and record.selector <= _KEY and record.mtype <= max(_DIGESTS)


def accepts(record: TLSA, presented: Presented) -> bool:
    """Whether who goes by this record alone would go on with the connection."""
    leaf = presented.chain[0]
    match record.usage:
        case 3:  # nothing but the key counts: neither name nor time (RFC 7671 §5.1)
            return _is_it(record, leaf)
        case 2:
            anchors = [certificate for certificate in presented.chain[1:] if _is_it(record, certificate)]
            return presented.named and any(_leads_to(presented.chain, anchor) for anchor in anchors)
        case 1:
            return presented.trusted and _is_it(record, leaf)
        case _:
            issuers = [*presented.chain[1:], *_issuers(presented.chain[-1], presented.roots)]
            return presented.trusted and any(_is_it(record, issuer) for issuer in issuers)


def _is_it(record: TLSA, certificate: x509.Certificate) -> bool:
    """RFC 6698 §2.1.2 and §2.1.3."""
    if record.selector == _FULL:
        data = certificate.public_bytes(Encoding.DER)
    else:
        data = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if record.mtype != _EXACT:
        data = _DIGESTS[record.mtype](data).digest()
    return bool(data == record.cert)


def _leads_to(chain: Sequence[x509.Certificate], anchor: x509.Certificate) -> bool:
    """Whether the leaf was issued by `anchor`, or by one that it has issued, all of them valid now (RFC 7671 §5.2)."""
    now = datetime.datetime.now(datetime.UTC)
    for certificate, issuer in itertools.pairwise(chain):
        if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            return False
        if not _issued(certificate, issuer):
            return False
        if issuer == anchor:
            return True
    return False


def _issuers(certificate: x509.Certificate, roots: Iterable[x509.Certificate]) -> list[x509.Certificate]:
    return [root for root in roots if root.subject == certificate.issuer and _issued(certificate, root)]


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
