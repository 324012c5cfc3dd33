"""TLS contexts from `tls_server_config`."""

import ssl
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from xmpp_exporter.serving import keypair
from xmpp_exporter.serving.websettings import CIPHERS, TlsServerConfig

_VERSIONS = {"TLS12": ssl.TLSVersion.TLSv1_2, "TLS13": ssl.TLSVersion.TLSv1_3}
_CLIENT_CERTIFICATE = {
    "NoClientCert": ssl.CERT_NONE,
    "VerifyClientCertIfGiven": ssl.CERT_OPTIONAL,
    "RequireAndVerifyClientCert": ssl.CERT_REQUIRED,
}


class TlsError(Exception):
    """What the settings name cannot be used; `key` is the one of `tls_server_config` at fault."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


def files(settings: TlsServerConfig, directory: Path) -> list[Path]:
    """The files that a context is made of: when one of them changes, it is time for a new context."""
    names = (settings.cert_file, settings.key_file, settings.client_ca_file)
    return [directory / name for name in names if name]


def make(settings: TlsServerConfig, directory: Path) -> ssl.SSLContext:
    """A context for a server; relative file names are relative to `directory`.

    Raises TlsError: an unreadable or unfit certificate, key or CA.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = _VERSIONS[settings.min_version]
    context.maximum_version = _VERSIONS[settings.max_version]
    context.set_alpn_protocols(["http/1.1"])
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    if not settings.prefer_server_cipher_suites:
        context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    if settings.cipher_suites:
        context.set_ciphers(":".join(CIPHERS[name] for name in settings.cipher_suites))
    _load_certificate(context, settings, directory)
    context.verify_mode = _CLIENT_CERTIFICATE[settings.client_auth_type]
    if context.verify_mode != ssl.CERT_NONE:
        _trust_clients(context, settings, directory)
    return context


def _load_certificate(context: ssl.SSLContext, settings: TlsServerConfig, directory: Path) -> None:
    with ExitStack() as inline:
        (cert_key, cert), (key_key, key) = (_file(name, settings, directory, inline) for name in ("cert", "key"))
        try:
            keypair.load(context, cert, key, (cert_key, key_key))
        except keypair.KeyPairError as error:
            raise TlsError(error.key, str(error)) from error


def _file(name: str, settings: TlsServerConfig, directory: Path, inline: ExitStack) -> tuple[str, Path]:
    """The key that was set, `name` or `name`_file, and a file that has its content until `inline` ends."""
    if file := getattr(settings, f"{name}_file"):
        return f"{name}_file", directory / file
    return name, inline.enter_context(_as_file(getattr(settings, name).encode()))


@contextmanager
def _as_file(pem: bytes) -> Iterator[Path]:
    """A file that only we can read: the ssl module loads certificates from nowhere else."""
    with tempfile.NamedTemporaryFile(suffix=".pem") as file:
        file.write(pem)
        file.flush()
        yield Path(file.name)


def _client_ca(settings: TlsServerConfig, directory: Path) -> tuple[str, bytes]:
    """The key that was set, and the PEM text it leads to."""
    if settings.client_ca:
        return "client_ca", settings.client_ca.encode()
    path = directory / settings.client_ca_file
    try:
        return "client_ca_file", path.read_bytes()
    except OSError as error:
        raise TlsError("client_ca_file", f"cannot read {path}: {error.strerror or error}") from error


def _trust_clients(context: ssl.SSLContext, settings: TlsServerConfig, directory: Path) -> None:
    if not settings.client_ca and not settings.client_ca_file:
        context.load_default_certs(ssl.Purpose.CLIENT_AUTH)  # as Go does
    else:
        key, pem = _client_ca(settings, directory)
        try:
            context.load_verify_locations(cadata=pem.decode("ascii", "replace"))
        except ssl.SSLError as error:
            raise TlsError(key, "holds no PEM certificate") from error
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # as Go does: an intermediate CA may be the anchor
    if settings.client_allowed_sans:
        allowed = frozenset(settings.client_allowed_sans)
        context.sslobject_class = type("SanCheckedConnection", (_SanCheckedConnection,), {"allowed": allowed})


class _SanCheckedConnection(ssl.SSLObject):
    """A connection whose handshake fails if the client's certificate has none of the `allowed` alternative names."""

    allowed: frozenset[str]

    def do_handshake(self) -> None:
        super().do_handshake()
        certificate = self.getpeercert()
        if certificate and self.allowed.isdisjoint(_alternative_names(certificate)):
            raise ssl.SSLCertVerificationError("the client's certificate has none of client_allowed_sans")


def _alternative_names(certificate: Any) -> set[str]:
    """As exporter-toolkit compares them: DNS names, mail addresses, URIs, and IP addresses in their usual form."""
    names = set()
    for kind, value in certificate.get("subjectAltName", ()):
        if kind == "IP Address":
            names.add(str(ip_address(value)))
        elif kind in ("DNS", "email", "URI"):
            names.add(value)
    return names
