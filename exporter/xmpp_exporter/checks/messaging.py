"""Messages and contacts."""

import uuid

from xmpp_exporter.checks.registry import check
from xmpp_exporter.checks.resources import arrival
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.shared import WRITERS_LIMIT, asked, offered_by_domain, stream_feature
from xmpp_exporter.checks.verdicts import broken, supported
from xmpp_exporter.model import Outcome, Reason
from xmpp_exporter.wire.stanza import quoteattr

BLOCKING = "urn:xmpp:blocking"
ROSTER = "jabber:iq:roster"


@check("roster_versioning")
async def roster_versioning(server: Server) -> Outcome:
    """RFC 6121 §2.6: a roster that has not changed since the client's version is not sent again."""
    if missing := stream_feature(server, "{urn:xmpp:features:rosterver}ver", "roster versioning"):
        return missing
    roster = await asked("for the roster", server.session.iq("get", f"<query xmlns='{ROSTER}' ver=''/>"))
    version = roster.get("ver")
    if version is None:
        return broken(Reason.MISMATCH, "versions are offered, but the roster comes without one")
    request = f"<query xmlns='{ROSTER}' ver={quoteattr(version)}/>"
    again = await asked("for changes of the roster", server.session.iq("get", request))
    if again.tag == f"{{{ROSTER}}}query":
        return broken(Reason.MISMATCH, "the whole roster is sent again although nothing has changed")
    return supported("an unchanged roster is not sent again")


@check("xep0160")
async def offline_messages(server: Server) -> Outcome:
    """XEP-0160 §5: the domain says so."""
    return await offered_by_domain(server, "msgoffline") or supported("offered")


@check("xep0191")
async def blocking_command(server: Server) -> Outcome:
    """XEP-0191 §3: an address that nobody has is blocked and unblocked; the account's list is as before."""
    if missing := await offered_by_domain(server, BLOCKING):
        return missing
    stranger = f"xmpp-exporter-{uuid.uuid4().hex}@blocked.invalid"
    await _blocked(server)  # which is also the wish to be told of changes
    async with server.leaving("block", stranger):
        block = f"<block xmlns='{BLOCKING}'><item jid='{stranger}'/></block>"
        with server.session.pushes(f"{{{BLOCKING}}}block") as pushes:
            await asked("to block an address", server.session.iq("set", block))
            if stranger not in await _blocked(server):
                return broken(Reason.MISMATCH, "an address that was blocked is not in the block list")
            if await arrival(pushes, "word of the address that was blocked", WRITERS_LIMIT) is None:
                return broken(Reason.MISMATCH, "devices are not told when an address is blocked")
    if stranger in await _blocked(server):
        return broken(Reason.MISMATCH, "an address that was unblocked is still in the block list")
    return supported("an address was blocked and unblocked")


async def _blocked(server: Server) -> set[str]:
    """The block list (XEP-0191 §3.2)."""
    reply = await asked("for the block list", server.session.iq("get", f"<blocklist xmlns='{BLOCKING}'/>"))
    return {item.get("jid", "") for item in reply.iterfind(f"{{{BLOCKING}}}item")}


@check("xep0280")
async def message_carbons(server: Server) -> Outcome:
    """XEP-0280 §4: offered by the domain, and switched on for this session, which ends with the probe."""
    if missing := await offered_by_domain(server, "urn:xmpp:carbons:2"):
        return missing
    await asked("to enable carbons", server.session.iq("set", "<enable xmlns='urn:xmpp:carbons:2'/>"))
    return supported("offered and enabled")


@check("xep0377")
async def blocking_with_report(server: Server) -> Outcome:
    """XEP-0377 §2. Not tried: a report makes work for somebody."""
    return await offered_by_domain(server, "urn:xmpp:reporting:1", ("urn:xmpp:reporting:0",)) or supported("offered")
