"""SCRAM for slixmpp with OpenSSL's PBKDF2 and a limit on the iterations that a server may ask for.

slixmpp derives keys in pure Python: 31 ms of a blocked event loop for a usual login, minutes for a hostile one.
Importing this module registers the class below in slixmpp's table of mechanisms.
"""

import functools
import hashlib
import secrets

from slixmpp.util.sasl.client import SASLCancelled, sasl_mech
from slixmpp.util.sasl.mechanisms import SCRAM

MAX_ITERATIONS = 1_000_000
"""About half a second of one core. Servers use 4,096 to 600,000."""

PROOF_SENT = 2
"""slixmpp's `step` once the client's proof is made: what comes next must be the server's own (RFC 5802 §3)."""


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
    """slixmpp's SCRAM in all its hashes, with and without -PLUS, with key derivation and nonce replaced."""

    server_first = ""
    """The server-first-message, once it is there: servers put more into it than SCRAM needs (XEP-0474, XEP-0515)."""

    end_point: bytes | None = None
    """The hash of the server's certificate (RFC 5929 §4), to tie the login to it; slixmpp has no such binding."""

    def process_1(self, challenge: bytes) -> bytes:
        super().process_1(challenge)
        if self.end_point is not None:
            self.gs2_header = b"p=tls-server-end-point,,"
        # slixmpp's nonce is what `random` makes; a nonce that can be guessed lets a proof be replayed (RFC 5802 §5.1)
        self.cnonce = secrets.token_urlsafe(18).encode()
        if not self.credentials["channel_binding"]:
            # slixmpp says "y", I could bind but think that you can't; a server that can must then refuse (§6)
            self.gs2_header = b"n" + self.gs2_header[1:]
        name, _, _ = self.client_first_message_bare.rpartition(b",r=")
        self.client_first_message_bare = name + b",r=" + self.cnonce
        self.client_first_message = self.gs2_header + self.client_first_message_bare
        return self.client_first_message

    def process_2(self, challenge: bytes) -> bytes:
        self.server_first = challenge.decode(errors="replace")
        return bytes(super().process_2(challenge))

    def Hi(self, text: str | bytes, salt: bytes, iterations: int) -> bytes:  # noqa: N802 - RFC 5802's name
        if iterations > MAX_ITERATIONS:
            raise TooManyIterations(iterations)
        return salted_password(
            _hash_name(self.hash_name), text.encode() if isinstance(text, str) else text, salt, iterations
        )

    @property
    def proven(self) -> bool:
        """Whether the server has shown that it knows the password (RFC 5802 §3)."""
        return bool(self._mutual_auth)
