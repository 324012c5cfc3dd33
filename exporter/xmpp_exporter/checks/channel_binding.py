"""Logins that are tied to their TLS connection, or sign what was offered before, so that nobody sits in the middle."""

import base64
import hashlib

from xmpp_exporter.checks.login import listed
from xmpp_exporter.checks.looks import Look, client_looks, judge_open
from xmpp_exporter.checks.registry import check
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.verdicts import broken, is_good, supported, unknown, unsupported
from xmpp_exporter.model import Failure, Outcome, Reason
from xmpp_exporter.wire.errors import LoginFailed
from xmpp_exporter.wire.offer import Offer, offer_of
from xmpp_exporter.wire.session import Session

END_POINT = "tls-server-end-point"

TLS_VERSIONS = {"TLSv1.3": "0304", "TLSv1.2": "0303", "TLSv1.1": "0302", "TLSv1": "0301"}
"""As XEP-0515 §4.1 writes them, by OpenSSL's names."""


@check("xep0440")
async def channel_binding_types(server: Server) -> Outcome:
    """XEP-0440 §2 and §3."""
    return judge_open(await client_looks(server), _types)


def _types(look: Look) -> Outcome:
    offer = offer_of(look.stream.features)
    version = look.stream.tls.version if look.stream.tls else ""
    if offer.bindings is None:
        return unsupported("the types of channel binding are not among the stream features before login")
    names = listed(offer.bindings)
    if not offer.bindings:
        return broken(Reason.MISMATCH, "the list of types of channel binding is empty")
    if "tls-unique" in offer.bindings and version == "TLSv1.3":
        return broken(Reason.MISMATCH, f"tls-unique is listed, which does not exist in TLS 1.3: {names}")
    if not any(name.endswith("-PLUS") for name in offer.mechanisms):
        return broken(
            Reason.MISMATCH,
            f"types are listed ({names}), but no mechanism with channel binding: clients give up",
        )
    if END_POINT not in offer.bindings:
        return unsupported(f"{END_POINT}, which every server must offer, is not listed: {names}", Reason.OUTDATED)
    wanting = version == "TLSv1.3" and "tls-exporter" not in offer.bindings
    return supported(f"offered: {names}" + ("; tls-exporter would be stronger" if wanting else ""))


@check("scram_plus")
async def scram_with_channel_binding(server: Server) -> Outcome:
    """RFC 5802 §6: offered everywhere, and a login with it works where we can make one.

    Python has no tls-exporter, so that on TLS 1.3 the binding is to the server's certificate (RFC 5929 §4), where the
    server says that it takes that; to try it elsewhere would look like a wrong password.
    """
    offered = judge_open(await client_looks(server), _plus)
    if server.login is None or not is_good(offered):
        return offered
    session = server.login
    if session.mechanism.endswith("-PLUS"):
        return supported(f"logged in with {session.mechanism}, bound by tls-unique")
    if END_POINT not in (offer_before(session).bindings or ()):
        return unknown(
            Reason.PROBER_LIMIT,
            f"offered; on TLS 1.3 we can only bind by {END_POINT}, which the server does not list (XEP-0440)",
        )
    return await _bound_login(server)


def _plus(look: Look) -> Outcome:
    names = [name for name in offer_of(look.stream.features).mechanisms if name.endswith("-PLUS")]
    if not names:
        return unsupported("no mechanism with channel binding is offered")
    return supported(f"offered: {listed(names)}")


async def _bound_login(server: Server) -> Outcome:
    """The same password was good without channel binding: a refusal is about the binding."""
    try:
        async with server.own_session(end_point=True) as session:
            return supported(f"logged in with {session.mechanism}, bound by {END_POINT}")
    except LoginFailed as error:
        if error.failure is Failure.PROBER_LIMIT:
            raise
        return broken(
            Reason.MISMATCH,
            f"the login bound by {END_POINT} is refused: {error.detail}; does the server know the certificate that "
            "clients see, or does something in front of it do TLS?",
        )


@check("xep0474")
async def downgrade_protection(server: Server) -> Outcome:
    """XEP-0474 §6: the server signs what it had offered; a hash of something else means that somebody changed it."""
    session = server.session
    if missing := _no_scram(session):
        return missing
    attributes = _attributes(session)
    told = attributes.get("h")
    if told is None and "d" in attributes:
        return unsupported("the hash is in the attribute d, as before version 0.4.0 of XEP-0474", Reason.OUTDATED)
    if told is None:
        return unsupported("the server's first SCRAM message has no hash of what was offered (attribute h)")
    if told == downgrade_hash(offer_before(session), session.mechanism):
        return supported("the hash of mechanisms and types of channel binding fits what was offered")
    return broken(
        Reason.MISMATCH,
        "the hash does not fit what was offered: somebody between us and the server changes it, or the server is "
        "mistaken; clients that verify the hash can't log in",
    )


def downgrade_hash(offer: Offer, mechanism: str) -> str:
    """The hash of what SASL offered (XEP-0474 §6.1), with the hash function of the mechanism."""
    text = "\x1e".join(sorted(offer.sasl))
    if offer.bindings is not None:
        text += "\x1f" + "\x1e".join(sorted(offer.bindings))
    function = mechanism.removeprefix("SCRAM-").removesuffix("-PLUS").replace("-", "").lower()
    return base64.b64encode(hashlib.new(function, text.encode()).digest()).decode()


@check("xep0515")
async def tls_version_protection(server: Server) -> Outcome:
    """XEP-0515 §4: the server signs the version of TLS that it sees."""
    session = server.session
    if missing := _no_scram(session):
        return missing
    told, version = _attributes(session).get("t"), session.tls.version if session.tls else ""
    spoken = session.tls.version_name if session.tls else "none"
    if told is None:
        return unsupported("the server's first SCRAM message has no TLS version (attribute t)")
    if told == TLS_VERSIONS.get(version):
        return supported(f"the version fits: {spoken}")
    return broken(
        Reason.MISMATCH,
        f"the server says TLS version {told[:20]}, but we have {spoken}: clients that verify it give up",
    )


def _no_scram(session: Session) -> Outcome | None:
    if session.server_first:
        return None
    return unsupported(f"the login uses {session.mechanism}: no SCRAM is offered that we have")


def _attributes(session: Session) -> dict[str, str]:
    """The attributes of the server-first-message (RFC 5802 §5.1)."""
    return dict(part.split("=", 1) for part in session.server_first.split(",") if "=" in part)


def offer_before(session: Session) -> Offer:
    """What the server had offered for this login."""
    return Offer() if session.login_features is None else offer_of(session.login_features)
