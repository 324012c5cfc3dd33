"""From a TCP connection to a bound resource (RFC 6120 §4 to §7): each step once, in this order, or not at all.

A server can't lead anywhere else: what it sends out of order ends the login. The password is used by one mechanism
only, over TLS with a verified certificate only.
"""

import asyncio
import base64
import binascii
import contextlib
import ssl
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from typing import TYPE_CHECKING

from slixmpp.util.sasl.client import Mech, SASLCancelled, SASLFailed, SASLNoAppropriateMechanism
from slixmpp.util.stringprep_profiles import StringPrepError

from xmpp_exporter.memo import together
from xmpp_exporter.model import Failure
from xmpp_exporter.wire.client import Client
from xmpp_exporter.wire.errors import (
    LoginFailed,
    ProtocolViolation,
    StanzaError,
    TemporaryRefusal,
    TimedOut,
    TlsFailed,
    WireError,
)
from xmpp_exporter.wire.network import connection_error, words_of
from xmpp_exporter.wire.scram import PROOF_SENT, OpensslScram, TooManyIterations
from xmpp_exporter.wire.stanza import quoteattr
from xmpp_exporter.wire.stream import STREAMS, TLS
from xmpp_exporter.wire.tls import TlsConnection, describe, end_point_hash, presented, tls_error
from xmpp_exporter.wire.xml import local

if TYPE_CHECKING:
    from xmpp_exporter.wire.session import Listener, Resumption, Session

SASL = "{urn:ietf:params:xml:ns:xmpp-sasl}"
BIND = "urn:ietf:params:xml:ns:xmpp-bind"
SESSION = "urn:ietf:params:xml:ns:xmpp-session"
SM = "urn:xmpp:sm:3"
CHANNEL_BINDING = "{urn:xmpp:sasl-cb:0}"

MECHANISMS = tuple(
    f"SCRAM-{hash_name}{plus}" for plus in ("-PLUS", "") for hash_name in ("SHA-512", "SHA-256", "SHA-1")
)
"""What we log in with, strongest first. PLAIN only where the configuration allows it."""
MAX_MECHANISMS = 50
MAX_NAME = 64
"""Mechanisms that are looked at, and characters of a name, which may have 20 (RFC 4422 §3.1)."""
MAX_CHALLENGES = 3
"""SCRAM has one, or two where the server's signature comes in one of its own."""

_DISABLED = frozenset({"account-disabled", "credentials-expired"})
_MALFORMED = (KeyError, ValueError, IndexError, TypeError, OverflowError)
"""What slixmpp raises for a message that is no SCRAM."""


async def negotiate(session: "Session", client: Client) -> None:
    """Log in; what was learned on the way is left with the session. Raises WireError."""
    await _connect(session, client)
    with session.listen(lambda _element: True) as elements:
        if not session.target.direct_tls:
            client.begin()
            session.plain_features = await _features(elements)
            await _ask_for_tls(session, client, elements)
        session.tls = await _encrypt(session, client)
        client.begin()
        session.login_features = await _features(elements)
        session.mechanisms = offered_mechanisms(session.login_features)
        session.mechanism = (
            bound_mechanism(session.login_features)
            if session.end_point
            else choose_mechanism(session.login_features, session.tls, session.credentials.allow_plain)
        )
        if session.hold is not None:
            await session.hold.wait()
        await _authenticate(session, client, elements)
        session.reached("auth")
        client.begin()
        session.features = await _features(elements)
        if session.resuming is not None:
            await _resume(session, session.resuming, client, elements)
            return
    await _bind(session)


async def _connect(session: "Session", client: Client) -> None:
    target, limit = session.target, session.timeouts.connect
    try:
        async with asyncio.timeout(limit):
            await client.open(target.address, target.port)
    except TimeoutError:
        raise TimedOut(f"{target} did not answer the connection within {limit:g} s") from None
    except OSError as error:
        raise connection_error(target, error, target.address) from error
    session.reached("connect")


async def _features(elements: "Listener") -> ET.Element:
    features = await elements.next("the stream features")
    if features.tag != f"{STREAMS}features":
        raise ProtocolViolation(f"the server sent <{local(features)}/> where stream features belong")
    return features


