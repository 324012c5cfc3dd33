"""A certificate authority of our own, and leaves that are good, unusual, or wrong in every way that we judge."""

import datetime
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = datetime.timedelta(days=1)
EVERY_KEY_USAGE_OFF = {
    "digital_signature": False,
    "content_commitment": False,
    "key_encipherment": False,
    "data_encipherment": False,
    "key_agreement": False,
    "key_cert_sign": False,
    "crl_sign": False,
    "encipher_only": False,
    "decipher_only": False,
}


_ECDSA_SHA256 = bytes.fromhex("300a06082a8648ce3d040302")
_ECDSA_SHA1 = bytes.fromhex("300906072a8648ce3d0401")
"""Algorithm identifiers (RFC 5758 §3.2)."""

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


class Flaw(StrEnum):
    """What is wrong with a leaf certificate, or unusual, if anything."""

    NONE = "none"
    SOON = "soon"
    """Valid, for five more days."""
    EXPIRED = "expired"
    """Ended yesterday."""
    WRONG_NAME = "wrong-name"
    """Good, but for other.test."""
    STALE = "stale"
    """For other.test, and ended yesterday."""
    SELF_SIGNED = "self-signed"
    COMMON_NAME = "common-name"
    """The domain is its common name, and it has no alternative names."""
    WEAK_KEY = "weak-key"
    SHA1 = "sha1"
    NO_INTERMEDIATE = "no-intermediate"
    """Issued by an intermediate authority, whose certificate is not sent."""
    SERVER_ONLY = "server-only"
    """Its only purpose is serverAuth."""
    # and what is unusual, but nothing is wrong with
    INTERMEDIATE = "intermediate"
    """Issued by an intermediate authority, whose certificate is sent with it."""
    XMPP_ADDR = "xmpp-addr"
    SRV_NAME = "srv-name"
    WILDCARD = "wildcard"
    """For `*` below the domain's parent."""
    SHORT_LIVED = "short-lived"
    """Valid for six days, of which five are left."""


