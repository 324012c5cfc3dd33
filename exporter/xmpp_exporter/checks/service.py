"""What a server says about itself."""

import re

from xmpp_exporter.checks.caps import HASHES, verification_string
from xmpp_exporter.checks.registry import check
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.shared import info_of, stream_feature
from xmpp_exporter.checks.verdicts import broken, supported, unsupported
from xmpp_exporter.model import Outcome, Reason

CAPS = "{http://jabber.org/protocol/caps}c"
SERVER_INFO = "http://jabber.org/network/serverinfo"
ABUSE = "abuse-addresses"

URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
_SHOWN = 200
"""Characters of what the server says that go into a detail."""


@check("abuse-contact")
async def abuse_contact(server: Server) -> Outcome:
    """XEP-0157 §3: a URI in the field abuse-addresses of the domain's serverinfo form."""
    form = (await info_of(server, server.domain)).form(SERVER_INFO)
    if form is None:
        return unsupported(f"the domain's service discovery has no form {SERVER_INFO}")
    addresses = [address for address in form.get(ABUSE, ()) if address]
    if not addresses:
        return unsupported(f"the domain's form {SERVER_INFO} has no {ABUSE}")
    listed = ", ".join(addresses)[:_SHOWN]
    if not any(URI.fullmatch(address) for address in addresses):
        return broken(Reason.MISMATCH, f"{ABUSE} has no URI, such as mailto:abuse@{server.domain}: {listed}")
    return supported(listed)


@check("xep0115")
async def entity_capabilities(server: Server) -> Outcome:
    """XEP-0115 §6.3. A hash that does not fit is no failure: clients then ask, as they do without one."""
    if missing := stream_feature(server, CAPS, "the hash of entity capabilities (XEP-0115)"):
        return missing
    caps = server.session.features.find(CAPS)
    attributes = caps.attrib if caps is not None else {}
    algorithm, version = attributes.get("hash", ""), attributes.get("ver", "")
    if not algorithm or not version:
        return unsupported("the capabilities have no hash, as in versions of XEP-0115 before 1.4", Reason.OUTDATED)
    if algorithm not in HASHES:
        return supported(f"offered; we can't verify a hash of type {algorithm[:20]}")
    if version == verification_string(await info_of(server, server.domain), algorithm):
        return supported("the hash fits the domain's service discovery")
    return supported("offered; the hash does not fit the domain's service discovery, so clients can't make use of it")
