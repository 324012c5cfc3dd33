"""What is in a certificate: the names it is for (RFC 6120 §13.7.1.2), its purposes, its key and its signature."""

from collections.abc import Iterable
from dataclasses import dataclass

import idna
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

XMPP_ADDR = "1.3.6.1.5.5.7.8.5"
"""id-on-xmppAddr, RFC 6120 §13.7.1.4."""
SRV_NAME = "1.3.6.1.5.5.7.8.7"
"""id-on-dnsSRV, RFC 4985 §2."""

MIN_RSA_BITS, MIN_EC_BITS = 2048, 256
"""RFC 9325 §4.5 for RSA; the smallest of the curves in use that is as strong."""

_WEAK_HASHES = frozenset({"md5", "sha1"})
_UTF8_STRING, _IA5_STRING = 0x0C, 0x16


@dataclass(frozen=True, slots=True)
class Names:
    """What a certificate is for: the subject's alternative names. Its common name does not count (RFC 9525 §6.3)."""

    dns: tuple[str, ...] = ()
    xmpp: tuple[str, ...] = ()
    srv: tuple[str, ...] = ()

    def __str__(self) -> str:
        return ", ".join([*self.dns, *(f"xmppAddr {name}" for name in self.xmpp), *self.srv])

    def covering(self, domain: str, services: Iterable[str]) -> str | None:
        """The name that covers `domain` (lower-case A-labels) for one of `services` (`xmpp-client`), as written."""
        for name in self.dns:
            if _matches(name, domain):
                return name
        for name in self.xmpp:
            if _a_labels(name) == domain:
                return f"xmppAddr {name}"
        for name in self.srv:
            service, _, host = name.partition(".")
            if service.lower() in {f"_{each}" for each in services} and _matches(host, domain):
                return name
        return None


def _matches(name: str, domain: str) -> bool:
    """RFC 9525 §6.3: without regard to case; a `*` stands for the whole left-most label, and for one only."""
    labels, wanted = name.lower().removesuffix(".").split("."), domain.split(".")
    if labels[0] == "*" and len(labels) > 2:
        return labels[1:] == wanted[1:]
    return labels == wanted


def _a_labels(name: str) -> str | None:
    try:
        return idna.encode(name, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return None


def names_of(certificate: x509.Certificate) -> Names:
    """The names in the extension subjectAltName; none where it is missing or can't be read."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return Names()
    others = names.get_values_for_type(x509.OtherName)
    return Names(
        dns=tuple(names.get_values_for_type(x509.DNSName)),
        xmpp=tuple(_strings(others, XMPP_ADDR, _UTF8_STRING)),
        srv=tuple(_strings(others, SRV_NAME, _IA5_STRING)),
    )


def _strings(others: Iterable[x509.OtherName], kind: str, tag: int) -> Iterable[str]:
    """The values of the other names of this kind: strings in DER, of at most 255 bytes, as domains are."""
    for other in others:
        der = other.value
        if other.type_id.dotted_string != kind or len(der) < 3 or der[0] != tag:
            continue
        text = der[3:] if der[1] == 0x81 else der[2:]
        if len(text) == (der[2] if der[1] == 0x81 else der[1]):
            yield text.decode("utf-8", "replace")


def serves_clients_role(certificate: x509.Certificate) -> bool:
    """Whether it may be presented by who connects, as in SASL EXTERNAL: purpose clientAuth, any, or none named."""
    try:
        usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return True
    except (x509.DuplicateExtension, ValueError):
        return False
    return ExtendedKeyUsageOID.CLIENT_AUTH in usages or ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE in usages


def weakness(certificate: x509.Certificate) -> str | None:
    """What is weak in its key or in its issuer's signature; the signature of a root says nothing and is left out."""
    key = _weak_key(certificate)
    if key is not None:
        return key
    algorithm = _signature_hash(certificate)
    if algorithm in _WEAK_HASHES and certificate.issuer != certificate.subject:
        return f"is signed with {algorithm.upper()}"
    return None


def _weak_key(certificate: x509.Certificate) -> str | None:
    try:
        key = certificate.public_key()
    except (ValueError, TypeError):
        return "has a key of an unknown kind"
    match key:
        case rsa.RSAPublicKey() if key.key_size < MIN_RSA_BITS:
            return f"has an RSA key of {key.key_size} bits (at least {MIN_RSA_BITS})"
        case ec.EllipticCurvePublicKey() if key.key_size < MIN_EC_BITS:
            return f"has an EC key of {key.key_size} bits (at least {MIN_EC_BITS})"
        case dsa.DSAPublicKey():
            return "has a DSA key"
        case _:
            return None


def _signature_hash(certificate: x509.Certificate) -> str:
    """In lower case; empty where the algorithm has none of its own, as Ed25519."""
    try:
        algorithm = certificate.signature_hash_algorithm
    except (UnsupportedAlgorithm, ValueError):  # an algorithm that nobody knows, or one written wrongly
        return ""
    return algorithm.name if algorithm is not None else ""


def subject_of(certificate: x509.Certificate) -> str:
    """Whom it names, for people: the common name, or the first alternative name."""
    common = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    name = str(common[0].value) if common else next(iter(names_of(certificate).dns), "without a name")
    return name[:100]
