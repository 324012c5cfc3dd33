"""Asks Prometheus what happened to the servers in a period."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from xmpp_alerts.report import queries
from xmpp_alerts.report.answers import Common, by_server, check, problem, scores, server_of, suite_scores
from xmpp_alerts.report.availability import STEP, State, segments
from xmpp_alerts.report.changes import Change, change_of
from xmpp_alerts.report.findings import Findings, Incident, Server
from xmpp_alerts.report.period import Period, Span
from xmpp_alerts.report.windows import Calendar
from xmpp_badges.api import ApiError
from xmpp_badges.prometheus import Prometheus
from xmpp_exporter.catalogue import checks

AT_ONCE = 4
"""Servers that are asked about side by side: Prometheus has others to serve."""
POINTS = 10_000
"""Of one query; Prometheus refuses more than 11,000."""
EXPLAINED = 20
"""Incidents of one server of which the reason is asked for, the latest."""


class Inquiry:
    """One period. Whatever is asked raises ApiError."""

    def __init__(self, prometheus: Prometheus, period: Period, calendar: Calendar) -> None:
        self._prometheus = prometheus
        self._period = period
        self._calendar = calendar

    async def servers(self) -> list[Server]:
        """All that were probed then."""
        found = await self._prometheus.instant(queries.servers(self._length), self._period.end)
        return sorted(filter(lambda server: server.domain, map(server_of, found)))

    async def findings(self, servers: Sequence[Server], on_found: Callable[[], None]) -> dict[Server, Findings]:
        """What happened to these; `on_found` is called for each, as soon as it is known."""
        common = await self._common()
        places = asyncio.Semaphore(AT_ONCE)

        async def one(server: Server) -> Findings:
            async with places:
                found = await self._one(server, common)
            on_found()
            return found

        try:
            async with asyncio.TaskGroup() as group:
                tasks = {server: group.create_task(one(server)) for server in servers}
        except* ApiError as errors:
            raise errors.exceptions[0] from None
        return {server: task.result() for server, task in tasks.items()}

    async def _common(self) -> Common:
        """What is asked about all servers at once."""
        period, ask = self._period, self._prometheus.instant
        return Common(
            changed=by_server(await ask(queries.changed_checks(self._length + queries.LOOK_BACK), period.end), check),
            before=scores(await ask(queries.SUITES, period.start)),
            now=scores(await ask(queries.SUITES, period.end)),
            certificates=by_server(await ask(queries.CERTIFICATES, period.end), lambda sample: sample.value),
            failing_logins=by_server(await ask(queries.FAILING_LOGINS, period.end), lambda sample: sample.value),
            problems=by_server(await ask(queries.PROBLEMS, period.end), problem),
            software=by_server(await ask(queries.SOFTWARE, period.end), lambda each: each.labels.get("software", "")),
        )

    async def _one(self, server: Server, common: Common) -> Findings:
        period = self._period
        points = await self._points(queries.states(server), period.start)
        parts = segments(points.get("", ()), self._calendar.of(server.domain), period)
        down = [part.span for part in parts if part.state is State.DOWN]
        return Findings(
            server=server,
            segments=parts,
            incidents=await self._incidents(server, down),
            suites=suite_scores(common.now.get(server, {}), common.before.get(server, {})),
            changes=await self._changes(server, common.changed.get(server, ())),
            reasons=dict(common.problems.get(server, ())),
            certificate_days=min(common.certificates.get(server, ()), default=None),
            login_fails=server in common.failing_logins,
            software=next(iter(common.software.get(server, ())), ""),
        )

    async def _changes(self, server: Server, changed: Iterable[str]) -> list[Change]:
        """Of the checks that count; one that the catalogue does not have (any more) does."""
        counting = [each for each in changed if (known := checks().get(each)) is None or known.scored]
        if not counting:
            return []
        query = queries.supported(server, counting)
        points = await self._points(query, self._period.start - queries.LOOK_BACK, "check")
        found = [change_of(each, values) for each, values in points.items()]
        return [change for change in found if change is not None]

    async def _incidents(self, server: Server, down: Sequence[Span]) -> list[Incident]:
        unexplained = [Incident(span, "") for span in down[:-EXPLAINED]]
        return unexplained + [Incident(span, await self._reason(server, span)) for span in down[-EXPLAINED:]]

    async def _reason(self, server: Server, span: Span) -> str:
        found = await self._prometheus.instant(queries.failure(server), span.end - STEP)
        return found[0].labels.get("reason", "") if found else ""

    async def _points(self, query: str, start: float, label: str = "") -> Mapping[str, Sequence[tuple[float, float]]]:
        """All values from `start` to the period's end, by the label's value, in as many queries as it takes."""
        points: dict[str, list[tuple[float, float]]] = defaultdict(list)
        last = self._period.end - STEP
        while start <= last:
            end = min(start + (POINTS - 1) * STEP, last)
            for series in await self._prometheus.range(query, start, end, STEP):
                points[series.labels.get(label, "")] += series.points
            start = end + STEP
        return points

    @property
    def _length(self) -> float:
        return self._period.end - self._period.start
