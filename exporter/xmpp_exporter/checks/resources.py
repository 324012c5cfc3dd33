"""Two devices of the account, and a second person: the sessions that checks of messages and presence share.

Presence is sent only by checks that need `no_contacts`: nobody else sees it.
"""

import asyncio
import uuid
import xml.etree.ElementTree as ET
from dataclasses import dataclass

from xmpp_exporter.checks.caps import verification_string
from xmpp_exporter.checks.run import watching_contacts
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.verdicts import Undecided
from xmpp_exporter.memo import together
from xmpp_exporter.model import Reason
from xmpp_exporter.wire.disco import INFO, Identity, Info
from xmpp_exporter.wire.errors import StanzaError, WireError
from xmpp_exporter.wire.session import CLIENT, Listener, Session
from xmpp_exporter.wire.stanza import quoteattr, reply_of, stanza_error

OFFLINE_CHECK = "xep0160_roundtrip"
"""The check for which a message must be on its way before the second account logs in."""

_NO_SECOND = "needs a second account on the server (second_account)"

NO_STORE = "<no-store xmlns='urn:xmpp:hints'/>"
"""XEP-0334 §4.3: for messages that nobody should keep."""


@dataclass(frozen=True, slots=True)
class LeftMessage:
    """A message to who is offline: its text, and the error that came back, if one did."""

    text: str
    refusal: StanzaError | None


def token() -> str:
    """A text by which a message is known as ours."""
    return f"xmpp-exporter {uuid.uuid4().hex}"


def message(to: str, text: str, *more: str, kind: str = "chat") -> str:
    """A message of one line (RFC 6121 §5); `text` needs no escaping."""
    stanza_id = uuid.uuid4().hex
    return f"<message type='{kind}' to={quoteattr(to)} id='{stanza_id}'><body>{text}</body>{''.join(more)}</message>"


def _info_payload(info: Info, node: str) -> str:
    """A disco#info result (XEP-0030 §3.1)."""
    identities = "".join(
        f"<identity category='{i.category}' type='{i.type}' name='{i.name}'/>" for i in info.identities
    )
    features = "".join(f"<feature var='{feature}'/>" for feature in sorted(info.features))
    return f"<query xmlns='{INFO}' node='{node}'>{identities}{features}</query>"


def body_of(element: ET.Element) -> str:
    """The text of a message; empty for anything else."""
    return element.findtext(f"{CLIENT}body") or ""


NOTIFIED = "urn:x-xmpp-exporter:notify"
"""A node that the second device wants to hear of: always the same, for servers remember capabilities for good."""
_CAPS = "http://jabber.org/protocol/caps"
_CAPS_NODE = "urn:x-xmpp-exporter"
_OURSELVES = Info((Identity("client", "bot", "", "xmpp-exporter"),), frozenset({INFO, _CAPS, f"{NOTIFIED}+notify"}))
_VERSION = verification_string(_OURSELVES, "sha-1")
_PRESENCE = (
    f"<presence><priority>0</priority><c xmlns='{_CAPS}' hash='sha-1' node='{_CAPS_NODE}' ver='{_VERSION}'/></presence>"
)


async def both_present(server: Server) -> tuple[Session, Session]:
    """The shared session and a second one of the account, both available with the priority 0, once for all checks."""
    return await server.share("presence", lambda: _both_present(server))


async def _both_present(server: Server) -> tuple[Session, Session]:
    first, second = await together(first_present(server), server.other_resource())
    await come_online(second)
    return first, second


async def first_present(server: Server) -> Session:
    """The shared session, available, once for all checks."""
    await server.share("first presence", lambda: come_online(server.session))
    return server.session


def show_up(session: Session) -> None:
    """Send presence with our capabilities, always the same, and tell them to who asks."""
    session.answers[f"{{{INFO}}}query"] = _info_payload(_OURSELVES, f"{_CAPS_NODE}#{_VERSION}")
    session.send(_PRESENCE)


async def come_online(session: Session) -> ET.Element:
    """Show up, and wait for our own presence: a server sends it to all resources of the account (RFC 6121 §4.2.2).

    Returns what came. Raises StanzaError when it is refused.
    """

    def ours(element: ET.Element) -> bool:
        return element.tag == f"{CLIENT}presence" and element.get("from") in (session.jid, session.bare_jid)

    with session.listen(ours) as presences:
        show_up(session)
        return reply_of(await presences.next("the presence of this very session"))


async def second_person(server: Server) -> Session:
    """The session of the second account, once for all checks; without presence.

    Raises Undecided when the account cannot be logged in.
    """
    return await server.share("second person", lambda: _second_person(server))


async def _second_person(server: Server) -> Session:
    if server.log_in_second is None:
        raise Undecided(Reason.NEEDS_SECOND_ACCOUNT, _NO_SECOND)
    if OFFLINE_CHECK in server.running:
        await left_message(server)
    try:
        return await server.log_in_second()
    except WireError as error:
        reason = Reason.TIMEOUT if error.reason is Reason.TIMEOUT else Reason.LOGIN_FAILED
        raise Undecided(reason, f"the login of the second account failed: {error.detail}") from error


async def left_message(server: Server) -> LeftMessage:
    """The message that was sent to the second account before its login. Raises Undecided without such an account."""
    return await server.share("left message", lambda: _leave_message(server))


async def _leave_message(server: Server) -> LeftMessage:
    account, text = server.config.second_account, token()
    if account is None:
        raise Undecided(Reason.NEEDS_SECOND_ACCOUNT, _NO_SECOND)

    def is_refusal(element: ET.Element) -> bool:
        return element.tag == f"{CLIENT}message" and (element.get("type"), element.get("from")) == (
            "error",
            account.jid,
        )

    with server.session.listen(is_refusal) as refusals:
        server.session.send(message(account.jid, text))
        await settled(server.session, server.domain)
        return LeftMessage(text, next((stanza_error(element) for element in refusals.collected()), None))


async def settled(session: Session, domain: str) -> None:
    """Wait until the server has read all that was sent: it answers in order. Any answer will do."""
    try:
        await session.iq("get", "<ping xmlns='urn:xmpp:ping'/>", domain)
    except StanzaError:
        return


async def require_nobody_watches(session: Session) -> None:
    """Raises Undecided if somebody would see the presence of this session, and WireError if that is not known."""
    if await watching_contacts(session):
        raise Undecided(
            Reason.ACCOUNT_HAS_CONTACTS,
            f"contacts of {session.bare_jid} would see its presence; use a second account without any",
        )


async def arrival(listener: Listener, wanted: str, limit: float) -> ET.Element | None:
    """The first stanza, or None when nothing comes within `limit` seconds."""
    try:
        async with asyncio.timeout(limit):
            return await listener.next(wanted)
    except TimeoutError:
        return None
