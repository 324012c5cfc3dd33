"""TLS contexts, made once and shared: loading the certificates of the system takes 30 ms."""

import ssl
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from xmpp_exporter.wire.errors import CertificateRejected, TlsFailed, WrongName

_HOSTNAME_MISMATCH = 62
"""X509_V_ERR_HOSTNAME_MISMATCH of OpenSSL's x509_vfy.h."""


class TlsContexts:
    """The contexts of one trust store: `ca_file` (PEM) in the place of the system's store, if given.

    With `certificate`, the files (PEM) of a certificate and its key, all of them present it to who asks. Raises OSError
    or ssl.SSLError when a file can't be loaded.
    """

    def __init__(self, ca_file: Path | None = None, certificate: tuple[Path, Path] | None = None) -> None:
        self._ca_file = ca_file
        self._certificate = certificate
        _ = self.verified  # a bad file is found now, not at the first probe

    def _new(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self._ca_file) if self._ca_file else None)
        context.hostname_checks_common_name = False  # RFC 9525 §6.3: alternative names alone count
        return self._presenting(context)

    def _presenting(self, context: ssl.SSLContext) -> ssl.SSLContext:
        if self._certificate is not None:
            certificate, key = self._certificate
            context.load_cert_chain(certificate, key, password="")
        return context

    @cached_property
    def verified(self) -> ssl.SSLContext:
        """For STARTTLS and HTTPS: chain and name are verified."""
        return self._new()

    @cache  # noqa: B019 - as many as there are protocols, for as long as the contexts live
    def direct(self, alpn: str) -> ssl.SSLContext:
        """For direct TLS: verified, and names the protocol `alpn` (XEP-0368 §2)."""
        context = self._new()
        context.set_alpn_protocols([alpn])
        return context

    @cache  # noqa: B019
    def nameless(self, alpn: str | None) -> ssl.SSLContext:
        """Verifies the chain, whatever names are in the certificate. Nothing secret may ever be sent over it."""
        context = self._new()
        context.check_hostname = False
        if alpn is not None:
            context.set_alpn_protocols([alpn])
        return context

    @cache  # noqa: B019
    def inspecting(self, alpn: str | None) -> ssl.SSLContext:
        """Accepts any certificate, to look at a bad one. Nothing secret may ever be sent over it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        if alpn is not None:
            context.set_alpn_protocols([alpn])
        return self._presenting(context)


@dataclass(frozen=True, slots=True)
class TlsConnection:
    """What a handshake agreed on. `not_after` is the earliest end of validity in the chain, seconds since the epoch."""

    version: str
    cipher: str
    alpn: str | None
    not_after: float | None

    @property
    def version_name(self) -> str:
        """The version as people write it: `TLS 1.3`."""
        return self.version.replace("TLSv", "TLS ")


def describe(tls: ssl.SSLObject) -> TlsConnection:
    """What `tls` negotiated and how long the certificates that the server presented are valid."""
    cipher = tls.cipher()
    return TlsConnection(
        version=tls.version() or "",
        cipher=cipher[0] if cipher else "",
        alpn=tls.selected_alpn_protocol(),
        not_after=min((certificate.not_valid_after_utc.timestamp() for certificate in presented(tls)), default=None),
    )


def presented(tls: ssl.SSLObject) -> list[x509.Certificate]:
    """The certificates as the server sent them, leaf first; those that can't be parsed are left out."""
    if hasattr(tls, "get_unverified_chain"):  # Python 3.13
        chain = [bytes(der) for der in tls.get_unverified_chain()]
    else:  # the same function, not yet public
        raw = getattr(tls, "_sslobj", None)
        chain = [der.public_bytes(2) for der in raw.get_unverified_chain() or ()] if raw else []
    certificates = []
    for der in chain:
        try:
            certificates.append(x509.load_der_x509_certificate(der))
        except ValueError:
            continue
    return certificates


def end_point_hash(certificate: x509.Certificate) -> bytes:
    """The channel binding `tls-server-end-point` of a connection to whoever presents this certificate (RFC 5929 §4.1).

    Raises ValueError for a certificate that is signed without a hash.
    """
    algorithm = certificate.signature_hash_algorithm
    if algorithm is None:
        raise ValueError("the certificate's signature has no hash function")
    weak = algorithm.name in ("md5", "sha1")
    return certificate.fingerprint(hashes.SHA256() if weak else algorithm)


def tls_error(error: ssl.SSLError, host: str, place: object = None) -> TlsFailed:
    """OpenSSL's complaint as ours, with what an admin can act on, and at which place where nobody else tells."""
    at = f"{place}: " if place is not None else ""
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code == _HOSTNAME_MISMATCH:
            return WrongName(f"{at}the certificate is not for {host}")
        return CertificateRejected(f"{at}the certificate for {host} was rejected: {error.verify_message.rstrip('.')}")
    text = (error.reason or str(error) or type(error).__name__).replace("_", " ").lower()
    if "wrong version number" in text or "record layer failure" in text:
        text = "the server did not answer with TLS"
    return TlsFailed(f"{at}TLS handshake failed: {text}")
