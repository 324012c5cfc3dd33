"""Questions that many checks ask."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import TypeVar

from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.verdicts import Undecided, of_error, unsupported
from xmpp_exporter.model import Outcome, Reason, Verdict
from xmpp_exporter.wire.disco import Info
from xmpp_exporter.wire.errors import StanzaError, TimedOut

Answer = TypeVar("Answer")

NOBODY = frozenset({"service-unavailable", "feature-not-implemented", "item-not-found"})
"""Conditions by which an entity says that nobody there answers such a question."""

TELLS_MORE = "a second account (second_account) would tell"
"""Of what servers may treat in another way where it goes to the account itself."""

WRITERS_LIMIT = 5.0
"""Seconds that a server gets to show what it has just stored."""


async def info_of(server: Server, jid: str) -> Info:
    """What `jid` is and can do: nothing, where nobody answers service discovery. Raises Undecided if that fails."""
    try:
        return await server.disco.info(jid)
    except StanzaError as error:
        if error.condition in NOBODY:
            return Info()
        outcome = of_error(error)
        undecided = outcome.verdict == Verdict.UNKNOWN and outcome.reason
        reason = undecided or Reason.DEPENDS_ON
        raise Undecided(reason, f"the service discovery of {jid} failed: {error.detail}") from error


async def offered_by_domain(server: Server, feature: str, older: Collection[str] = ()) -> Outcome | None:
    """None when the domain's service discovery has `feature`; else the outcome that says where it is, if anywhere.

    `older` are features of earlier versions of the protocol: found alone, they are outdated.
    """
    return await _offered(server, feature, older, ("domain", server.domain), ("account", server.account))


async def offered_by_account(server: Server, feature: str, older: Collection[str] = ()) -> Outcome | None:
    """None when the account's own service discovery has `feature`; else the outcome that says where it is.

    `older` are features of earlier versions of the protocol: found alone, they are outdated.
    """
    return await _offered(server, feature, older, ("account", server.account), ("domain", server.domain))


async def _offered(
    server: Server, feature: str, older: Collection[str], right: tuple[str, str], wrong: tuple[str, str]
) -> Outcome | None:
    features = (await info_of(server, right[1])).features
    if feature in features:
        return None
    if outdated := sorted(features & frozenset(older)):
        return unsupported(f"the {right[0]} has only {', '.join(outdated)}, not {feature}", Reason.OUTDATED)
    if feature in (await elsewhere(server, wrong[1])).features:
        return unsupported(
            f"{feature} is in the {wrong[0]}'s features; clients ask the {right[0]}", Reason.WRONG_ENTITY
        )
    return unsupported(f"{feature} is not among the {right[0]}'s features")


async def elsewhere(server: Server, jid: str) -> Info:
    """What `jid`, where clients do not look, is and can do; nothing, if it does not say."""
    try:
        return await server.disco.info(jid)
    except StanzaError:
        return Info()


def stream_feature(server: Server, name: str, title: str) -> Outcome | None:
    """None when the stream features after login have the element `name` ({namespace}local); else the outcome."""
    if server.session.features.find(name) is not None:
        return None
    return unsupported(f"{title} is not among the stream features after login")


async def asked(what: str, reply: Awaitable[Answer]) -> Answer:
    """The reply to a request; an error says in its detail that we had asked `what` ("to publish an item")."""
    try:
        return await reply
    except (StanzaError, TimedOut) as error:  # the others are one object for all who wait for the stream
        error.detail = f"{error.detail} (asked {what})"
        raise


async def eventually(ask: Callable[[], Awaitable[Answer]], fits: Callable[[Answer], bool]) -> Answer:
    """The first answer that fits, or the last one: many servers write in the background."""
    deadline = asyncio.get_running_loop().time() + WRITERS_LIMIT
    pause = 0.1
    while True:
        answer = await ask()
        if fits(answer) or asyncio.get_running_loop().time() + pause > deadline:
            return answer
        await asyncio.sleep(pause)
        pause = min(2 * pause, 1.0)
