"""The stream itself: its header and its features, for clients and for other servers."""

import xml.etree.ElementTree as ET

from xmpp_exporter.checks.connections import of_look_error, refuses_strangers, without_address
from xmpp_exporter.checks.looks import Look, Looks, client_looks, judge_those, server_looks
from xmpp_exporter.checks.registry import check
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.verdicts import broken, supported, unknown
from xmpp_exporter.model import Outcome, Reason
from xmpp_exporter.wire.errors import TlsFailed
from xmpp_exporter.wire.network import Party

XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


@check("c2s_stream")
async def client_stream(server: Server) -> Outcome:
    """RFC 6120 §4.7 and §4.3.2: a complete stream header, and features after TLS, at every address that answers."""
    return _judge(await client_looks(server))


@check("s2s_stream")
async def server_stream(server: Server) -> Outcome:
    """The same in jabber:server; a server that will not talk to who speaks for no domain can't be judged."""
    return _judge(await server_looks(server))


def _judge(looks: Looks) -> Outcome:
    answering = [look for look in looks.all if look.stream.times.connect is not None]
    return judge_those(looks, answering, _stream, "could be connected to")


def _stream(look: Look) -> Outcome:
    if isinstance(look.failure, TlsFailed):
        return without_address(look, unknown(Reason.DEPENDS_ON, look.failure.detail))
    if look.failure is not None and not _turned_away(look):
        return without_address(look, of_look_error(look, look.failure))
    header = look.stream.header
    if header is None:
        return broken(Reason.MISMATCH, "stream features without a stream header before them")
    if faults := _faults(header, look.target.domain):
        return broken(Reason.MISMATCH, "the stream header " + " and ".join(faults))
    told = "a stream header and features"
    if look.failure is not None:
        told += " before TLS; after it, servers that do not prove who they are are turned away"
    return supported(told if header.get(XML_LANG) else f"{told}; the header lacks xml:lang")


def _turned_away(look: Look) -> bool:
    """Whether all went well until the server had seen that we have no certificate."""
    to_servers = look.target.party is Party.SERVER and look.stream.plain_features is not None
    return to_servers and look.encrypted and refuses_strangers(look.failure)


def _faults(header: ET.Element, domain: str) -> list[str]:
    """RFC 6120 §4.7.1 (from), §4.7.3 (id) and §4.7.5 (version)."""
    faults = []
    sender = header.get("from")
    if sender is None or sender.lower().rstrip(".") != domain:
        faults.append(f"is from {sender[:100]!r}, not {domain}" if sender else "does not say from which domain it is")
    if not header.get("id"):
        faults.append("has no id")
    major, _, minor = header.get("version", "").partition(".")
    if not (major.isdecimal() and minor.isdecimal() and int(major) >= 1):
        faults.append(f"has the version {header.get('version', '')[:20]!r}, not 1.0")
    return faults
