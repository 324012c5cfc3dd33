"""Resuming a stream whose connection was cut, on a session of the check's own."""

import ipaddress
import urllib.parse
import xml.etree.ElementTree as ET

from xmpp_exporter.checks.numbers import number
from xmpp_exporter.checks.registry import check
from xmpp_exporter.checks.resources import NO_STORE, arrival, body_of, message, token
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.shared import WRITERS_LIMIT, stream_feature
from xmpp_exporter.checks.verdicts import broken, of_endpoint_error, of_error, supported, unknown, unsupported
from xmpp_exporter.model import Outcome, Reason
from xmpp_exporter.wire.errors import NoAddress, StanzaError, WireError
from xmpp_exporter.wire.negotiation import SM
from xmpp_exporter.wire.network import Target
from xmpp_exporter.wire.session import CLIENT, Resumption, Session
from xmpp_exporter.wire.xml import local

STANZAS = frozenset({f"{CLIENT}iq", f"{CLIENT}message", f"{CLIENT}presence"})
"""What counts in acknowledgements (XEP-0198 §4)."""


@check("xep0198_resume")
async def resumption(server: Server) -> Outcome:
    """XEP-0198 §5: what comes while the connection is gone is there after the stream is resumed."""
    if missing := stream_feature(server, f"{{{SM}}}sm", f"stream management ({SM})"):
        return missing
    text = token()
    async with server.begun_session() as session:
        with session.listen(lambda element: element.tag in STANZAS) as received:
            enabled = await _enable(session)
            if isinstance(enabled, Outcome):
                return enabled
            session.cut()
            old = Resumption(enabled.get("id", ""), session.jid, len(received.collected()))
        # it arrives while we log in again
        server.session.send(message(session.jid, text, NO_STORE))
    location = enabled.get("location", "")
    try:
        target = await _place(server, session.target, location)
        return await _resume(server, target, old, text, enabled.get("max", ""))
    except WireError as error:
        # the server itself says that clients should go there
        return of_endpoint_error(error) if location else of_error(error)


async def _enable(session: Session) -> ET.Element | Outcome:
    """The answer of a server that will resume the stream and acknowledges stanzas (§3 and §4), or the outcome."""
    with session.listen(lambda element: element.tag.startswith(f"{{{SM}}}")) as answers:
        session.send(f"<enable xmlns='{SM}' resume='true'/>")
        session.send(f"<r xmlns='{SM}'/>")
        enabled = await answers.next("the answer to enabling stream management")
        if enabled.tag != f"{{{SM}}}enabled":
            condition = next((local(child) for child in enabled), "no reason given")
            return broken(Reason.STANZA_ERROR, f"stream management is offered, but not enabled: {condition}")
        if enabled.get("resume") not in ("true", "1") or not enabled.get("id"):
            return unsupported("stream management is enabled, but without resumption")
        answer = await answers.next("an acknowledgement")
        while answer.tag == f"{{{SM}}}r":
            answer = await answers.next("an acknowledgement")
        if answer.tag != f"{{{SM}}}a" or number(answer.get("h"), 2**32) is None:
            told = f"asked for an acknowledgement, the server answers with <{local(answer)}/> or without a number"
            return broken(Reason.MISMATCH, told)
        return enabled


async def _place(server: Server, before: Target, location: str) -> Target:
    """Where the server wants the stream to be resumed, or the same address and port."""
    if not location:
        return before
    try:
        place = urllib.parse.urlsplit(f"//{location}")
        host, port = place.hostname or "", place.port or before.port
    except ValueError:
        host, port = "", 0
    addresses = await _addresses(server, host) if host else []
    if not addresses:
        raise NoAddress(f"{location[:100]!r}, where streams are to be resumed, has no address")
    return Target(before.domain, host, addresses[0], port, before.direct_tls, before.allow_private)


async def _addresses(server: Server, host: str) -> list[str]:
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        return await server.lookups.addresses(host)


async def _resume(server: Server, target: Target, old: Resumption, text: str, limit: str) -> Outcome:
    shared = server.session
    session = Session(server.network, target, shared.credentials, server.timeouts, server.trace)
    session.resuming = old
    # from before the login, for what was held back comes right after it
    with session.listen(lambda element: body_of(element) == text) as messages:
        try:
            async with session:
                arrived = await arrival(messages, "the message that was sent meanwhile", WRITERS_LIMIT)
        except StanzaError as error:
            if error.condition == "item-not-found":
                detail = f"{target} does not know the stream: it was lost, or another node of the cluster has it"
                return unknown(Reason.DEPENDS_ON, detail)
            return broken(Reason.STANZA_ERROR, f"a stream that was cut is not resumed: {error.detail}")
    if arrived is None:
        return broken(Reason.MISMATCH, "the stream was resumed, but a message that was sent meanwhile is lost")
    seconds = number(limit, 10**9)
    detail = "a stream that was cut was resumed, with the message that was sent meanwhile"
    if seconds is None:
        return supported(f"{detail}; for how long this is possible the server does not say")
    return supported(f"{detail}; possible for {seconds} s", {"xmpp_stream_resumption_seconds": float(seconds)})
