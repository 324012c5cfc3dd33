"""Making an account from a client."""

import xml.etree.ElementTree as ET

from xmpp_exporter.checks.looks import Look, client_looks, judge_open
from xmpp_exporter.checks.registry import check
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.shared import NOBODY, asked
from xmpp_exporter.checks.verdicts import broken, is_good, of_error, supported, unknown, unsupported
from xmpp_exporter.model import Outcome, Reason, Verdict
from xmpp_exporter.wire.errors import StanzaError
from xmpp_exporter.wire.registration import FEATURE, FORM, NAMESPACE, OOB, REGISTER, is_captcha
from xmpp_exporter.wire.xml import local

_CLOSED = frozenset(
    {"not-allowed", "forbidden", "not-authorized", "service-unavailable", "feature-not-implemented", "policy-violation"}
)
"""Conditions by which a server says that people can't make accounts here, or that we can't from here."""

COMMANDS = "http://jabber.org/protocol/commands"
_INVITING = {"urn:xmpp:invite#invite": "invitations", "urn:xmpp:invite#create-account": "invitations to new accounts"}

INVITATION = "{urn:xmpp:ibr-token:0}register"
_INVITES = (INVITATION, "{urn:xmpp:invite}register")
"""Stream features of servers that take invitations (XEP-0445): with them Prosody gives its form to everybody, too."""


@check("xep0077")
async def in_band_registration(server: Server) -> Outcome:
    """XEP-0077 §3.1, asked before login: a form to fill in, a web page to go to, or a refusal."""
    if server.front.features.find(FEATURE) is None:
        return unsupported("closed: registration is not among the stream features before login")
    try:
        reply = await _form(server)
    except StanzaError as error:
        if error.condition in _CLOSED:
            return unsupported(f"closed: registration is among the stream features, but refused: {error.detail}")
        return of_error(error)
    return _mode(reply, invites=invited(server.front.features))


async def _form(server: Server) -> ET.Element:
    """The reply to the request for the form, asked for once. Raises what the stream raises."""
    reply = server.share("registration form", lambda: server.front.ask("get", f"<query xmlns='{NAMESPACE}'/>"))
    return await asked("for the registration form", reply)


def _mode(reply: ET.Element, invites: bool) -> Outcome:
    query = reply.find(f"{REGISTER}query")
    if query is None:
        return broken(Reason.MISMATCH, "the request for the registration form is answered without one")
    plain = {local(child) for child in query}
    fields = {field.get("var", "") for field in query.iterfind(f"{FORM}x/{FORM}field")}
    if {"username", "password"} <= plain | fields:
        more = sorted((fields | plain) & {"email", "ocr", "qa", "url"})
        fields_too = f", and {', '.join(more)}" if more else ""
        detail = f"open: a form with a name and a password{fields_too}"
        return supported(detail + ("; it may be for people with an invitation only" if invites else ""))
    if url := query.findtext(f"{OOB}x/{OOB}url", "").strip():
        return unsupported(f"out of band: accounts are made on a web page only, {url[:200]}")
    return unsupported("closed: the form asks neither for a name nor for a password")


@check("xep0077_captcha")
async def protected_registration(server: Server) -> Outcome:
    """XEP-0158 §3, XEP-0077 §14: whether a program could make accounts by the thousand."""
    mode = await in_band_registration(server)
    if not is_good(mode):
        reason = Reason.NOT_APPLICABLE if mode.verdict is Verdict.UNSUPPORTED else Reason.DEPENDS_ON
        return unknown(reason, f"nobody registers in band: {mode.detail}")
    query = (await _form(server)).find(f"{REGISTER}query")
    form = query.find(f"{FORM}x") if query is not None else None
    elements = [] if form is None else form.findall(f"{FORM}field")
    if is_captcha({element.get("var", ""): element for element in elements}):
        return supported("the form has a captcha")
    asked = {element.get("var", "") for element in elements} | {local(child) for child in query or ()}
    if "email" in asked:
        return supported("the form asks for an e-mail address, to which the server can send a link")
    if invited(server.front.features):
        return supported("the form may be for people with an invitation only")
    return unsupported("the form asks for a name and a password only: a program can fill it in")


def invited(features: ET.Element) -> bool:
    """Whether the server takes invitations."""
    return any(features.find(name) is not None for name in _INVITES)


@check("xep0401")
async def invitations(server: Server) -> Outcome:
    """XEP-0401 §3: the commands that the domain has for this account. None is executed: it would make an invitation."""
    request = f"<query xmlns='http://jabber.org/protocol/disco#items' node='{COMMANDS}'/>"
    try:
        reply = await server.session.iq("get", request, server.domain)
    except StanzaError as error:
        if error.condition in NOBODY:
            return unsupported(f"the domain has no commands for this account: {error.detail}")
        raise
    nodes = {item.get("node", "") for item in reply}
    found = [title for node, title in _INVITING.items() if node in nodes]
    if not found:
        return unsupported("no command of the domain makes an invitation, at least for this account")
    return supported(f"this account can make {' and '.join(found)}")


@check("xep0445")
async def registration_with_invitation(server: Server) -> Outcome:
    """XEP-0445 §3."""
    return judge_open(await client_looks(server), _takes_invitations)


def _takes_invitations(look: Look) -> Outcome:
    if look.stream.features.find(INVITATION) is not None:
        return supported("offered")
    if invited(look.stream.features):
        return unsupported("only the older urn:xmpp:invite is among the stream features", Reason.OUTDATED)
    return unsupported("registration with an invitation is not among the stream features before login")