class CertificateAuthority:
    """Signs leaves into `directory`: NAME.crt, NAME.key and NAME.pem (both in one file); its own certificate is ca.pem.

    Its certificates satisfy strict verification (RFC 5280 key identifiers and key usage), as Python 3.13 does it.
    The keys are readable by everybody: other users run the servers, and the keys protect nothing.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _common_name("Test CA")
        now = datetime.datetime.now(datetime.UTC)
        self._certificate = (
            x509.CertificateBuilder(self._name, self._name, self._key.public_key(), x509.random_serial_number())
            .not_valid_before(now - 365 * DAY)
            .not_valid_after(now + 365 * DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
            .add_extension(_key_usage("key_cert_sign", "crl_sign"), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        self.ca_file = directory / "ca.pem"
        self.ca_file.write_bytes(_pem(self._certificate))

    def issue(self, name: str, components: Sequence[str] = (), flaw: Flaw = Flaw.NONE) -> Path:
        """Write the leaf for the domain `name` and the hosts below it (labels such as `upload`); returns NAME.pem."""
        names = (
            ["other.test"]
            if flaw in (Flaw.WRONG_NAME, Flaw.STALE)
            else [name, *(f"{label}.{name}" for label in components)]
        )
        key = (
            rsa.generate_private_key(65537, 1024) if flaw is Flaw.WEAK_KEY else ec.generate_private_key(ec.SECP256R1())
        )
        subject = _common_name(names[0])
        begin, end = _validity(flaw)
        signer, issuer, more = self._signer(key, subject, flaw)
        purposes = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        builder = (
            x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(end)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage("digital_signature"), critical=True)
            .add_extension(
                x509.ExtendedKeyUsage(purposes[:1] if flaw is Flaw.SERVER_ONLY else purposes), critical=False
            )
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        )
        if flaw is not Flaw.COMMON_NAME:
            builder = builder.add_extension(
                x509.SubjectAlternativeName(_alternative_names(names, flaw)), critical=False
            )
        certificate = builder.sign(signer, hashes.SHA256())
        if flaw is Flaw.SHA1:
            certificate = self._signed_with_sha1(certificate)
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (self.directory / f"{name}.crt").write_bytes(_pem(certificate))
        (self.directory / f"{name}.key").write_bytes(private)
        both = self.directory / f"{name}.pem"
        both.write_bytes(_pem(certificate) + more + private)
        return both

    def _signed_with_sha1(self, certificate: x509.Certificate) -> x509.Certificate:
        """The same certificate, signed again by hand: our library no longer does that."""
        content = certificate.tbs_certificate_bytes.replace(_ECDSA_SHA256, _ECDSA_SHA1)[4:]
        signed = _der(0x30, content)
        signature = self._key.sign(signed, ec.ECDSA(hashes.SHA1()))
        return x509.load_der_x509_certificate(_der(0x30, signed + _ECDSA_SHA1 + _der(0x03, b"\0" + signature)))

    def _signer(self, key: Key, subject: x509.Name, flaw: Flaw) -> tuple[Key, x509.Name, bytes]:
        """The key that signs a leaf, whose it is, and what is sent beside the leaf."""
        if flaw is Flaw.SELF_SIGNED:
            return key, subject, b""
        if flaw not in (Flaw.INTERMEDIATE, Flaw.NO_INTERMEDIATE):
            return self._key, self._name, b""
        between, name = ec.generate_private_key(ec.SECP256R1()), _common_name("Test Intermediate CA")
        now = datetime.datetime.now(datetime.UTC)
        certificate = (
            x509.CertificateBuilder(self._name, name, between.public_key(), x509.random_serial_number())
            .not_valid_before(now - 100 * DAY)
            .not_valid_after(now + 100 * DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage("key_cert_sign", "crl_sign"), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(between.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return between, name, _pem(certificate) if flaw is Flaw.INTERMEDIATE else b""


def _alternative_names(names: Sequence[str], flaw: Flaw) -> list[x509.GeneralName]:
    match flaw:
        case Flaw.XMPP_ADDR:
            return [_other_name("1.3.6.1.5.5.7.8.5", 0x0C, name) for name in names]
        case Flaw.SRV_NAME:
            services = ("_xmpp-client", "_xmpp-server")
            return [_other_name("1.3.6.1.5.5.7.8.7", 0x16, f"{each}.{name}") for name in names for each in services]
        case Flaw.WILDCARD:
            return [x509.DNSName(f"*.{name.partition('.')[2]}") for name in names]
        case _:
            return [x509.DNSName(name) for name in names]


def _other_name(kind: str, tag: int, text: str) -> x509.OtherName:
    """A DER string with this tag as a name of this kind (RFC 6120 §13.7.1.4, RFC 4985 §2)."""
    return x509.OtherName(x509.ObjectIdentifier(kind), bytes([tag, len(text)]) + text.encode())


def _validity(flaw: Flaw) -> tuple[datetime.datetime, datetime.datetime]:
    now = datetime.datetime.now(datetime.UTC)
    match flaw:
        case Flaw.EXPIRED | Flaw.STALE:
            return now - 60 * DAY, now - DAY
        case Flaw.SOON:
            return now - 60 * DAY, now + 5 * DAY
        case Flaw.SHORT_LIVED:
            return now - DAY, now + 5 * DAY
        case _:
            return now - DAY, now + 90 * DAY


def _common_name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _key_usage(*uses: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{**EVERY_KEY_USAGE_OFF, **dict.fromkeys(uses, True)})


def _der(tag: int, content: bytes) -> bytes:
    """One element in DER, its length in two bytes where it does not fit in one."""
    length = bytes([len(content)]) if len(content) < 0x80 else b"\x82" + len(content).to_bytes(2, "big")
    return bytes([tag]) + length + content


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
