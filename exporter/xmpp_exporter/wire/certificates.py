"""What is in a certificate besides its names: its purposes, its key and its signature."""

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from xmpp_exporter.certificate_names import names_of

MIN_RSA_BITS, MIN_EC_BITS = 2048, 256
"""RFC 9325 §4.5 for RSA; the smallest of the curves in use that is as strong."""

_WEAK_HASHES = frozenset({"md5", "sha1"})


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
