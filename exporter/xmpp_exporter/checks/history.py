"""The archive of an account's messages."""

from xmpp_exporter.checks.archive_search import MAM
from xmpp_exporter.checks.registry import check
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.shared import NOBODY, asked, offered_by_account
from xmpp_exporter.checks.verdicts import broken, supported, unsupported
from xmpp_exporter.model import Outcome, Reason
from xmpp_exporter.wire.errors import StanzaError
from xmpp_exporter.wire.xml import local

OLDER = ("urn:xmpp:mam:tmp", "urn:xmpp:mam:0", "urn:xmpp:mam:1")
ONE_MESSAGE = f"<query xmlns='{MAM}'><set xmlns='http://jabber.org/protocol/rsm'><max>1</max></set></query>"


@check("xep0313")
async def message_archive(server: Server) -> Outcome:
    """XEP-0313 §6: offered by the account, and a query that comes to its end, whatever it finds."""
    if missing := await offered_by_account(server, MAM, OLDER):
        return missing
    reply = await asked("for one archived message", server.session.iq("set", ONE_MESSAGE))
    if reply.tag != f"{{{MAM}}}fin":
        return broken(Reason.MISMATCH, f"a query of the archive is answered with <{local(reply)}/>, not with <fin/>")
    return supported("offered and queried")


@check("xep0313_extended")
async def extended_queries(server: Server) -> Outcome:
    """XEP-0313 §5: whoever offers the extended queries tells where the archive begins and ends."""
    if missing := await offered_by_account(server, f"{MAM}#extended"):
        return missing
    reply = await asked("for the archive's ends", server.session.iq("get", f"<metadata xmlns='{MAM}'/>"))
    if reply.tag != f"{{{MAM}}}metadata":
        return broken(
            Reason.MISMATCH, f"a query for the archive's ends is answered with <{local(reply)}/>, not with <metadata/>"
        )
    return supported("offered, and the archive's ends are told")


@check("xep0441")
async def archive_preferences(server: Server) -> Outcome:
    """XEP-0441 §2: no feature announces them, so they are simply asked for, and never changed."""
    default = await default_preference(server)
    if default is None:
        return unsupported("the account's archive has no preferences")
    if default not in ("always", "never", "roster"):
        return broken(Reason.MISMATCH, f"what is archived by default is {default[:40]!r}, not always, roster or never")
    return supported(f"archived by default: {default}")


async def default_preference(server: Server) -> str | None:
    """What is archived unless said otherwise: `always`, `roster` or `never`; None where nobody says. Raises WireError.

    Asked once.
    """
    return await server.share("archive preferences", lambda: _ask_preference(server))


async def _ask_preference(server: Server) -> str | None:
    try:
        reply = await asked("for preferences", server.session.iq("get", f"<prefs xmlns='{MAM}'/>"))
    except StanzaError as error:
        if error.condition in NOBODY:
            return None
        raise
    return reply.get("default", "")


@check("xep0359")
async def stanza_ids(server: Server) -> Outcome:
    """XEP-0359 §4: the account's server says that it marks messages with ids of its own, which nobody can forge."""
    return await offered_by_account(server, "urn:xmpp:sid:0") or supported("offered")
