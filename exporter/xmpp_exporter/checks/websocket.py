"""A stream over a WebSocket (RFC 7395), up to its features."""

from xmpp_exporter.checks import cors
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.verdicts import broken, of_endpoint_error, supported, without_place
from xmpp_exporter.model import Outcome, Reason
from xmpp_exporter.wire.errors import WireError
from xmpp_exporter.wire.http import site_of
from xmpp_exporter.wire.stanza import quoteattr
from xmpp_exporter.wire.stream import STREAM_ERROR, STREAMS, stream_error_text
from xmpp_exporter.wire.xml import local, parse

FRAMING = "urn:ietf:params:xml:ns:xmpp-framing"


async def websocket_stream(server: Server, url: str) -> Outcome:
    """Whether a web client gets stream features at `url`: status 101, the protocol xmpp, and an answered <open/>."""
    if not url.lower().startswith("wss://"):
        return broken(Reason.MISMATCH, "a WebSocket's address must start with wss://")
    try:
        async with server.http.websocket(url, "xmpp", cors.ORIGIN) as socket:
            await socket.send(f"<open xmlns='{FRAMING}' to={quoteattr(server.domain)} version='1.0'/>")
            opened = parse(await socket.receive())
            if opened.tag != f"{{{FRAMING}}}open":
                return broken(Reason.MISMATCH, f"answers <open/> with <{local(opened)}/>")
            features = parse(await socket.receive())
            await socket.send(f"<close xmlns='{FRAMING}'/>")
    except WireError as error:
        return without_place(of_endpoint_error(error), site_of(url))
    if features.tag == STREAM_ERROR:
        return broken(Reason.MISMATCH, f"opens the stream with a {stream_error_text(features)}")
    if features.tag != f"{STREAMS}features":
        return broken(Reason.MISMATCH, f"sends <{local(features)}/> where stream features belong")
    return supported("a WebSocket with stream features")
