"""The connections of web clients: every WebSocket and every BOSH address that is known is tried, once."""

from xmpp_exporter.checks.bosh import bosh_parts, bosh_stream
from xmpp_exporter.checks.combine import all_supported, each
from xmpp_exporter.checks.documents import Document, documents, why_unread
from xmpp_exporter.checks.host_meta import Link
from xmpp_exporter.checks.registry import check
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.verdicts import Undecided, is_good, supported
from xmpp_exporter.checks.websocket import websocket_stream
from xmpp_exporter.model import Outcome, Reason, Verdict

MAX_LINKS = 8
"""Links of a document that are followed."""

_TITLES = {"websocket": ("WebSocket", "websocket_url"), "xbosh": ("BOSH", "bosh_url")}
"""What people call it, and the key of the configuration, by relation."""

_WORKS = {"websocket": websocket_stream, "xbosh": bosh_stream}


async def follow(server: Server, link: Link) -> Outcome:
    """Whether the link leads to a stream. Documents and configuration name the same ones, as a rule."""
    return await server.share(f"link {link.relation} {link.href}", lambda: _WORKS[link.relation](server, link.href))


@check("websocket")
async def websocket(server: Server) -> Outcome:
    """RFC 7395 §3: a WebSocket that chooses the protocol xmpp and opens a stream with features."""
    urls = await _known(server, "websocket", server.config.websocket_url)
    return all_supported(await each({url: follow(server, Link("websocket", url)) for url in urls}))


@check("bosh")
async def bosh(server: Server) -> Outcome:
    """XEP-0206 §3: a session with stream features. What browsers ask before is told in the detail."""
    urls = await _known(server, "xbosh", server.config.bosh_url)
    return all_supported(await each({url: _session(server, url) for url in urls}))


async def _session(server: Server, url: str) -> Outcome:
    parts = await bosh_parts(server, url)
    preflight = parts.get("preflight")
    if preflight is None or not is_good(parts["session"]) or is_good(preflight):
        return parts["session"]
    return supported(f"{parts['session'].detail}, but {preflight.detail}")


async def _known(server: Server, relation: str, configured: str | None) -> list[str]:
    """The addresses that the configuration or else host-meta has for `relation`. Raises Undecided without any."""
    if configured is not None:
        return [configured]
    answers = await documents(server)
    found = [answer for answer in answers.values() if isinstance(answer, Document)]
    urls = list(dict.fromkeys(link.href for read in found for link in read.links if link.relation == relation))
    if urls:
        return urls[:MAX_LINKS]
    failed = [
        answer
        for answer in answers.values()
        if isinstance(answer, Outcome) and answer.verdict is not Verdict.UNSUPPORTED
    ]
    if failed:
        raise Undecided(Reason.DEPENDS_ON, f"host-meta could not be read: {why_unread(failed)}")
    title, key = _TITLES[relation]
    raise Undecided(
        Reason.NOT_DISCOVERABLE,
        f"host-meta names no {title}: name it there (XEP-0156), or in the exporter's configuration ({key})",
    )
