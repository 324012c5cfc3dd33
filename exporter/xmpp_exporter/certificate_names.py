"""The names that a certificate is for (RFC 6120 §13.7.1.2, RFC 9525 §6)."""

from collections.abc import Iterable
from dataclasses import dataclass

import idna
from cryptography import x509

XMPP_ADDR = "1.3.6.1.5.5.7.8.5"
"""id-on-xmppAddr, RFC 6120 §13.7.1.4."""
SRV_NAME = "1.3.6.1.5.5.7.8.7"
"""id-on-dnsSRV, RFC 4985 §2."""

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
