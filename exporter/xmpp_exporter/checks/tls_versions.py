"""What servers still agree to when a client offers nothing better: old versions of TLS, and weak cipher suites.

It takes some connections that servers may log as an attack: at most once a day, and never at foreign servers.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from xmpp_exporter.checks.combine import all_supported, each
from xmpp_exporter.checks.looks import Look, Looks, both_looks, client_looks, server_looks
from xmpp_exporter.checks.registry import check
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.verdicts import supported, unknown, unsupported
from xmpp_exporter.model import Outcome, Reason, Verdict
from xmpp_exporter.wire.cipher_suites import EPHEMERAL_AEAD, suite_name
from xmpp_exporter.wire.clienthello import (
    SSL3,
    TLS1_0,
    TLS1_1,
    TLS1_2,
    WEAK_OFFER,
    Choice,
    Offer,
    ask,
    client_hello,
    offer_of,
)
from xmpp_exporter.wire.errors import TimedOut, WireError
from xmpp_exporter.wire.network import Target
from xmpp_exporter.wire.stream import TLS, Stream

DAY = 24 * 3600.0

Answer = Choice | WireError | None
"""What a server chose of an offer; None if it refused all of it."""


@check("tls_versions_c2s")
async def client_versions(server: Server) -> Outcome:
    """RFC 9325 §3.1.1 and RFC 8996: TLS 1.2 or later, and nothing older, for clients."""
    return await _daily(server, "tls_versions_c2s", "xmpp_tls_versions_tried_timestamp_seconds", _client_versions)


@check("tls_versions_s2s")
async def server_versions(server: Server) -> Outcome:
    """The same for other servers."""
    return await _daily(server, "tls_versions_s2s", "xmpp_s2s_tls_versions_tried_timestamp_seconds", _server_versions)


@check("tls_ciphers")
async def ciphers(server: Server) -> Outcome:
    """RFC 9325 §4: forward secrecy and authenticated encryption in TLS 1.2; what is broken is refused."""
    return await _daily(server, "tls_ciphers", "xmpp_tls_ciphers_tried_timestamp_seconds", _ciphers)


async def _daily(server: Server, check_id: str, metric: str, judge: Callable[[Server], Awaitable[Outcome]]) -> Outcome:
    """The outcome of `judge`, or the last one for a day; `metric` is the fact that says when that was."""
    if server.config.relation == "foreign":
        return unknown(Reason.EXCLUDED, "not tried at foreign servers (relation: foreign)")
    results = server.previous.checks if server.previous is not None else ()
    last = next((result.outcome for result in results if result.check == check_id), None)
    if last is not None and 0 <= time.time() - last.facts.get(metric, 0.0) < DAY:
        return last
    outcome = await judge(server)
    if outcome.verdict is Verdict.UNKNOWN:
        return outcome
    return replace(outcome, facts={**outcome.facts, metric: time.time()})


async def _client_versions(server: Server) -> Outcome:
    return await _over_all(server, [await client_looks(server)], _versions)


async def _server_versions(server: Server) -> Outcome:
    return await _over_all(server, [await server_looks(server)], _versions)


async def _ciphers(server: Server) -> Outcome:
    parties, undecided = await both_looks(server)
    return await _over_all(server, parties, _suites, undecided)


async def _over_all(
    server: Server,
    parties: list[Looks],
    judge: Callable[[Server, Look], Awaitable[Outcome]],
    undecided: Mapping[str, Outcome] = MappingProxyType({}),
) -> Outcome:
    """The outcome over every address where a handshake can be begun."""

    async def judged(look: Look) -> Outcome:
        return await judge(server, look)

    chosen = [look for looks in parties for look in looks.all if _can_begin(look)]
    if not chosen:
        return unknown(Reason.DEPENDS_ON, "no address agrees to TLS")
    return all_supported({**await each({look.name: judged(look) for look in chosen}), **undecided})


def _can_begin(look: Look) -> bool:
    if look.endpoint.direct_tls:
        return look.stream.times.connect is not None
    features = look.stream.plain_features
    return features is not None and features.find(f"{TLS}starttls") is not None


async def _versions(server: Server, look: Look) -> Outcome:
    offered = (SSL3, TLS1_0, TLS1_1, TLS1_2)
    answers = await asyncio.gather(*(_answer(server, look, offer_of(version)) for version in offered))
    found = {answer.version_name: answer.version for answer in answers if isinstance(answer, Choice)}
    names = sorted(found, key=lambda name: found[name])
    if look.stream.tls is not None:
        names = list(dict.fromkeys([*names, look.stream.tls.version_name]))
    if old := [name for name in names if found.get(name, TLS1_2) < TLS1_2]:
        others = [name for name in names if name not in old]
        rest = f" beside {' and '.join(others)}" if others else ", and nothing newer"
        return unsupported(f"still speaks {', '.join(old)}{rest}", Reason.OUTDATED)
    return _unanswered(answers) or _untried(look, names) or supported(f"speaks {' and '.join(names)}, nothing older")


async def _suites(server: Server, look: Look) -> Outcome:
    answers = await asyncio.gather(*(_answer(server, look, offer) for offer in (offer_of(TLS1_2), WEAK_OFFER)))
    best, weak = answers
    if isinstance(weak, Choice):
        return unsupported(f"accepts the weak cipher suite {suite_name(weak.suite)}", Reason.OUTDATED)
    if isinstance(best, Choice) and best.suite not in EPHEMERAL_AEAD:
        return unsupported(f"offered all, it chooses {suite_name(best.suite)} in {best.version_name}", Reason.OUTDATED)
    if (undecided := _unanswered(answers)) is not None:
        return undecided
    if isinstance(best, Choice):
        return supported(f"chooses {suite_name(best.suite)} for TLS 1.2, and refuses weak ones")
    if look.stream.tls is None:
        return _untried(look, []) or unknown(Reason.DEPENDS_ON, "no handshake succeeded")
    return supported(f"has no TLS 1.2; {look.stream.tls.cipher} in {look.stream.tls.version_name}")


def _unanswered(answers: list[Answer]) -> Outcome | None:
    """What could not be tried leaves the rest undecided."""
    error = next((answer for answer in answers if isinstance(answer, WireError)), None)
    if error is None:
        return None
    return unknown(Reason.TIMEOUT if isinstance(error, TimedOut) else Reason.PROBER_LIMIT, error.detail)


def _untried(look: Look, found: list[str]) -> Outcome | None:
    """Where no handshake at all succeeds, a refusal of old versions says nothing."""
    if found:
        return None
    return unknown(Reason.DEPENDS_ON, look.failure.detail if look.failure else "no handshake succeeded")


async def _answer(server: Server, look: Look, offer: Offer) -> Answer:
    """Each offer is made once at each address, whoever wants to know."""
    return await server.share(f"hello {look.name} {offer.name}", lambda: _make_offer(server, look.target, offer))


async def _make_offer(server: Server, target: Target, offer: Offer) -> Answer:
    stream = Stream(server.network, target, server.timeouts, server.trace)
    hello = client_hello(offer, target.domain, target.party.alpn if target.direct_tls else None)
    try:
        async with stream.open_before_handshake() as (reader, writer):
            return await ask(reader, writer, hello, server.timeouts.reply)
    except WireError as error:
        return error
