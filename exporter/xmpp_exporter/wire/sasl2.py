"""Logging in by SASL2 (XEP-0388), with Bind 2 (XEP-0386) and tokens (XEP-0484), on a raw stream that is ours alone.

Only mechanisms that keep the secret to themselves, over TLS with a verified certificate only: the stream must have been
opened with `verify`.
"""

import asyncio
import base64
import binascii
import hashlib
import hmac
import uuid
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from typing import Any

from slixmpp.util.sasl.client import SASLCancelled, SASLFailed, choose

from xmpp_exporter.model import Failure
from xmpp_exporter.wire.errors import LoginFailed, ProtocolViolation
from xmpp_exporter.wire.offer import BIND2, FAST, SASL2
from xmpp_exporter.wire.scram import OpensslScram, TooManyIterations
from xmpp_exporter.wire.stanza import quoteattr
from xmpp_exporter.wire.stream import STREAMS, Stream
from xmpp_exporter.wire.tls import end_point_hash
from xmpp_exporter.wire.xml import local

MECHANISMS = ("SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1")
"""Strongest first, without channel binding: that has a check of its own."""

TOKEN_MECHANISMS = tuple(
    f"HT-{hash_name}-{binding}" for binding in ("ENDP", "NONE") for hash_name in ("SHA-512", "SHA-256", "SHA3-256")
)
"""Those of draft-schmaus-kitten-sasl-ht that we can do: bound to the server's certificate, or to nothing."""

_MALFORMED = (KeyError, ValueError, IndexError, TypeError, OverflowError, binascii.Error)


@dataclass(frozen=True, slots=True, repr=False)
class Token:
    """What a server gives in exchange for a password, for one mechanism."""

    mechanism: str
    secret: str
    expiry: str


@dataclass(frozen=True, slots=True)
class Entrance:
    """What a successful login told us."""

    mechanism: str
    identity: str
    """The JID: with a resource, if one was bound."""
    bound: bool = False
    token_for: str | None = None
    """The mechanism for which a token was asked."""
    token: Token | None = None
    tasks: tuple[str, ...] = ()
    """What the server wants to be done before it lets us in (a second factor, …): then we are not."""


async def by_password(
    stream: Stream, jid: str, password: str, mechanism: str, *, bind: bool, token_for: str | None
) -> Entrance:
    """Log in with SCRAM; ask for a resource, and for a token for the mechanism `token_for`.

    Raises LoginFailed, and what the stream raises.
    """
    scram = _scram(mechanism, jid.partition("@")[0], password)
    wanted = "<bind xmlns='urn:xmpp:bind:0'><tag>xmpp-exporter</tag></bind>" if bind else ""
    wanted += f"<request-token xmlns='urn:xmpp:fast:0' mechanism={quoteattr(token_for)}/>" if token_for else ""
    stream.send(_request(mechanism, scram.process(), jid, wanted))
    challenge = await _answer(stream, mechanism)
    if challenge.tag != f"{SASL2}challenge":
        raise ProtocolViolation(f"the server sent <{local(challenge)}/> where a SCRAM challenge belongs")
    stream.send(f"<response xmlns='urn:xmpp:sasl:2'>{_encoded(await _processed(scram, challenge.text))}</response>")
    success = await _answer(stream, mechanism)
    await _processed(scram, success.findtext(f"{SASL2}additional-data"))
    if not scram.proven:
        raise LoginFailed(Failure.AUTH_FAILED, "the server could not show that it knows the password")
    return await _entrance(stream, success, mechanism, token_for)


async def by_token(stream: Stream, jid: str, token: Token) -> Entrance:
    """Log in with a token, which the server must forget at once (XEP-0484 §3.5). Raises as by_password does."""
    binding = end_point_hash(stream.certificates[0]) if token.mechanism.endswith("-ENDP") else b""
    first = jid.partition("@")[0].encode() + b"\0" + _proof(token, b"Initiator" + binding)
    stream.send(_request(token.mechanism, first, jid, "<fast xmlns='urn:xmpp:fast:0' invalidate='true'/>"))
    success = await _answer(stream, token.mechanism)
    told = success.findtext(f"{SASL2}additional-data") or ""
    if told.strip() != _encoded(_proof(token, b"Responder" + binding)):
        raise LoginFailed(Failure.AUTH_FAILED, "the server could not show that it knows the token")
    return await _entrance(stream, success, token.mechanism, None)


