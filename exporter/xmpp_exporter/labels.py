"""Label values: what a server sent becomes clean, short and, where it can be listed, one of a known list."""

import unicodedata

from xmpp_exporter.catalogue.software import named

MAX_LENGTH = 64

_MECHANISMS = frozenset(
    f"{name}{plus}"
    for name in ("SCRAM-SHA-1", "SCRAM-SHA-224", "SCRAM-SHA-256", "SCRAM-SHA-384", "SCRAM-SHA-512", "SCRAM-SHA3-512")
    for plus in ("", "-PLUS")
) | {
    "PLAIN",
    "EXTERNAL",
    "ANONYMOUS",
    "DIGEST-MD5",
    "CRAM-MD5",
    "LOGIN",
    "GSSAPI",
    "GS2-KRB5",
    "X-OAUTH2",
    "OAUTHBEARER",
}


def clean(text: str) -> str:
    """`text` in one line of at most MAX_LENGTH characters, none of them invisible."""
    visible = (" " if unicodedata.category(char)[0] in "CZ" else char for char in text[: 4 * MAX_LENGTH])
    return " ".join("".join(visible).split())[:MAX_LENGTH].rstrip()


def mechanism(name: str) -> str:
    """A SASL mechanism that we know of, or `other`."""
    return name if name in _MECHANISMS else "other"


def software(name: str) -> str:
    """The help folder's name for what a server calls itself (`MongooseIM` is no ejabberd, Snikket is no Prosody)."""
    return named(name) or "other"
