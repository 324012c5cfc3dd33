"""The server's side of SCRAM (RFC 5802, RFC 7677), with channel binding if it is told the data."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping

HASHES = {"SCRAM-SHA-1": "sha1", "SCRAM-SHA-256": "sha256", "SCRAM-SHA-512": "sha512"}


class ScramError(Exception):
    """The client's proof is wrong, or its message is none."""


class ScramServer:
    """One exchange: `first` answers the client's first message, `final` the second.

    `iterations` is sent as it is and used as it is, except that a count beyond `calculated` is only sent: the client
    is not expected to come back with a proof. `attributes` are added to the server-first-message; `binding` is the data
    that a mechanism with channel binding must bring.
    """

    calculated = 1_000_000

    def __init__(
        self,
        mechanism: str,
        passwords: Mapping[str, str],
        iterations: int = 4096,
        attributes: str = "",
        binding: bytes = b"",
    ) -> None:
        self._hash = HASHES[mechanism.removesuffix("-PLUS")]
        self._attributes = attributes
        self._binding = binding if mechanism.endswith("-PLUS") else b""
        self._header = ""
        self._passwords = passwords
        self._iterations = iterations
        self._salt = secrets.token_bytes(16)
        self._transcript = ""
        self._nonce = ""
        self.user = ""

    def first(self, message: str) -> str:
        """The server-first-message."""
        flag, authorization, bare = message.split(",", 2)
        self._header = f"{flag},{authorization},"
        attributes = _attributes(bare)
        self.user = attributes["n"].replace("=2C", ",").replace("=3D", "=")
        self._nonce = attributes["r"] + secrets.token_urlsafe(16)
        reply = f"r={self._nonce},s={base64.b64encode(self._salt).decode()},i={self._iterations}{self._attributes}"
        self._transcript = f"{bare},{reply}"
        return reply

    def final(self, message: str) -> str:
        """The server-final-message. Raises ScramError when the proof does not fit the password."""
        without_proof, _, proof = message.rpartition(",p=")
        if self._iterations > self.calculated or _attributes(without_proof).get("r") != self._nonce:
            raise ScramError("not-authorized")
        if base64.b64decode(_attributes(without_proof)["c"]) != self._header.encode() + self._binding:
            raise ScramError("not-authorized")
        password = self._passwords.get(self.user)
        if password is None:
            raise ScramError("not-authorized")
        salted = hashlib.pbkdf2_hmac(self._hash, password.encode(), self._salt, self._iterations)
        transcript = f"{self._transcript},{without_proof}".encode()
        client_key = hmac.digest(salted, b"Client Key", self._hash)
        signature = hmac.digest(hashlib.new(self._hash, client_key).digest(), transcript, self._hash)
        expected = bytes(a ^ b for a, b in zip(client_key, signature, strict=True))
        if not hmac.compare_digest(expected, base64.b64decode(proof)):
            raise ScramError("not-authorized")
        server_key = hmac.digest(salted, b"Server Key", self._hash)
        return "v=" + base64.b64encode(hmac.digest(server_key, transcript, self._hash)).decode()


def _attributes(message: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in message.split(",") if "=" in part)
