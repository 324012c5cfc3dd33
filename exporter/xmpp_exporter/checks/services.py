"""The services of a domain by their role, and what became of those that the last report still had."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from xmpp_exporter.checks.combine import Judgement, each, worst_decided
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.shared import info_of
from xmpp_exporter.checks.verdicts import Undecided, broken, unknown
from xmpp_exporter.model import Outcome, Reason
from xmpp_exporter.wire.disco import Info
from xmpp_exporter.wire.errors import StanzaError, TimedOut, WireError

_DOWN = frozenset({"remote-server-not-found", "service-unavailable"})
"""Conditions by which a server says that a component is not connected."""
_DOWN_AT_HOME = _DOWN | {"remote-server-timeout"}
"""Prosody says so of a component of its own; of another server's it means that the network may be at fault."""
_NO_DISCO = frozenset({"feature-not-implemented", "item-not-found"})
"""Conditions by which an entity says that it is nothing that clients could discover."""


@dataclass(frozen=True, slots=True)
class Role:
    """What services are looked for. `name` is their key in a report's `services`."""

    name: str
    fits: Callable[[Info], bool]


@dataclass(frozen=True, slots=True)
class Services:
    """Those of one role, by JID in a stable order."""

    found: Mapping[str, Info]
    down: Mapping[str, WireError]
    """Services of the last report, or of the configuration, that are not connected any more."""
    silent: Mapping[str, WireError]
    """Items that might have the role, if only they said what they are."""

    def missing(self, otherwise: Outcome) -> Outcome:
        """The outcome when none is found: `otherwise`, unless it might be hidden behind one that does not answer."""
        if not self.silent:
            return otherwise
        names = "; ".join(f"{jid}: {error.detail}" for jid, error in self.silent.items())
        return unknown(Reason.DEPENDS_ON, f"does not say what it is: {names}")


async def services(server: Server, role: Role, configured: str | None = None) -> Services:
    """The services of this role, looked for once. With `configured` that one alone counts.

    Raises Undecided when the domain does not say what it has, and what ends a stream.
    """
    return await server.share(f"services {role.name}", lambda: _find(server, role, configured))


async def judge_each(
    found: Services, judge: Callable[[str, Info], Judgement], otherwise: Outcome, title: str
) -> Outcome:
    """The worst decided outcome of `judge` over the services found, and of those that are down.

    `otherwise` is the outcome when there is none at all; `title` names the service to a reader.
    """
    outcomes = await each({jid: judge(jid, info) for jid, info in found.found.items()})
    for jid, error in found.down.items():
        outcomes[jid] = broken(Reason.COMPONENT_DOWN, f"the {title} is down: {error.detail}")
    return worst_decided(dict(sorted(outcomes.items()))) if outcomes else found.missing(otherwise)


async def _find(server: Server, role: Role, configured: str | None) -> Services:
    last = () if server.previous is None else server.previous.services.get(role.name, ())
    listed: Collection[str]
    if configured is not None:
        listed, known = (configured,), {configured}
        answers = await _ask(server, listed)
    else:
        listed, known = (server.domain, *await _items(server)), set(last)
        answers = await _ask(server, dict.fromkeys((*listed, *last)))
    found, down, silent = {}, {}, {}
    for jid, answer in sorted(answers.items()):
        if isinstance(answer, Info):
            if role.fits(answer) and jid in listed:
                found[jid] = answer
        elif jid in known and _is_down(server, jid, answer):
            down[jid] = answer
        elif jid in listed:
            silent[jid] = answer
    kept = [jid for jid in sorted(answers) if jid in found or (jid in known and jid in listed and jid in down | silent)]
    if kept:
        server.services[role.name] = tuple(kept)
    return Services(found, down, silent)


def _is_down(server: Server, jid: str, answer: StanzaError | TimedOut) -> bool:
    conditions = _DOWN_AT_HOME if jid.endswith(f".{server.domain}") else _DOWN
    return isinstance(answer, StanzaError) and answer.condition in conditions


async def _items(server: Server) -> tuple[str, ...]:
    try:
        return await server.disco.items()
    except StanzaError as error:
        if await info_of(server, server.domain) == Info():
            return ()  # nobody there answers service discovery at all
        raise Undecided(Reason.DEPENDS_ON, f"the domain does not list its services: {error.detail}") from error


async def _ask(server: Server, jids: Collection[str]) -> dict[str, Info | StanzaError | TimedOut]:
    answers = await asyncio.gather(*(_info(server, jid) for jid in jids))
    return dict(zip(jids, answers, strict=True))


async def _info(server: Server, jid: str) -> Info | StanzaError | TimedOut:
    try:
        return await server.disco.info(jid)
    except StanzaError as error:
        return Info() if error.condition in _NO_DISCO else error
    except TimedOut as error:
        return error
