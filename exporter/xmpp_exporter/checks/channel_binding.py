"""Logins that are tied to their TLS connection, so that nobody can sit in the middle."""

from xmpp_exporter.checks.login import listed
from xmpp_exporter.checks.looks import Look, client_looks, judge_open
from xmpp_exporter.checks.registry import check
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.verdicts import broken, supported, unsupported
from xmpp_exporter.model import Outcome, Reason
from xmpp_exporter.wire.offer import offer_of

END_POINT = "tls-server-end-point"


@check("xep0440")
async def channel_binding_types(server: Server) -> Outcome:
    """XEP-0440 §2 and §3."""
    return judge_open(await client_looks(server), _types)


def _types(look: Look) -> Outcome:
    offer = offer_of(look.stream.features)
    version = look.stream.tls.version if look.stream.tls else ""
    if offer.bindings is None:
        return unsupported("the types of channel binding are not among the stream features before login")
    names = listed(offer.bindings)
    if not offer.bindings:
        return broken(Reason.MISMATCH, "the list of types of channel binding is empty")
    if "tls-unique" in offer.bindings and version == "TLSv1.3":
        return broken(Reason.MISMATCH, f"tls-unique is listed, which does not exist in TLS 1.3: {names}")
    if not any(name.endswith("-PLUS") for name in offer.mechanisms):
        return broken(
            Reason.MISMATCH, f"types are listed ({names}), but no mechanism with channel binding: clients must give up"
        )
    if END_POINT not in offer.bindings:
        return unsupported(f"{END_POINT}, which every server must offer, is not listed: {names}", Reason.OUTDATED)
    wanting = version == "TLSv1.3" and "tls-exporter" not in offer.bindings
    return supported(f"offered: {names}" + ("; tls-exporter would be stronger" if wanting else ""))
