"""The services of a domain by their role, and what became of those that the last report still had."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from xmpp_exporter.checks.combine import Judgement, each, worst_decided
from xmpp_exporter.checks.server import Server
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

_NO_DISCO_AT_DOMAIN = _NO_DISCO | {"service-unavailable"}
"""The domain itself is not down: we are logged in to it."""


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
        return unknown(
            Reason.DEPENDS_ON, f"may be hidden behind an item of the domain that does not say what it is: {names}"
        )


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
    last = server.previous.services if server.previous is not None else {}
    known = {configured} if configured is not None else set(last.get(role.name, ()))
    _remember(server, role, known)  # and if nobody answers now, the next report knows them still
    listed = (configured,) if configured is not None else (server.domain, *await _items(server))
    something_else = {jid for name, jids in last.items() if name != role.name for jid in jids} - known
    answers = await _ask(server, sorted({*listed, *known}))
    found, down, silent = {}, {}, {}
    for jid, answer in answers.items():
        if isinstance(answer, Info):
            if role.fits(answer) and jid in listed:
                found[jid] = answer
        elif jid in known and _is_down(server, jid, answer):
            down[jid] = answer
        elif jid in listed and jid not in something_else:
            silent[jid] = answer
    only_away = known & set(listed) & (down.keys() | silent.keys())
    _remember(server, role, found.keys() | only_away)
    return Services(found, down, silent)


def _remember(server: Server, role: Role, jids: Collection[str]) -> None:
    server.services.pop(role.name, None)
    if jids:
        server.services[role.name] = tuple(sorted(jids))


def _is_down(server: Server, jid: str, answer: StanzaError | TimedOut) -> bool:
    conditions = _DOWN_AT_HOME if jid.endswith(f".{server.domain}") else _DOWN
    return isinstance(answer, StanzaError) and answer.condition in conditions


async def _items(server: Server) -> tuple[str, ...]:
    try:
        return await server.disco.items()
    except StanzaError as error:
        if error.condition in _NO_DISCO_AT_DOMAIN:
            return ()
        raise Undecided(Reason.DEPENDS_ON, f"the domain does not list its services: {error.detail}") from error


async def _ask(server: Server, jids: Collection[str]) -> dict[str, Info | StanzaError | TimedOut]:
    answers = await asyncio.gather(*(_info(server, jid) for jid in jids))
    return dict(zip(jids, answers, strict=True))


async def _info(server: Server, jid: str) -> Info | StanzaError | TimedOut:
    try:
        return await server.disco.info(jid)
    except StanzaError as error:
        none = _NO_DISCO_AT_DOMAIN if jid == server.domain else _NO_DISCO
        return Info() if error.condition in none else error
    except TimedOut as error:
        return error
