"""A certificate authority of our own, and leaves that are good, about to expire, expired, misnamed or self-signed."""

import datetime
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
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


class Flaw(StrEnum):
    """What is wrong with a leaf certificate, if anything."""

    NONE = "none"
    SOON = "soon"
    """Valid, for five more days."""
    EXPIRED = "expired"
    """Ended yesterday."""
    WRONG_NAME = "wrong-name"
    """Good, but for other.test."""
    SELF_SIGNED = "self-signed"


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
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage("key_cert_sign", "crl_sign"), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        self.ca_file = directory / "ca.pem"
        self.ca_file.write_bytes(_pem(self._certificate))

    def issue(self, name: str, components: Sequence[str] = (), flaw: Flaw = Flaw.NONE) -> Path:
        """Write the leaf for the domain `name` and the hosts below it (labels such as `upload`); returns NAME.pem."""
        names = ["other.test"] if flaw is Flaw.WRONG_NAME else [name, *(f"{label}.{name}" for label in components)]
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _common_name(names[0])
        self_signed = flaw is Flaw.SELF_SIGNED
        begin, end = _validity(flaw)
        signer, issuer = (key, subject) if self_signed else (self._key, self._name)
        certificate = (
            x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(end)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage("digital_signature"), critical=True)
            .add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]),
                critical=False,
            )
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(each) for each in names]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
            .sign(signer, hashes.SHA256())
        )
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (self.directory / f"{name}.crt").write_bytes(_pem(certificate))
        (self.directory / f"{name}.key").write_bytes(private)
        both = self.directory / f"{name}.pem"
        both.write_bytes(_pem(certificate) + private)
        return both


def _validity(flaw: Flaw) -> tuple[datetime.datetime, datetime.datetime]:
    now = datetime.datetime.now(datetime.UTC)
    match flaw:
        case Flaw.EXPIRED:
            return now - 60 * DAY, now - DAY
        case Flaw.SOON:
            return now - 60 * DAY, now + 5 * DAY
        case _:
            return now - DAY, now + 90 * DAY


def _common_name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _key_usage(*uses: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{**EVERY_KEY_USAGE_OFF, **dict.fromkeys(uses, True)})


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
