"""Making an account from a client."""

import xml.etree.ElementTree as ET

from xmpp_exporter.checks.registry import check
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.verdicts import broken, supported, unsupported
from xmpp_exporter.model import Outcome, Reason
from xmpp_exporter.wire.errors import StanzaError
from xmpp_exporter.wire.registration import FEATURE, FORM, NAMESPACE, OOB, REGISTER
from xmpp_exporter.wire.xml import local

_CLOSED = frozenset(
    {"not-allowed", "forbidden", "not-authorized", "service-unavailable", "feature-not-implemented", "policy-violation"}
)
"""Conditions by which a server says that people can't make accounts here, or that we can't from here."""

_INVITES = ("{urn:xmpp:ibr-token:0}register", "{urn:xmpp:invite}register")
"""Stream features of servers that take invitations (XEP-0445): with them Prosody gives its form to everybody, too."""


@check("xep0077")
async def in_band_registration(server: Server) -> Outcome:
    """XEP-0077 §3.1, asked before login: a form to fill in, a web page to go to, or a refusal."""
    if server.front.features.find(FEATURE) is None:
        return unsupported("closed: registration is not among the stream features before login")
    try:
        reply = await server.front.ask("get", f"<query xmlns='{NAMESPACE}'/>")
    except StanzaError as error:
        if error.condition in _CLOSED:
            return unsupported(f"closed: registration is among the stream features, but refused: {error.detail}")
        return broken(Reason.STANZA_ERROR, f"asked for the registration form, the server answers {error.detail}")
    return _mode(reply, invites=any(server.front.features.find(name) is not None for name in _INVITES))


def _mode(reply: ET.Element, invites: bool) -> Outcome:
    query = reply.find(f"{REGISTER}query")
    if query is None:
        return broken(Reason.MISMATCH, "the reply to the request for the registration form has none")
    plain = {local(child) for child in query}
    fields = {field.get("var", "") for field in query.iterfind(f"{FORM}x/{FORM}field")}
    if {"username", "password"} <= plain | fields:
        more = sorted((fields | plain) & {"email", "ocr", "qa", "url"})
        detail = ", ".join(["open: a form with a name and a password", *more])
        return supported(detail + ("; it may be for people with an invitation only" if invites else ""))
    if url := query.findtext(f"{OOB}x/{OOB}url", "").strip():
        return unsupported(f"out of band: accounts are made on a web page only, {url[:200]}")
    return unsupported("closed: the form asks neither for a name nor for a password")
