"""Messages that the server keeps: in the archive, and for who is offline. What is sent stays there, so once a day."""

import contextlib

from xmpp_exporter.checks import archive_search
from xmpp_exporter.checks.archive_search import MAM
from xmpp_exporter.checks.history import OLDER, ONE_MESSAGE, default_preference
from xmpp_exporter.checks.registry import check
from xmpp_exporter.checks.resources import (
    OFFLINE_CHECK,
    arrival,
    body_of,
    left_message,
    message,
    require_nobody_watches,
    second_person,
    show_up,
    token,
)
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.shared import (
    TELLS_MORE,
    WRITERS_LIMIT,
    asked,
    eventually,
    offered_by_account,
    offered_by_domain,
)
from xmpp_exporter.checks.verdicts import broken, supported, unknown
from xmpp_exporter.model import Outcome, Reason
from xmpp_exporter.wire.errors import StanzaError
from xmpp_exporter.wire.session import CLIENT, Session

DELAY = "{urn:xmpp:delay}delay"


@check("xep0313_roundtrip")
async def archived_message(server: Server) -> Outcome:
    """XEP-0313 §3 and §4: a message is found in the archive. Looked at first, for some archives begin with a query."""
    if missing := await offered_by_account(server, MAM, OLDER):
        return missing
    default = await _preference(server)
    if default not in (None, "always"):
        return unknown(
            Reason.ARCHIVE_DISABLED,
            f"the account's archive keeps by default: {default[:20]}; for this check it must be always",
        )
    session = server.session
    await asked("for one archived message", session.iq("set", ONE_MESSAGE))
    alone, text = server.log_in_second is None, token()
    session.send(message(session.jid if alone else (await second_person(server)).jid, text))
    if found := await eventually(lambda: _archived(session, text), bool):
        told = found.stanza_id(session.bare_jid)
        if told and told != found.id:
            return broken(Reason.MISMATCH, "an archived message has another id in itself than in the archive")
        return supported("a message that was sent is in the archive")
    detail = "a message that was sent is not in the archive"
    if alone:
        return unknown(Reason.NEEDS_SECOND_ACCOUNT, f"{detail}; but it went to the account itself: {TELLS_MORE}")
    if default is None:
        return unknown(Reason.ARCHIVE_DISABLED, f"{detail}; the account has no preferences that say that it should be")
    return broken(Reason.MISMATCH, f"{detail}, although by the account's preferences all are archived")


async def _preference(server: Server) -> str | None:
    """None where nobody says, for whatever reason: that is another check's concern."""
    try:
        return await default_preference(server)
    except StanzaError:
        return None


async def _archived(session: Session, text: str) -> archive_search.Archived | None:
    return await asked("for the last archived messages", archive_search.find(session, text))


@check(OFFLINE_CHECK)
async def offline_message(server: Server) -> Outcome:
    """XEP-0160 §3: a message to who is offline comes after the login, with the time at which it was sent."""
    if missing := await offered_by_domain(server, "msgoffline"):
        return missing
    person = await second_person(server)
    await require_nobody_watches(person)
    left = await left_message(server)
    if left.refusal is not None:
        return unknown(Reason.FORBIDDEN, f"the message to the second account was refused: {left.refusal.detail}")
    text = left.text
    with person.listen(lambda element: body_of(element) == text and element.tag == f"{CLIENT}message") as messages:
        # not before: an archive that is asked first takes the place of the messages that are kept
        show_up(person)
        arrived = await arrival(messages, "the message that was sent before the login", WRITERS_LIMIT)
    if arrived is None:
        return await _missing(person, text)
    if arrived.find(DELAY) is None:
        return supported("a message was kept until the login; the time at which it was sent is not told")
    return supported("a message was kept until the login")


async def _missing(person: Session, text: str) -> Outcome:
    detail = "a message to an account that was offline did not come after its login"
    with contextlib.suppress(StanzaError):  # without an archive it is in none
        if await archive_search.find(person, text):
            return unknown(Reason.NOT_APPLICABLE, f"{detail}; it is in the archive, where clients find it")
    return broken(Reason.MISMATCH, detail)
