"""The archive of an account's messages."""

from xmpp_exporter.checks.registry import check
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.shared import asked, offered_by_account
from xmpp_exporter.checks.verdicts import broken, supported
from xmpp_exporter.model import Outcome, Reason

MAM = "urn:xmpp:mam:2"
OLDER = ("urn:xmpp:mam:tmp", "urn:xmpp:mam:0", "urn:xmpp:mam:1")
ONE_MESSAGE = f"<query xmlns='{MAM}'><set xmlns='http://jabber.org/protocol/rsm'><max>1</max></set></query>"


@check("xep0313")
async def message_archive(server: Server) -> Outcome:
    """XEP-0313 §6: offered by the account, and a query that comes to its end, whatever it finds."""
    if missing := await offered_by_account(server, MAM, OLDER):
        return missing
    reply = await asked("for one archived message", server.session.iq("set", ONE_MESSAGE))
    if reply.tag != f"{{{MAM}}}fin":
        return broken(Reason.MISMATCH, f"a query of the archive ended with {reply.tag}, not with {{{MAM}}}fin")
    return supported("offered and queried")
