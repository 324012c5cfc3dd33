"""What a domain answers to the small questions that any client may ask it."""

import datetime
import time

from xmpp_exporter.checks.numbers import number
from xmpp_exporter.checks.registry import check
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.shared import NOBODY, asked, info_of, offered_by_domain
from xmpp_exporter.checks.verdicts import broken, supported, unsupported
from xmpp_exporter.model import Outcome, Reason, Software
from xmpp_exporter.wire.disco import INFO
from xmpp_exporter.wire.errors import StanzaError
from xmpp_exporter.wire.xml import local

TIME = "urn:xmpp:time"
LAST = "jabber:iq:last"
PRIVACY_LISTS = "jabber:iq:privacy"

_SHOWN = 64
"""Characters of a name, a version or a date that are kept."""


@check("xep0030")
async def service_discovery(server: Server) -> Outcome:
    """XEP-0030 §3 and §4: the domain says what it is, and what services it has."""
    info = await info_of(server, server.domain)
    if INFO not in info.features:
        return unsupported(f"{INFO} is not among the domain's features")
    if not info.has_identity("server", "im"):
        return broken(Reason.MISMATCH, "server/im is not among the domain's identities")
    items = await asked("for the domain's items", server.disco.items())
    return supported(f"answers; features: {len(info.features)}, services: {len(items)}")


async def software_of(server: Server) -> Software | None:
    """What the server says it is (XEP-0092 §3), asked once; None where it does not say. Raises WireError."""
    return await server.share("software", lambda: _ask_software(server))


async def _ask_software(server: Server) -> Software | None:
    try:
        query = await server.session.iq("get", "<query xmlns='jabber:iq:version'/>", server.domain)
    except StanzaError as error:
        if error.condition in NOBODY:
            return None
        raise
    texts = {local(child): (child.text or "").strip()[:_SHOWN] for child in query}
    return Software(texts["name"], texts.get("version", "")) if texts.get("name") else None


@check("xep0092")
async def software_version(server: Server) -> Outcome:
    """XEP-0092 §3. To say nothing is a choice."""
    software = await asked("for name and version", software_of(server))
    if software is None:
        return unsupported("the domain does not say what software it runs")
    return supported(f"{software.name} {software.version}".strip())


@check("xep0199")
async def ping(server: Server) -> Outcome:
    """XEP-0199 §4.2: the domain says that it answers pings, and does."""
    if missing := await offered_by_domain(server, "urn:xmpp:ping"):
        return missing
    await asked("with a ping", server.session.iq("get", "<ping xmlns='urn:xmpp:ping'/>", server.domain))
    return supported("answers pings")


@check("xep0202")
async def entity_time(server: Server) -> Outcome:
    """XEP-0202 §2. Half of the wait is taken for the way of the answer; most servers send whole seconds only."""
    if missing := await offered_by_domain(server, TIME):
        return missing
    asked_at = time.time()
    reply = await asked("for the time", server.session.iq("get", f"<time xmlns='{TIME}'/>", server.domain))
    now = (asked_at + time.time()) / 2
    utc = (reply.findtext(f"{{{TIME}}}utc") or "").strip()
    moment = _moment(utc)
    if moment is None:
        return broken(Reason.MISMATCH, f"the time is {utc[:_SHOWN]!r}, which is no date and time in UTC (XEP-0082)")
    skew = moment - now
    return supported(f"the server's clock differs from ours by {skew:+.1f} s", {"xmpp_clock_skew_seconds": skew})


def _moment(utc: str) -> float | None:
    """Seconds since the epoch (XEP-0082 §3.2)."""
    try:
        moment = datetime.datetime.fromisoformat(utc)
    except ValueError:
        return None
    return None if moment.tzinfo is None else moment.timestamp()


@check("xep0012")
async def uptime(server: Server) -> Outcome:
    """XEP-0012 §4: for a server, how long it has been running."""
    if missing := await offered_by_domain(server, LAST):
        return missing
    reply = await asked("for the uptime", server.session.iq("get", f"<query xmlns='{LAST}'/>", server.domain))
    seconds = reply.get("seconds", "")
    elapsed = number(seconds, 10**10)
    if elapsed is None:
        return broken(Reason.MISMATCH, f"the uptime is {seconds[:_SHOWN]!r}, not a number of seconds")
    running = datetime.timedelta(seconds=elapsed)
    return supported(f"running for {running}", {"xmpp_uptime_seconds": float(elapsed)})


@check("no_privacy_lists")
async def no_privacy_lists(server: Server) -> Outcome:
    """XEP-0016 is deprecated: two ways of blocking get into each other's way (XEP-0191 §5)."""
    if PRIVACY_LISTS in (await info_of(server, server.domain)).features:
        return unsupported(f"privacy lists ({PRIVACY_LISTS}) are among the domain's features", Reason.OUTDATED)
    return supported("the domain does not offer privacy lists")
