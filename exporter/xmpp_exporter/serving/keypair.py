"""A certificate and its private key, loaded into a TLS context, and what is wrong with them in plain words."""

import ssl
from pathlib import Path


class KeyPairError(Exception):
    """The files cannot be used; `key` is the name of the setting at fault, and the message what is wrong there."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


def load(
    context: ssl.SSLContext,
    certificate: Path,
    private_key: Path,
    names: tuple[str, str] = ("cert_file", "key_file"),
) -> None:
    """Have `context` present this certificate (PEM, those of intermediate authorities after it).

    `names` are the settings that name the two files, for the errors. Raises KeyPairError.
    """
    cert_name, key_name = names
    cert, key = _read(cert_name, certificate), _read(key_name, private_key)
    if b"-----BEGIN CERTIFICATE-----" not in cert:
        raise KeyPairError(cert_name, "holds no PEM certificate")
    if b"PRIVATE KEY-----" not in key:
        raise KeyPairError(key_name, "holds no PEM private key")
    try:
        context.load_cert_chain(certificate, private_key, password=_no_passphrase)
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None)
        if reason == "KEY_VALUES_MISMATCH":
            raise KeyPairError(key_name, f"is not the key of the certificate in {cert_name}") from error
        if b"ENCRYPTED" in key:
            raise KeyPairError(key_name, "is encrypted: store it without a passphrase") from error
        raise KeyPairError(cert_name, f"cannot be used together with {key_name} ({reason or error})") from error


def _read(name: str, file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise KeyPairError(name, f"cannot read {file}: {error.strerror or error}") from error


def _no_passphrase() -> str:
    """Without it OpenSSL asks on the terminal."""
    return ""
