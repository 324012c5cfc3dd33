"""How other servers get in, and how they are reached."""

from xmpp_exporter.checks.combine import all_supported, each
from xmpp_exporter.checks.connections import without_address
from xmpp_exporter.checks.looks import Look, judge_open, server_looks
from xmpp_exporter.checks.registry import check
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.verdicts import broken, is_good, of_endpoint_error, supported, unknown, unsupported
from xmpp_exporter.model import Outcome, Reason, Verdict
from xmpp_exporter.wire.errors import TimedOut
from xmpp_exporter.wire.offer import offer_of
from xmpp_exporter.wire.peers import ping_peer

DIALBACK = "{urn:xmpp:features:dialback}"
BIDI = "{urn:xmpp:features:bidi}bidi"

_NO_CERTIFICATE = "not offered to us, who present no certificate of a server (s2s in the configuration)"
_OURS_REFUSED = "the certificate of our own was not accepted, perhaps because its issuer is not trusted there"
_WHY = "its issuer may not be trusted there, or servers are only called back (dialback)"

MAX_PEERS = 5
"""Pinged by the check; each may cost the server a connection."""


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
    """XEP-0178 §3: most servers offer it only to those who present a certificate that they accept, others to all."""
    return judge_open(await server_looks(server), _external)


def _external(look: Look) -> Outcome:
    offer, identity = offer_of(look.stream.features), look.stream.identity
    if isinstance(look.refusal, TimedOut):
        return without_address(look, of_endpoint_error(look.refusal))
    if look.refusal is not None:
        return unknown(Reason.PROBER_LIMIT, f"{_OURS_REFUSED}: {look.refusal.detail}")
    if identity is not None and "EXTERNAL" in offer.sasl:
        return supported(f"the certificate of {identity.domain} was accepted")
    if "EXTERNAL" in offer.mechanisms:
        return supported("offered")
    if identity is None:
        return unknown(Reason.PROBER_LIMIT, _NO_CERTIFICATE)
    return unknown(Reason.PROBER_LIMIT, f"not offered to {identity.domain}, which presents a certificate: {_WHY}")


@check("s2s_bidi")
async def bidirectional(server: Server) -> Outcome:
    """XEP-0288 §2.1: one connection between two servers is enough."""
    return judge_open(await server_looks(server), _bidirectional)


def _bidirectional(look: Look) -> Outcome:
    if look.stream.features.find(BIDI) is None:
        return unsupported("bidi is not among the stream features for servers")
    return supported("offered")


@check("s2s_roundtrip")
async def roundtrip(server: Server) -> Outcome:
    """XEP-0199 §4.4: another server answers the account's ping."""
    if not server.peers:
        return unknown(Reason.NOT_APPLICABLE, "no domain of another server to ping is configured (federation.peers)")
    outcomes = await each({peer: _ping(server, peer) for peer in server.peers[:MAX_PEERS]})
    if not any(is_good(outcome) for outcome in outcomes.values()):
        outcomes = {peer: _unreached(outcome) for peer, outcome in outcomes.items()}
    return all_supported(outcomes)


async def _ping(server: Server, peer: str) -> Outcome:
    pong = await ping_peer(server.session, peer)
    if pong.reached is None:
        return unknown(Reason.DEPENDS_ON, f"answered with the error {pong.detail}")
    if not pong.reached:
        return broken(Reason.UNREACHABLE, f"not reached: {pong.detail}")
    return supported(f"answered in {pong.duration:.2f} s")


def _unreached(outcome: Outcome) -> Outcome:
    """Where no peer is reached, the peers may be down."""
    if outcome.verdict is Verdict.BROKEN:
        return unknown(Reason.DEPENDS_ON, f"{outcome.detail}; no other peer answers that would show whose fault it is")
    return outcome
