"""Where a domain says that its WebSocket and BOSH are: host-meta in either format (XEP-0156, RFC 6415)."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from xmpp_exporter.wire.errors import ProtocolViolation
from xmpp_exporter.wire.xml import local, parse

XRD = "{http://docs.oasis-open.org/ns/xri/xrd-1.0}"
PREFIX = "urn:xmpp:alt-connections:"
RELATIONS = ("websocket", "xbosh")


@dataclass(frozen=True, slots=True)
class Link:
    """A way to connect: one of RELATIONS, and its address as written."""

    relation: str
    href: str

    def __str__(self) -> str:
        return f"{self.relation} {self.href}"


def read_xrd(body: bytes) -> tuple[Link, ...]:
    """The links of the XML format. Raises ProtocolViolation."""
    root = parse(body)
    if root.tag != f"{XRD}XRD":
        raise ProtocolViolation(f"is <{local(root)}/>, not an XRD document")
    return _links((link.get("rel"), link.get("href")) for link in root.iterfind(f"{XRD}Link"))


def read_jrd(body: bytes) -> tuple[Link, ...]:
    """The links of the JSON format. Raises ProtocolViolation."""
    try:
        document = json.loads(body)
    except RecursionError as error:
        raise ProtocolViolation("is JSON that is nested too deep") from error
    except ValueError as error:
        raise ProtocolViolation(f"is not JSON: {error}"[:200]) from error
    links = document.get("links", []) if isinstance(document, dict) else None
    if not isinstance(links, list):
        raise ProtocolViolation("is not a JRD document: an object with a list of links")
    return _links((link.get("rel"), link.get("href")) for link in links if isinstance(link, dict))


def _links(pairs: Iterable[tuple[object, object]]) -> tuple[Link, ...]:
    """Those that are about XMPP, each once, in their order."""
    links = {
        Link(relation.removeprefix(PREFIX), href.strip() if isinstance(href, str) else ""): None
        for relation, href in pairs
        if isinstance(relation, str) and relation.startswith(PREFIX) and relation.removeprefix(PREFIX) in RELATIONS
    }
    return tuple(links)
