"""Messages and contacts."""

from xmpp_exporter.checks.registry import check
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.shared import offered_by_domain
from xmpp_exporter.checks.verdicts import supported
from xmpp_exporter.model import Outcome


@check("xep0280")
async def message_carbons(server: Server) -> Outcome:
    """XEP-0280 §4: offered by the domain, and switched on for this session, which ends with the probe."""
    if missing := await offered_by_domain(server, "urn:xmpp:carbons:2"):
        return missing
    await server.session.iq("set", "<enable xmlns='urn:xmpp:carbons:2'/>")
    return supported("offered and enabled")
