"""Faster and safer logins: SASL2 and what comes with it. One login serves all checks; a token is tried by another."""

import contextlib
from collections.abc import AsyncIterator, Callable

from xmpp_exporter.checks.login import listed
from xmpp_exporter.checks.looks import client_looks, judge_open
from xmpp_exporter.checks.registry import check
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.verdicts import broken, is_good, supported, unknown, unsupported
from xmpp_exporter.model import Failure, Outcome, Reason
from xmpp_exporter.wire.errors import Disconnected, LoginFailed, ProtocolViolation
from xmpp_exporter.wire.offer import BIND2, FAST, Offer, offer_of
from xmpp_exporter.wire.sasl2 import MECHANISMS, TOKEN_MECHANISMS, Entrance, by_password, by_token
from xmpp_exporter.wire.stream import Stream

_EARLIER_BIND = "{urn:xmpp:bind2:1}bind"
_WITHOUT = "SASL2 is not among the stream features before login"


async def _judged(server: Server, judge: Callable[[Offer], Outcome]) -> Outcome:
    """The outcome of what each address offers: `judge` where that includes SASL2."""

    def of_look(offer: Offer) -> Outcome:
        return judge(offer) if offer.has_sasl2 else unsupported(_WITHOUT)

    return judge_open(await client_looks(server), lambda look: of_look(offer_of(look.stream.features)))


@check("xep0388")
async def sasl2(server: Server) -> Outcome:
    """XEP-0388 §2: offered everywhere, and a login with it where there is an account."""
    return await _tried(server, await _judged(server, _sasl2), _entered)


def _entered(server: Server, entrance: Entrance) -> Outcome:
    if entrance.identity.partition("/")[0] != server.account:
        return broken(Reason.MISMATCH, f"after the login the server takes us for {entrance.identity[:100]!r}")
    return supported(f"logged in with {entrance.mechanism}")


def _sasl2(offer: Offer) -> Outcome:
    if not offer.sasl2:
        return broken(Reason.MISMATCH, "SASL2 is offered without any mechanism")
    return supported(f"offered, with {listed(offer.sasl2)}")


@check("xep0386")
async def bind2(server: Server) -> Outcome:
    """XEP-0386 §4, in the namespace urn:xmpp:bind:0."""
    return await _tried(server, await _judged(server, _bind2), _bound)


def _bound(server: Server, entrance: Entrance) -> Outcome:
    if not entrance.bound or "/" not in entrance.identity:
        return broken(Reason.MISMATCH, "the login succeeds, but binds no resource")
    return supported("the login bound a resource")


def _bind2(offer: Offer) -> Outcome:
    bind = offer.inline.find(f"{BIND2}bind")
    if bind is not None:
        names = [each.get("var", "") for each in bind.iterfind(f"{BIND2}inline/{BIND2}feature")]
        return supported(f"offered; along with it: {listed(names)}")
    if offer.inline.find(_EARLIER_BIND) is not None:
        return unsupported("only the older urn:xmpp:bind2:1 is offered along with SASL2", Reason.OUTDATED)
    return unsupported("Bind 2 is not offered along with SASL2")


@check("xep0484")
async def fast(server: Server) -> Outcome:
    """XEP-0484 §3: a token is asked for, and used once, in a login that makes the server forget it."""
    given = await _tried(server, await _judged(server, _fast), _given)
    return await _by_token(server) if is_good(given) and server.login is not None else given


def _given(server: Server, entrance: Entrance) -> Outcome:
    if entrance.token_for is None:
        return unknown(Reason.PROBER_LIMIT, "offered, but with no mechanism that we have")
    if entrance.token is None or not entrance.token.secret:
        return broken(Reason.MISMATCH, "no token was given, although one was asked for")
    return supported("a token was given")


async def _by_token(server: Server) -> Outcome:
    token = (await _login(server)).token
    assert token is not None  # noqa: S101 - it was given
    try:
        async with _stream(server) as stream:
            await by_token(stream, server.account, token)
    except (LoginFailed, ProtocolViolation, Disconnected) as error:
        return broken(Reason.MISMATCH, f"a token was given, but the login with it fails: {error.detail}")
    return supported(f"logged in with a token, by {token.mechanism}, which the server was then told to forget")


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


async def _tried(server: Server, offered: Outcome, judge: Callable[[Server, Entrance], Outcome]) -> Outcome:
    """What `judge` says of a login, if what it needs is offered and there is an account."""
    if server.login is None or not is_good(offered):
        return offered
    try:
        entrance = await _login(server)
    except LoginFailed as error:
        if error.failure is not Failure.AUTH_FAILED:
            raise
        return broken(Reason.MISMATCH, f"the login by SASL2 is refused, that by SASL is not: {error.detail}")
    except (ProtocolViolation, Disconnected) as error:
        return broken(Reason.MISMATCH, f"the login by SASL2 fails: {error.detail}")
    if entrance.tasks:
        return unknown(Reason.PROBER_LIMIT, f"the server wants more than the password: {listed(entrance.tasks)}")
    return judge(server, entrance)


async def _login(server: Server) -> Entrance:
    """The login by SASL2 that the checks share, with all that is offered along with it."""
    return await server.share("login by SASL2", lambda: _new_login(server))


async def _new_login(server: Server) -> Entrance:
    async with _stream(server) as stream:
        offer = offer_of(stream.features)
        mechanism = next((name for name in MECHANISMS if name in offer.sasl2), None)
        if mechanism is None:
            raise LoginFailed(Failure.PROBER_LIMIT, f"no common mechanism; SASL2 has {listed(offer.sasl2)}")
        entrance = await by_password(
            stream,
            server.account,
            server.session.credentials.password,
            mechanism,
            bind=offer.inline.find(f"{BIND2}bind") is not None,
            token_for=_token_mechanism(offer),
        )
    if entrance.token is not None:
        server.trace.hide(entrance.token.secret)
    return entrance


def _token_mechanism(offer: Offer) -> str | None:
    offered = {(each.text or "").strip() for each in offer.inline.iterfind(f"{FAST}fast/{FAST}mechanism")}
    return next((name for name in TOKEN_MECHANISMS if name in offered), None)


@contextlib.asynccontextmanager
async def _stream(server: Server) -> AsyncIterator[Stream]:
    """A stream of our own, verified, to where the probe is logged in."""
    stream = Stream(server.network, server.session.target, server.timeouts, server.trace)
    stream.sender = server.account
    async with stream.open():
        yield stream