async def _ask_for_tls(session: "Session", client: Client, elements: "Listener") -> None:
    """RFC 6120 §5.4.2."""
    assert session.plain_features is not None  # noqa: S101 - they came just now
    if session.plain_features.find(f"{TLS}starttls") is None:
        raise TlsFailed(f"{session.target} does not offer STARTTLS")
    session.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
    answer = await elements.next("the answer to STARTTLS")
    if answer.tag != f"{TLS}proceed":
        raise TlsFailed(f"{session.target} answered STARTTLS with <{local(answer)}/>")
    if elements.collected():
        raise ProtocolViolation(f"{session.target} sent more in plain text after it had agreed to TLS")


async def _encrypt(session: "Session", client: Client) -> TlsConnection:
    target, limit = session.target, session.timeouts.connect
    try:
        async with asyncio.timeout(limit):
            await client.encrypt(target.domain)
    except TimeoutError:
        raise TimedOut(f"{target} did not finish the TLS handshake within {limit:g} s") from None
    except ssl.SSLError as error:
        raise tls_error(error, target.domain, target) from error
    except OSError as error:
        raise TlsFailed(f"{target} broke off the TLS handshake: {words_of(error)}") from error
    session.reached("tls")
    assert isinstance(client.socket, ssl.SSLObject)  # noqa: S101 - TLS is up
    return describe(client.socket)


def offered_mechanisms(features: ET.Element) -> tuple[str, ...]:
    """The SASL mechanisms in the stream features, in their order; no more than a server could mean."""
    found = (element.text or "" for element in features.iterfind(f"{SASL}mechanisms/{SASL}mechanism"))
    names = dict.fromkeys(name.strip().upper()[:MAX_NAME] for name in found)
    return tuple(names)[:MAX_MECHANISMS]


def choose_mechanism(features: ET.Element, tls: TlsConnection, allow_plain: bool) -> str:
    """The one mechanism to log in with: a second one, after a refusal, would be a second guess at the password.

    Channel binding is possible where Python can do it: `tls-unique`, which TLS 1.3 does not have, unless the server
    says that it wants another kind (XEP-0440). Raises LoginFailed without a common mechanism.
    """
    offered = offered_mechanisms(features)
    kinds = [element.get("type") for element in features.iter(f"{CHANNEL_BINDING}channel-binding")]
    bindable = tls.version != "TLSv1.3" and (not kinds or "tls-unique" in kinds)
    usable = [name for name in MECHANISMS if bindable or not name.endswith("-PLUS")] + ["PLAIN"] * allow_plain
    for name in usable:
        if name in offered:
            return name
    listed = ", ".join(offered)[:200] or "none"
    hint = "; allow_plain permits PLAIN" if "PLAIN" in offered else ""
    raise LoginFailed(Failure.NO_MECHANISM, f"no common SASL mechanism; the server offers {listed}{hint}")


def bound_mechanism(features: ET.Element) -> str:
    """The strongest mechanism with channel binding. Raises LoginFailed without one."""
    offered = offered_mechanisms(features)
    for name in MECHANISMS:
        if name.endswith("-PLUS") and name in offered:
            return name
    raise LoginFailed(Failure.NO_MECHANISM, "no mechanism with channel binding is offered")


async def _authenticate(session: "Session", client: Client, elements: "Listener") -> None:
    """RFC 6120 §6.4."""
    mechanism = _prepared(
        client, session.mechanism, session.mechanisms, _end_point(client) if session.end_point else None
    )
    first = _encoded(mechanism.process())  # type: ignore[no-untyped-call]
    session.send(f"<auth xmlns='{SASL[1:-1]}' mechanism='{session.mechanism}'>{first or '='}</auth>")
    for _ in range(MAX_CHALLENGES + 1):
        answer = await elements.next("the answer to the login")
        if answer.tag == f"{SASL}success":
            await _accept(mechanism, answer)
            return
        if answer.tag == f"{SASL}failure":
            raise _refusal(session.mechanism, answer)
        if answer.tag != f"{SASL}challenge":
            raise ProtocolViolation(f"the server sent <{local(answer)}/> where an answer to the login belongs")
        response = _encoded(await _processed(mechanism, answer))
        if isinstance(mechanism, OpensslScram):
            session.server_first = mechanism.server_first
        session.send(f"<response xmlns='{SASL[1:-1]}'>{response}</response>")
    raise LoginFailed(Failure.AUTH_FAILED, f"more than {MAX_CHALLENGES} SASL challenges")


