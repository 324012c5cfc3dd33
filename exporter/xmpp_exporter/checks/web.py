"""Clients that run in a browser: what the domain tells them."""

from dataclasses import replace

from xmpp_exporter.checks import cors
from xmpp_exporter.checks.combine import all_supported, each
from xmpp_exporter.checks.documents import JSON, XML, Document, document, documents, why_unread
from xmpp_exporter.checks.registry import check
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.verdicts import broken, is_good, supported, unknown, unsupported
from xmpp_exporter.checks.web_streams import MAX_LINKS, follow
from xmpp_exporter.memo import together
from xmpp_exporter.model import Outcome, Reason, Verdict


def _without_links(name: str) -> Outcome:
    return unsupported(f"{name} names neither a WebSocket nor BOSH")


@check("xep0156")
async def alternative_connections(server: Server) -> Outcome:
    """XEP-0156 §2: the XML document, which every host must have: web pages may read it, and its links all work."""
    outcome, other = await together(_judge(server, XML), document(server, JSON))
    if outcome.verdict is Verdict.UNSUPPORTED and isinstance(other, Document):
        return replace(outcome, detail=f"{outcome.detail}; {JSON} is there, and clients may look for {XML} alone")
    return outcome


async def _judge(server: Server, name: str) -> Outcome:
    found = await document(server, name)
    if isinstance(found, Outcome):
        return found
    if not found.links:
        return _without_links(name)
    outcomes = await each({str(link): follow(server, link) for link in found.links[:MAX_LINKS]})
    whole = all_supported({name: _readable(found, broken(Reason.MISMATCH, ""))} | outcomes)
    return supported(f"web pages may read it, and its links work: {', '.join(outcomes)}") if is_good(whole) else whole


@check("xep0156_json")
async def json_document(server: Server) -> Outcome:
    """XEP-0156 §2: the JSON format has the links that the XML format has, where there are both."""
    found, other = await together(document(server, JSON), document(server, XML))
    if isinstance(found, Outcome):
        return found
    if not found.links:
        return _without_links(JSON)
    if isinstance(other, Document) and set(other.links) != set(found.links):
        differing = ", ".join(sorted(str(link)[:200] for link in set(other.links) ^ set(found.links)))
        return broken(Reason.MISMATCH, f"{JSON} and {XML} have not the same links; in one of them only: {differing}")
    return supported(f"names {', '.join(str(link)[:200] for link in found.links[:MAX_LINKS])}")


@check("xep0156_cors")
async def readable_documents(server: Server) -> Outcome:
    """XEP-0156 §2: web pages of other sites may read what documents there are."""
    answers = await documents(server)
    found = {name: answer for name, answer in answers.items() if isinstance(answer, Document)}
    if found:
        return all_supported({name: _readable(read, unsupported("")) for name, read in found.items()})
    absent = {name: answer for name, answer in answers.items() if isinstance(answer, Outcome)}
    if all(answer.verdict is Verdict.UNSUPPORTED for answer in absent.values()):
        return unknown(Reason.NOT_APPLICABLE, "there is no host-meta document that pages could read")
    return unknown(Reason.DEPENDS_ON, f"no host-meta document could be read: {why_unread(absent.values())}")


def _readable(found: Document, without: Outcome) -> Outcome:
    """Whether any web page may read it; `without` is the kind of outcome when the header is missing altogether."""
    if cors.readable(found.response):
        return supported("any web page may read it")
    allowed = found.response.header(cors.ALLOW_ORIGIN)
    detail = f"web pages of other sites may not read it: {cors.written(found.response)}"
    if allowed:
        return broken(Reason.MISMATCH, detail)
    return Outcome(without.verdict, without.reason, detail)
