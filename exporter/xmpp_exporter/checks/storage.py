"""What an account keeps on its server outside of personal eventing: its vCard, and XML for its own clients."""

import uuid

from xmpp_exporter.checks.private_xml import OURS, read_private, write_private
from xmpp_exporter.checks.registry import check
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.shared import NOBODY, asked
from xmpp_exporter.checks.verdicts import broken, supported, unsupported
from xmpp_exporter.model import Outcome, Reason
from xmpp_exporter.wire.errors import StanzaError
from xmpp_exporter.wire.xml import local


@check("xep0054")
async def vcard(server: Server) -> Outcome:
    """XEP-0054 §3.1: the account's own, or word that there is none yet."""
    try:
        reply = await asked("for the vCard", server.session.iq("get", "<vCard xmlns='vcard-temp'/>"))
    except StanzaError as error:
        if error.condition == "item-not-found":
            return supported("answers; the account has no vCard yet")
        if error.condition in NOBODY:
            return unsupported(f"answered with the error {error.detail}")
        raise
    if reply.tag not in ("{vcard-temp}vCard", "{jabber:client}iq"):
        return broken(Reason.MISMATCH, f"the request for the account's vCard is answered with <{local(reply)}/>")
    return supported("answers with the account's vCard")


@check("xep0049")
async def private_storage(server: Server) -> Outcome:
    """XEP-0049 §3: an element that is stored is found again."""
    token = uuid.uuid4().hex
    try:
        before = await asked("for private XML storage", read_private(server.session))
    except StanzaError as error:
        if error.condition in NOBODY:
            return unsupported(f"answered with the error {error.detail}")
        raise
    async with server.leaving("private", OURS):
        await asked("to store XML", write_private(server.session, token))
        after = await asked("for what was stored", read_private(server.session))
    if after != token:
        return broken(Reason.MISMATCH, f"what was stored is not found again: {after[:40]!r} in the place of a new text")
    return supported("stored and found again" + ("; an earlier probe had left its text" if before else ""))
