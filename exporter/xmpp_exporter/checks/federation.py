"""How other servers get in."""

from xmpp_exporter.checks.looks import Look, judge_open, server_looks
from xmpp_exporter.checks.registry import check
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.verdicts import supported, unknown, unsupported
from xmpp_exporter.model import Outcome, Reason
from xmpp_exporter.wire.offer import offer_of

DIALBACK = "{urn:xmpp:features:dialback}"
BIDI = "{urn:xmpp:features:bidi}bidi"


@check("s2s_dialback")
async def dialback(server: Server) -> Outcome:
    """XEP-0220 §2.5.1: with or without is a policy."""
    return judge_open(await server_looks(server), _dialback)


def _dialback(look: Look) -> Outcome:
    feature = look.stream.features.find(f"{DIALBACK}dialback")
    if feature is None:
        return unsupported("dialback is not among the stream features for servers: they need a certificate")
    errors = feature.find(f"{DIALBACK}errors") is not None
    return supported("offered" + (", with errors" if errors else ""))


@check("s2s_external")
async def external(server: Server) -> Outcome:
    """XEP-0178 §3: most servers offer it only to those who present a certificate that they accept."""
    return judge_open(await server_looks(server), _external)


def _external(look: Look) -> Outcome:
    if "EXTERNAL" in offer_of(look.stream.features).mechanisms:
        return supported("offered")
    return unknown(Reason.PROBER_LIMIT, "not offered to us, who present no certificate of a server")


@check("s2s_bidi")
async def bidirectional(server: Server) -> Outcome:
    """XEP-0288 §2.1: one connection between two servers is enough."""
    return judge_open(await server_looks(server), _bidirectional)


def _bidirectional(look: Look) -> Outcome:
    if look.stream.features.find(BIDI) is None:
        return unsupported("bidi is not among the stream features for servers")
    return supported("offered")