def _end_point(client: Client) -> bytes:
    assert isinstance(client.socket, ssl.SSLObject)  # noqa: S101 - TLS is up
    try:
        return end_point_hash(presented(client.socket)[0])
    except (IndexError, ValueError) as error:
        raise LoginFailed(Failure.PROBER_LIMIT, f"no channel binding with this certificate: {error}") from None


def _prepared(client: Client, name: str, offered: Sequence[str], end_point: bytes | None) -> Mech:
    try:
        return client.mechanism(name, offered, end_point)
    except (SASLNoAppropriateMechanism, StringPrepError) as error:
        raise LoginFailed(Failure.INTERNAL, f"the password cannot be used with {name}: {error}") from None


async def _processed(mechanism: Mech, element: ET.Element) -> bytes:
    """Our answer to a SASL message; the key derivation is done in a thread. Raises LoginFailed."""
    is_proof = isinstance(mechanism, OpensslScram) and mechanism.step == PROOF_SENT
    try:
        message = base64.b64decode((element.text or "").strip().removeprefix("="), validate=True)
        return bytes(await asyncio.to_thread(mechanism.process, message) or b"")
    except TooManyIterations as error:
        raise LoginFailed(Failure.PROBER_LIMIT, error.message) from None
    except (SASLCancelled, SASLFailed) as error:
        if is_proof:
            raise _impostor() from None
        raise LoginFailed(Failure.AUTH_FAILED, f"SASL failed: {error.message}") from None
    except (*_MALFORMED, binascii.Error):
        raise LoginFailed(Failure.AUTH_FAILED, "the server's SASL challenge is malformed") from None


async def _accept(mechanism: Mech, success: ET.Element) -> None:
    """Take a success only from a server that knows the password, too (RFC 5802 §3). Raises LoginFailed."""
    if isinstance(mechanism, OpensslScram) and not mechanism.proven:
        with contextlib.suppress(LoginFailed):
            await _processed(mechanism, success)
        if not mechanism.proven:
            raise _impostor()


def _impostor() -> LoginFailed:
    return LoginFailed(Failure.AUTH_FAILED, "the server could not show that it knows the password (SCRAM signature)")


def _encoded(message: bytes) -> str:
    return base64.b64encode(message).decode()


def _refusal(mechanism: str, failure: ET.Element) -> WireError:
    """RFC 6120 §6.5."""
    condition = next((local(child) for child in failure if local(child) != "text"), "undefined-condition")
    text = (failure.findtext(f"{SASL}text") or "").strip()[:200]
    detail = f"{mechanism}: {condition}" + (f": {text}" if text else "")
    if condition == "not-authorized":
        return LoginFailed(Failure.BAD_PASSWORD, detail)
    if condition in _DISABLED:
        return LoginFailed(Failure.ACCOUNT_DISABLED, detail)
    if condition == "temporary-auth-failure":
        return TemporaryRefusal(detail)
    return LoginFailed(Failure.AUTH_FAILED, detail)


async def _resume(session: "Session", old: "Resumption", client: Client, elements: "Listener") -> None:
    """Go on with a stream that was cut (XEP-0198 §5). Raises StanzaError when the server does not know it any more."""
    client.send_raw(f"<resume xmlns='{SM}' previd={quoteattr(old.id)} h='{old.received}'/>")
    answer = await elements.next("the answer to the resumption")
    if answer.tag != f"{{{SM}}}resumed":
        raise StanzaError(next((local(child) for child in answer), local(answer)))
    session.jid = old.jid
    session.reached("bind")


async def _bind(session: "Session") -> None:
    """Bind a resource (RFC 6120 §7); servers of old also want a session (RFC 3921 §3), for no extra round trip."""
    resource = f"{session.RESOURCE}-{uuid.uuid4().hex[:8]}"
    bind = session.iq("set", f"<bind xmlns='{BIND}'><resource>{resource}</resource></bind>")
    wanted = session.features.find(f"{{{SESSION}}}session")
    if wanted is not None and wanted.find(f"{{{SESSION}}}optional") is None:
        bound, _ = await together(bind, session.iq("set", f"<session xmlns='{SESSION}'/>"))
    else:
        bound = await bind
    jid = bound.findtext(f"{{{BIND}}}jid")
    if not jid:
        raise ProtocolViolation("the server bound no resource")
    session.jid = jid
    session.reached("bind")
