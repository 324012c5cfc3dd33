"""A stream over BOSH (XEP-0124 and XEP-0206), up to its features, as a web page would open it."""

import contextlib
import random
import xml.etree.ElementTree as ET

from xmpp_exporter.checks import cors
from xmpp_exporter.checks.combine import all_supported, each
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.verdicts import broken, of_endpoint_error, supported, without_place
from xmpp_exporter.model import Outcome, Reason
from xmpp_exporter.wire.errors import ProtocolViolation, UnexpectedStatus, WireError
from xmpp_exporter.wire.http import site_of
from xmpp_exporter.wire.stanza import quoteattr
from xmpp_exporter.wire.stream import STREAMS
from xmpp_exporter.wire.xml import local, parse

HTTPBIND = "http://jabber.org/protocol/httpbind"
BODY = f"{{{HTTPBIND}}}body"

WAIT = 5
"""Seconds that the server may hold back an answer while it has nothing to say."""


async def bosh_stream(server: Server, url: str) -> Outcome:
    """Whether a web client gets stream features at `url`: the browser's preflight, and a session."""
    parts = await bosh_parts(server, url)
    return all_supported(parts) if len(parts) > 1 else parts["session"]


async def bosh_parts(server: Server, url: str) -> dict[str, Outcome]:
    """The outcomes of the two, `preflight` and `session`, tried once; the session's alone if nothing can be tried."""
    if not url.lower().startswith("https://"):
        return {"session": broken(Reason.MISMATCH, "the address of BOSH must start with https://")}
    return await server.share(f"bosh {url}", lambda: _both(server, url))


async def _both(server: Server, url: str) -> dict[str, Outcome]:
    return await each({"preflight": _preflight(server, url), "session": _session(server, url)})


async def _preflight(server: Server, url: str) -> Outcome:
    try:
        answer = await cors.preflight(server.http, url, "POST", {"content-type"})
    except WireError as error:
        return without_place(of_endpoint_error(error), site_of(url))
    if refusal := cors.refusal(answer, "POST", {"content-type"}):
        reason = Reason.MISMATCH if 200 <= answer.status <= 299 else Reason.HTTP_STATUS
        return broken(reason, f"web pages may not use it: in the answer to OPTIONS {refusal}")
    return supported("web pages may use it")


async def _session(server: Server, url: str) -> Outcome:
    """XEP-0124 §7.1 and XEP-0206 §3: a session with features, terminated at once."""
    request = random.randrange(1, 1 << 32)  # noqa: S311 - not a secret, and the session is never used
    try:
        created = await _post(
            server,
            url,
            f"<body xmlns='{HTTPBIND}' xmlns:xmpp='urn:xmpp:xbosh' content='text/xml; charset=utf-8' hold='1'"
            f" rid='{request}' to={quoteattr(server.domain)} ver='1.6' wait='{WAIT}' xmpp:version='1.0'/>",
        )
        if created.get("type") == "terminate":
            return broken(Reason.MISMATCH, f"refuses a session: {created.get('condition', 'without saying why')[:100]}")
        session = created.get("sid")
        if not session:
            return broken(Reason.MISMATCH, "creates a session without an identifier (sid)")
        head = f"<body xmlns='{HTTPBIND}' sid={quoteattr(session)}"
        answer = created
        if answer.find(f"{STREAMS}features") is None:  # they may come with the next response
            request += 1
            answer = await _post(server, url, f"{head} rid='{request}'/>")
        with contextlib.suppress(WireError):  # it ends by itself before long
            await _post(server, url, f"{head} rid='{request + 1}' type='terminate'/>")
    except WireError as error:
        return without_place(of_endpoint_error(error), site_of(url))
    if answer.find(f"{STREAMS}features") is None:
        return broken(Reason.MISMATCH, "creates a session without stream features")
    return supported("a session with stream features")


async def _post(server: Server, url: str, body: str) -> ET.Element:
    """One request and the <body/> of its response. Raises WireError."""
    headers = {"Content-Type": "text/xml; charset=utf-8", "Origin": cors.ORIGIN}
    response = await server.http.request("POST", url, headers=headers, body=body.encode())
    if response.status != 200:
        raise UnexpectedStatus(f"answers POST with the status {response.status}")
    element = parse(response.body)
    if element.tag != BODY:
        raise ProtocolViolation(f"answers POST with <{local(element)}/>, not <body/>")
    return element
