"""SCRAM for slixmpp with OpenSSL's PBKDF2 and a limit on the iterations that a server may ask for.

slixmpp derives keys in pure Python: 31 ms of a blocked event loop for a usual login, minutes for a hostile one.
Importing this module registers the class below in slixmpp's table of mechanisms.
"""

import functools
import hashlib

from slixmpp.util.sasl.client import SASLCancelled, sasl_mech
from slixmpp.util.sasl.mechanisms import SCRAM

MAX_ITERATIONS = 1_000_000
"""About half a second of one core. Servers use 4,096 to 600,000."""


class TooManyIterations(SASLCancelled):
    """The server asked for more iterations than we are willing to compute."""

    def __init__(self, iterations: int) -> None:
        super().__init__(  # type: ignore[no-untyped-call]
            f"the server asks for {iterations} SCRAM iterations, more than our limit of {MAX_ITERATIONS}"
        )


@functools.lru_cache(maxsize=4096)
def salted_password(hash_name: str, password: bytes, salt: bytes, iterations: int) -> bytes:
    """PBKDF2 (RFC 5802 §2.2, Hi). Cached, because the salt is the same at every login; safe to call in a thread."""
    return hashlib.pbkdf2_hmac(hash_name, password, salt, iterations)


def _hash_name(mechanism_hash: str) -> str:
    """`SHA-256` as hashlib writes it."""
    return mechanism_hash.replace("SHA-", "sha").lower()


@sasl_mech(60)
class OpensslScram(SCRAM):
    """slixmpp's SCRAM in all its hashes, with and without -PLUS, with the key derivation replaced."""

    def Hi(self, text: str | bytes, salt: bytes, iterations: int) -> bytes:  # noqa: N802 - RFC 5802's name
        if iterations > MAX_ITERATIONS:
            raise TooManyIterations(iterations)
        return salted_password(
            _hash_name(self.hash_name), text.encode() if isinstance(text, str) else text, salt, iterations
        )
