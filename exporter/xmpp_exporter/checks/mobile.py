"""What saves battery, and messages, on phones."""

from xmpp_exporter.checks.registry import check
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.shared import offered_by_account, stream_feature
from xmpp_exporter.checks.verdicts import broken, supported, unsupported
from xmpp_exporter.model import Outcome, Reason
from xmpp_exporter.wire.errors import Disconnected, ProtocolViolation, StanzaError
from xmpp_exporter.wire.session import Session

CSI = "urn:xmpp:csi:0"


@check("xep0198")
async def stream_management(server: Server) -> Outcome:
    """XEP-0198 §3. Not tried here: a session that can be resumed outlives the probe, and hides that we are offline."""
    missing = stream_feature(server, "{urn:xmpp:sm:3}sm", "stream management (urn:xmpp:sm:3)")
    if missing and server.session.features.find("{urn:xmpp:sm:2}sm") is not None:
        return unsupported("only the older urn:xmpp:sm:2 is among the stream features after login", Reason.OUTDATED)
    return missing or supported("offered")


@check("xep0352")
async def client_state_indication(server: Server) -> Outcome:
    """XEP-0352 §4: on a stream of its own, because a server that does not know the elements ends the stream."""
    if missing := stream_feature(server, f"{{{CSI}}}csi", "client state indication"):
        return missing
    async with server.own_session() as session:
        try:
            for state in ("inactive", "active"):
                session.send(f"<{state} xmlns='{CSI}'/>")
                await _ping(session, server.domain)
        except (ProtocolViolation, Disconnected) as error:
            if not server.session.alive:
                raise
            return broken(Reason.MISMATCH, f"the stream did not survive <{state}/>: {error.detail}")
    return supported("the stream survived inactive and active")


async def _ping(session: Session, domain: str) -> None:
    """XEP-0199; an error is an answer, too."""
    try:
        await session.iq("get", "<ping xmlns='urn:xmpp:ping'/>", domain)
    except StanzaError:
        return


@check("xep0357")
async def push_notifications(server: Server) -> Outcome:
    """XEP-0357 §4. Not tried: registrations can't be listed, and some servers drop the oldest ones of the account."""
    return await offered_by_account(server, "urn:xmpp:push:0") or supported("offered")
