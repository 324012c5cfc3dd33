"""The first record of a TLS handshake, written by hand, and what a server answers to it.

Our own TLS library refuses to speak what is outdated, and so could not find out who still does. Nothing is encrypted:
the connection ends with the server's first record.
"""

import asyncio
import os
import struct
from dataclasses import dataclass

from xmpp_exporter.wire.cipher_suites import EPHEMERAL_AEAD, OTHERS, WEAK
from xmpp_exporter.wire.errors import ProtocolViolation, TimedOut

SSL3, TLS1_0, TLS1_1, TLS1_2 = 0x0300, 0x0301, 0x0302, 0x0303

_NAMES = {SSL3: "SSL 3.0", TLS1_0: "TLS 1.0", TLS1_1: "TLS 1.1", TLS1_2: "TLS 1.2"}

_ALERT, _HANDSHAKE = 21, 22
_CLIENT_HELLO, _SERVER_HELLO = 1, 2
_SERVER_NAME, _GROUPS, _POINT_FORMATS, _SIGNATURES, _ALPN = 0, 10, 11, 13, 16
_RENEGOTIATION_SCSV = 0x00FF
"""RFC 5746 §3.3: some servers refuse who does not know it."""
_MAX_RECORD = 1 << 14


@dataclass(frozen=True, slots=True)
class Offer:
    """The version that is offered at most, and the cipher suites, the dearest first."""

    name: str
    version: int
    suites: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """What a server chose."""

    version: int
    suite: int

    @property
    def version_name(self) -> str:
        return _NAMES.get(self.version, f"version 0x{self.version:04X}")


def offer_of(version: int) -> Offer:
    """All that a client of this version may have offered."""
    modern = tuple(EPHEMERAL_AEAD) if version >= TLS1_2 else ()
    return Offer(_NAMES[version], version, (*modern, *OTHERS, *WEAK))


WEAK_OFFER = Offer("weak", TLS1_2, tuple(WEAK))
"""TLS 1.2 with nothing but cipher suites that nobody should accept."""


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, hello: bytes, limit: float) -> Choice | None:
    """Send `hello`; the server's choice, or None when it refuses: with an alert, or by closing the connection.

    Raises TimedOut after `limit` seconds of silence, and ProtocolViolation for what is not TLS.
    """
    try:
        async with asyncio.timeout(limit):
            writer.write(hello)
            kind, _version, length = struct.unpack("!BHH", await reader.readexactly(5))
            if kind not in (_ALERT, _HANDSHAKE) or length > _MAX_RECORD:
                raise ProtocolViolation("the answer to a TLS handshake is not TLS")
            record = await reader.readexactly(length)
    except TimeoutError:  # which is an OSError, too
        raise TimedOut(f"no answer to a TLS handshake for {limit:g} s") from None
    except (asyncio.IncompleteReadError, OSError):
        return None
    return None if kind == _ALERT else _choice(record)


def _choice(record: bytes) -> Choice:
    """A ServerHello (RFC 5246 §7.4.1.3)."""
    if len(record) < 39 or record[0] != _SERVER_HELLO:
        raise ProtocolViolation("the answer to a TLS handshake is no ServerHello")
    version = int.from_bytes(record[4:6], "big")
    after_session = 39 + record[38]
    if len(record) < after_session + 2:
        raise ProtocolViolation("the answer to a TLS handshake is cut short")
    return Choice(version, int.from_bytes(record[after_session : after_session + 2], "big"))


def client_hello(offer: Offer, name: str, alpn: str | None = None) -> bytes:
    """The record of a ClientHello (RFC 5246 §7.4.1.2) for the server name `name`."""
    suites = b"".join(suite.to_bytes(2, "big") for suite in (*offer.suites, _RENEGOTIATION_SCSV))
    body = offer.version.to_bytes(2, "big") + os.urandom(32) + b"\0" + _sized(suites) + b"\1\0"
    if offer.version > SSL3:
        body += _sized(_extensions(offer.version, name, alpn))
    message = bytes([_CLIENT_HELLO]) + len(body).to_bytes(3, "big") + body
    # the record's own version is the least that any server knows (RFC 5246 appendix E.1)
    return struct.pack("!BH", _HANDSHAKE, min(offer.version, TLS1_0)) + _sized(message)


def _extensions(version: int, name: str, alpn: str | None) -> bytes:
    host = name.encode("ascii")
    found = _extension(_SERVER_NAME, _sized(b"\0" + _sized(host)))
    found += _extension(_GROUPS, _sized(bytes.fromhex("001d 0017 0018 0019 0100")))
    found += _extension(_POINT_FORMATS, b"\1\0")
    if version >= TLS1_2:
        found += _extension(
            _SIGNATURES, _sized(bytes.fromhex("0403 0503 0603 0807 0808 0804 0805 0806 0401 0501 0601 0203 0201"))
        )
    if alpn is not None:
        protocol = alpn.encode("ascii")
        found += _extension(_ALPN, _sized(bytes([len(protocol)]) + protocol))
    return found


def _extension(number: int, content: bytes) -> bytes:
    return number.to_bytes(2, "big") + _sized(content)


def _sized(content: bytes) -> bytes:
    """`content` with its length in two bytes before it."""
    return len(content).to_bytes(2, "big") + content
