"""Where badges and pages get from what they show: Prometheus's answers as objects, remembered for a while."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self, TypeVar

from xmpp_badges.config import Badges, levels
from xmpp_badges.details import Details, details
from xmpp_badges.history import DAYS, Day, History, changes, days, midnight
from xmpp_badges.memory import Known, Memory, Outage
from xmpp_badges.ownership import Ownership
from xmpp_badges.prometheus import Prometheus, Series
from xmpp_badges.queries import DAY, HOUR, Queries
from xmpp_badges.summary import Results, Summary, summaries
from xmpp_exporter.catalogue import checks

PAST_FRESH, PAST_CAPACITY = 3600.0, 500
"""Seconds, and numbers of states of the past: they do not change, but there are many."""
HISTORY_FRESH = 300.0
"""Seconds: what was changes slowly, and costs more to find out."""
HISTORY_TURNS: Mapping[str, int] = {"at_once": 4, "waiting": 200}
PAST_TURNS: Mapping[str, int] = {"at_once": 1, "waiting": 20}
"""How many such questions are asked, and how many may wait."""

Value = TypeVar("Value")


class NoSuchServer(Exception):
    """Nothing is known of it, or nothing is to be told."""


@dataclass(frozen=True, slots=True)
class Adoption:
    """How one check does on all servers that may be shown."""

    states: Mapping[str, bool]
    """By domain, where it was decided."""
    share: tuple[Day, ...]


class Source:
    """Answers for as long as the `async with` block lasts. `moment` stands for now, to look at a past history.

    Everything raises memory.Unanswered; what is asked of a server raises NoSuchServer as well.
    """

    def __init__(
        self, config: Badges, moment: float | None = None, count: Callable[[str], None] = lambda became: None
    ) -> None:
        self.config = config
        self._moment = moment
        self._queries = Queries(config.job)
        self._prometheus = Prometheus(config.prometheus)
        self._ownership = Ownership(config.exporter, config.stale) if config.exporter is not None else None
        outage = Outage("Prometheus")
        self._memory = Memory(config.cache, config.stale, outage, count)
        # what costs more has turns of its own: badges do not wait for it
        self._history = Memory(HISTORY_FRESH, config.stale, outage, count, **HISTORY_TURNS)
        # any moment can be asked for: that must cost neither memory nor Prometheus too much
        self._past = Memory(PAST_FRESH, config.stale, outage, count, **PAST_TURNS, capacity=PAST_CAPACITY)
        self.answered = False
        """Whether Prometheus ever did."""

    async def __aenter__(self) -> Self:
        await self._prometheus.__aenter__()
        if self._ownership is not None:
            await self._ownership.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for memory in (self._memory, self._history, self._past):
            await memory.close()
        if self._ownership is not None:
            await self._ownership.__aexit__(kind, error, trace)
        await self._prometheus.__aexit__(kind, error, trace)

    @property
    def now(self) -> float:
        return time.time() if self._moment is None else self._moment

    @property
    def history_begins(self) -> float:
        """How far back changes are looked for, in seconds since the epoch."""
        return self.now - DAYS * DAY

    @property
    def suite_level(self) -> tuple[str, str]:
        """Which score stands for a server."""
        return self.config.suite, self.config.level or levels(self.config.suite)[-1]

    async def listed(self) -> Known[list[Summary]]:
        """The servers of public lists."""
        known = await self._summaries()
        return known.replaced([each for each in known.value.values() if each.listed])

    async def server(self, domain: str, at: float | None = None) -> Known[Summary]:
        """One server that may be shown to those who know its name, or as it was `at` that moment."""
        known = await self._summaries()
        summary = known.value.get(domain)
        if summary is None or not (summary.listed or await self._is_own(domain)):
            raise NoSuchServer(domain)
        if at is None:
            return known.replaced(summary)
        queries = self._queries.summaries(*self.suite_level, domain=domain)

        async def ask() -> Summary:
            return summaries(await self._all(queries, at)).get(domain, Summary(domain, listed=True))

        return await self._past.get(("summary", domain, at), ask)

    async def details(self, domain: str, at: float | None = None) -> Known[Details]:
        """One server in full."""
        summary = await self.server(domain, at)
        queries = self._queries.details(domain)

        async def ask() -> Details:
            return details(summary.value, await self._all(queries, at))

        memory = self._memory if at is None else self._past
        found = await memory.get(("details", domain, at), ask)
        value = replace(found.value, summary=summary.value)
        return Known(value, min(summary.asked, found.asked), summary.stale or found.stale)

    async def several(self, domains: Iterable[str]) -> Known[Mapping[str, Details]]:
        """Those of these servers that there are, in full."""
        known = (await self._summaries()).replaced(None)
        found: dict[str, Details] = {}
        for domain in domains:
            with contextlib.suppress(NoSuchServer):
                each = await self.details(domain)
                found[domain] = each.value
                known = Known(None, min(known.asked, each.asked), known.stale or each.stale)
        return known.replaced(found)

    async def history(self, domain: str) -> Known[History]:
        """What changed on a server that may be shown."""
        await self.server(domain)
        return await self._history.get(("changes", domain), lambda: self._changes(domain))

    async def daily_score(self, domain: str, suite: str, level: str) -> Known[tuple[Day, ...]]:
        await self.server(domain)
        return await self._daily(("score", domain, suite, level), self._queries.daily_score(domain, suite, level))

    async def daily_availability(self, domain: str) -> Known[tuple[Day, ...]]:
        await self.server(domain)
        return await self._daily(("availability", domain), self._queries.daily_availability(domain))

    async def adoption(self, check: str) -> Known[Adoption]:
        """How a check of the catalogue does."""
        states = await self.states(check)
        share = await self._daily(("share", check), self._queries.share(check))
        return states.replaced(Adoption(states.value, share.value))

    async def states(self, check: str) -> Known[Mapping[str, bool]]:
        """Whether a check of the catalogue is supported, by listed domain, where it was decided."""
        known = await self._memory.get(
            ("states", check), lambda: self._all({"states": self._queries.servers_of(check)})
        )
        listed = {each.domain for each in (await self.listed()).value}
        found = {sample.labels.get("domain", ""): sample.value == 1 for sample in known.value["states"]}
        return known.replaced({domain: state for domain, state in sorted(found.items()) if domain in listed})

    async def shares(self) -> Known[Mapping[str, float]]:
        """On which share (0 to 1) of all servers each check is supported."""
        known = await self._memory.get("shares", lambda: self._all({"shares": self._queries.shares()}))
        return known.replaced({sample.labels.get("check", ""): sample.value for sample in known.value["shares"]})

    async def contacts(self, domain: str) -> tuple[str, ...]:
        """Addresses for people, of the operator's own servers only; none while the exporter does not answer."""
        if self._ownership is None or not await self._is_own(domain):
            return ()
        return await self._ownership.contacts(domain)

    async def _is_own(self, domain: str) -> bool:
        return self._ownership is not None and domain in await self._ownership.own()

    async def _summaries(self) -> Known[Mapping[str, Summary]]:
        async def ask() -> Mapping[str, Summary]:
            results = await self._all(self._queries.summaries(*self.suite_level))
            return await asyncio.to_thread(summaries, results)

        return await self._memory.get("summaries", ask)

    async def _changes(self, domain: str) -> History:
        now = self.now
        queries = {"changed": self._queries.changed(domain, DAYS), "first": self._queries.first_known(domain, DAYS)}
        found = await self._all(queries, now)
        changed = {sample.labels.get("check", "") for sample in found["changed"]} & checks().keys()
        series: list[Series] = []
        if changed:
            # the hours at which subqueries look, so that both see the same
            end = now // HOUR * HOUR
            query = self._queries.states_of(domain, changed)
            series = await self._answered(self._prometheus.range(query, end - DAYS * DAY, end, HOUR))
        first = {sample.labels.get("check", ""): sample.value for sample in found["first"]}
        return History(changes(series), first, self.history_begins)

    async def _daily(self, key: tuple[str, ...], query: str) -> Known[tuple[Day, ...]]:
        async def ask() -> tuple[Day, ...]:
            end = midnight(self.now)
            series = await self._answered(self._prometheus.range(query, end - (DAYS - 1) * DAY, end, DAY))
            return days(series, self.now)

        return await self._history.get(("daily", *key), ask)

    async def _all(self, queries: Mapping[str, str], at: float | None = None) -> Results:
        """The answers to all queries, as of one moment."""
        moment = self._moment if at is None else at
        asked = (self._prometheus.instant(query, moment) for query in queries.values())
        answers = await self._answered(asyncio.gather(*asked))
        return dict(zip(queries, answers, strict=True))

    async def _answered(self, answer: Awaitable[Value]) -> Value:
        value = await answer
        self.answered = True
        return value
