"""Everything that a client or server needs to connect, in one document (XEP-0487)."""

import ipaddress
import json
from collections.abc import Mapping
from typing import Any

from xmpp_exporter.checks.documents import JSON, Document, document
from xmpp_exporter.checks.host_meta import PREFIX
from xmpp_exporter.checks.registry import check
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.verdicts import broken, supported, unknown, unsupported
from xmpp_exporter.model import Outcome, Reason, Verdict

BY_PORT = ("tls", "quic", "s2s-tls", "s2s-quic")
"""Relations whose links name a port."""
BY_HREF = ("websocket", "s2s-websocket")
"""Relations whose links name an address, and all else as well if they are for this XEP."""

MAX_PROBLEMS = 5


@check("xep0487")
async def host_meta_2(server: Server) -> Outcome:
    """XEP-0487 §2.1: the object `xmpp`, which says that it is in use, and links with all that is mandatory."""
    found = await document(server, JSON)
    if not isinstance(found, Document):
        # who has said nothing of it is not to blame for what is wrong with the web server
        wrong = found.verdict is Verdict.BROKEN
        return unknown(Reason.DEPENDS_ON, f"{JSON} could not be read: {found.detail}") if wrong else found
    content: Mapping[str, Any] = json.loads(found.response.body)
    known, links = content.get("xmpp"), content.get("links", [])
    if known is None:
        return unsupported(f"{JSON} has no object xmpp: it is for web clients alone")
    problems = [] if isinstance(known, dict) and _is_number(known.get("ttl")) else ["the object xmpp has no ttl"]
    names = []
    for link in links:
        relation = str(link.get("rel", "")).removeprefix(PREFIX) if isinstance(link, dict) else ""
        if relation in BY_PORT or (relation in BY_HREF and "ips" in link):
            names.append(relation)
            problems += [f"the link {relation} has no valid {field}" for field in _missing(relation, link)]
    if not names:
        problems.append("no link is one that a client or server could use without the DNS")
    if problems:
        return broken(Reason.MISMATCH, f"{JSON}: {'; '.join(problems[:MAX_PROBLEMS])}")
    return supported(f"{JSON} has links for {', '.join(dict.fromkeys(names))}")


def _missing(relation: str, link: Mapping[str, Any]) -> list[str]:
    """Mandatory fields that are not there, or not as they must be."""
    valid = {
        "priority": _is_number(link.get("priority")),
        "weight": _is_number(link.get("weight")),
        "sni": bool(link.get("sni")) and isinstance(link.get("sni"), str),
        "ips": _are_addresses(link.get("ips")),
    }
    if relation in BY_PORT:
        valid["port"] = _is_number(link.get("port")) and 0 < link["port"] < 65536
    else:
        valid["href"] = str(link.get("href", "")).startswith("wss://")
    return [field for field, good in valid.items() if not good]


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _are_addresses(value: object) -> bool:
    if not isinstance(value, list) or not value:
        return False
    try:
        return all(isinstance(each, str) and ipaddress.ip_address(each) for each in value)
    except ValueError:
        return False
