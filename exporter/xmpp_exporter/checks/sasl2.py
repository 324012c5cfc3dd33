"""Faster and safer logins: SASL2 and what comes with it."""

from collections.abc import Callable

from xmpp_exporter.checks.login import listed
from xmpp_exporter.checks.looks import client_looks, judge_open
from xmpp_exporter.checks.registry import check
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.verdicts import broken, supported, unsupported
from xmpp_exporter.model import Outcome, Reason
from xmpp_exporter.wire.offer import BIND2, FAST, Offer, offer_of

_EARLIER_BIND = "{urn:xmpp:bind2:1}bind"
_WITHOUT = "SASL2 is not among the stream features before login"


async def _judged(server: Server, judge: Callable[[Offer], Outcome]) -> Outcome:
    """The outcome of what each address offers: `judge` where that includes SASL2."""

    def of_look(offer: Offer) -> Outcome:
        return judge(offer) if offer.has_sasl2 else unsupported(_WITHOUT)

    return judge_open(await client_looks(server), lambda look: of_look(offer_of(look.stream.features)))


@check("xep0388")
async def sasl2(server: Server) -> Outcome:
    """XEP-0388 §2.1."""
    return await _judged(server, _sasl2)


def _sasl2(offer: Offer) -> Outcome:
    if not offer.sasl2:
        return broken(Reason.MISMATCH, "SASL2 is offered without any mechanism")
    return supported(f"offered, with {listed(offer.sasl2)}")


@check("xep0386")
async def bind2(server: Server) -> Outcome:
    """XEP-0386 §4.1, in the namespace urn:xmpp:bind:0."""
    return await _judged(server, _bind2)


def _bind2(offer: Offer) -> Outcome:
    bind = offer.inline.find(f"{BIND2}bind")
    if bind is not None:
        names = [each.get("var", "") for each in bind.iterfind(f"{BIND2}inline/{BIND2}feature")]
        return supported(f"offered, and with it {listed(names)}")
    if offer.inline.find(_EARLIER_BIND) is not None:
        return unsupported("only the older urn:xmpp:bind2:1 is offered along with SASL2", Reason.OUTDATED)
    return unsupported("Bind 2 is not offered along with SASL2")


@check("xep0484")
async def fast(server: Server) -> Outcome:
    """XEP-0484 §3.1."""
    return await _judged(server, _fast)


def _fast(offer: Offer) -> Outcome:
    feature = offer.inline.find(f"{FAST}fast")
    if feature is None:
        return unsupported("FAST is not offered along with SASL2")
    mechanisms = [(each.text or "").strip() for each in feature.iterfind(f"{FAST}mechanism")]
    if not mechanisms:
        return broken(Reason.MISMATCH, "FAST is offered without any mechanism")
    return supported(f"offered, with {listed(mechanisms)}")


@check("xep0480")
async def sasl_upgrade_tasks(server: Server) -> Outcome:
    """XEP-0480 §4.1: which upgrades there are. None is tried: it would change what the server keeps of the account."""
    return await _judged(server, _upgrades)


def _upgrades(offer: Offer) -> Outcome:
    if not offer.upgrades:
        return unsupported("no upgrade task is offered along with SASL2")
    return supported(f"offered: {listed(offer.upgrades)}")
