"""The verification string of entity capabilities (XEP-0115 §5.1): a hash over what an entity is and can do."""

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping

from xmpp_exporter.wire.disco import Info

HASHES = {
    "sha-1": hashlib.sha1,
    "sha-224": hashlib.sha224,
    "sha-256": hashlib.sha256,
    "sha-384": hashlib.sha384,
    "sha-512": hashlib.sha512,
}
"""By the names that XEP-0300 has for them."""


def verification_string(info: Info, algorithm: str) -> str:
    """The attribute `ver` that goes with `info`. Raises KeyError for an algorithm that we don't have."""
    text = "".join(f"{part}<" for part in _parts(info))
    return base64.b64encode(HASHES[algorithm](text.encode()).digest()).decode()


def _parts(info: Info) -> Iterator[str]:
    yield from _sorted({f"{each.category}/{each.type}/{each.lang}/{each.name}" for each in info.identities})
    yield from _sorted(info.features)
    forms = {form["FORM_TYPE"][0]: form for form in info.forms if form.get("FORM_TYPE")}
    for form_type in _sorted(forms):
        yield form_type
        yield from _fields(forms[form_type])


def _fields(form: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    for name in _sorted(form.keys() - {"FORM_TYPE"}):
        yield name
        yield from _sorted(form[name])


def _sorted(texts: Iterable[str]) -> list[str]:
    """In the order of their octets (RFC 4790 §9.3)."""
    return sorted(texts, key=str.encode)
