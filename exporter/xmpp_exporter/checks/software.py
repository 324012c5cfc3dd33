"""What software a server runs: what it says (XEP-0092) or, where it keeps that to itself, what it reveals."""

import contextlib

from xmpp_exporter.catalogue.software import revealed, software
from xmpp_exporter.checks.answers import software_of
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.service import CAPS
from xmpp_exporter.model import Software
from xmpp_exporter.wire.errors import StanzaError


async def recognised(server: Server) -> Software | None:
    """The software by its own words, or without a version by its capabilities and identity. Raises WireError."""
    if said := await software_of(server):
        return said
    caps = server.session.features.find(CAPS)
    nodes = [caps.get("node", "")] if caps is not None else []
    names: list[str] = []
    with contextlib.suppress(StanzaError):  # who answers no service discovery may still send capabilities
        info = await server.disco.info(server.domain)
        names = [each.name for each in info.identities if (each.category, each.type) == ("server", "im")]
    known = revealed(nodes, names)
    return Software(software()[known].title) if known else None