def _proof(token: Token, text: bytes) -> bytes:
    name = token.mechanism.removeprefix("HT-").rpartition("-")[0]
    function = name.replace("SHA-", "sha").replace("SHA3-", "sha3_").lower()
    return hmac.digest(token.secret.encode(), text, function)


def _scram(mechanism: str, user: str, password: str) -> OpensslScram:
    def credentials(_required: Any, _optional: Any) -> dict[str, Any]:
        return {"username": user, "password": password}

    def security(_values: Any) -> dict[str, Any]:
        # never bound: "n" tells the server so (RFC 5802 §6)
        return {"encrypted": True, "unencrypted_scram": False, "binding_proposed": True, "tls_version": None}

    scram = choose([mechanism], credentials, security)
    assert isinstance(scram, OpensslScram)  # noqa: S101 - it is registered for all of MECHANISMS
    return scram


async def _processed(scram: OpensslScram, text: str | None) -> bytes:
    """Our answer to a SCRAM message; the key derivation is done in a thread. Raises LoginFailed."""
    try:
        message = base64.b64decode((text or "").strip(), validate=True)
        return bytes(await asyncio.to_thread(scram.process, message) or b"")
    except TooManyIterations as error:
        raise LoginFailed(Failure.PROBER_LIMIT, error.message) from None
    except (SASLCancelled, SASLFailed) as error:
        raise LoginFailed(Failure.AUTH_FAILED, f"SASL failed: {error.message}") from None
    except _MALFORMED:
        raise LoginFailed(Failure.AUTH_FAILED, "the server's SASL challenge is malformed") from None


def _request(mechanism: str, first: bytes, jid: str, more: str) -> str:
    """XEP-0388 §2.3, with an identifier that is the same at each login of the account (§2.3: a UUID of version 4)."""
    agent = uuid.UUID(bytes=hashlib.sha256(f"xmpp-exporter {jid}".encode()).digest()[:16], version=4)
    return (
        f"<authenticate xmlns='urn:xmpp:sasl:2' mechanism='{mechanism}'>"
        f"<initial-response>{_encoded(first)}</initial-response>"
        f"<user-agent id='{agent}'><software>xmpp-exporter</software></user-agent>{more}</authenticate>"
    )


async def _answer(stream: Stream, mechanism: str) -> ET.Element:
    """The next step. Raises LoginFailed for a refusal (XEP-0388 §2.6.2)."""
    answer = await stream.read()
    if answer.tag == f"{SASL2}failure":
        conditions = [local(child) for child in answer if local(child) != "text"]
        text = (answer.findtext(f"{SASL2}text") or "").strip()[:200]
        detail = f"{mechanism}: {conditions[0] if conditions else 'refused'}" + (f": {text}" if text else "")
        raise LoginFailed(Failure.AUTH_FAILED, detail)
    return answer


async def _entrance(stream: Stream, success: ET.Element, mechanism: str, token_for: str | None) -> Entrance:
    if success.tag == f"{SASL2}continue":
        return Entrance(mechanism, "", tasks=tuple(each.text or "" for each in success.iter(f"{SASL2}task")))
    if success.tag != f"{SASL2}success":
        raise ProtocolViolation(f"the server sent <{local(success)}/> where the end of the login belongs")
    features = await stream.read()
    if features.tag != f"{STREAMS}features":
        raise ProtocolViolation(f"the server sent <{local(features)}/> after the login instead of stream features")
    token = success.find(f"{FAST}token")
    return Entrance(
        mechanism,
        (success.findtext(f"{SASL2}authorization-identifier") or "").strip(),
        success.find(f"{BIND2}bound") is not None,
        token_for,
        None
        if token is None or token_for is None
        else Token(token_for, token.get("token", ""), token.get("expiry", "")),
    )


def _encoded(message: bytes) -> str:
    return base64.b64encode(message).decode()
