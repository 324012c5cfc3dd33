"""A probe as the service runs it: within its interval, with a second look at what changed, and without blame for the
server when the fault is ours."""

import asyncio
import time
from collections.abc import Collection
from dataclasses import dataclass, replace

import structlog

from xmpp_exporter.availability import probe_availability
from xmpp_exporter.canary import Canaries
from xmpp_exporter.checks.verdicts import unknown
from xmpp_exporter.config import ServerConfig
from xmpp_exporter.model import PROBER_FAULTS, CheckResult, Failure, ProbeKind, ProbeReport, Reason
from xmpp_exporter.probe import probe_compliance
from xmpp_exporter.prober import Prober
from xmpp_exporter.slots import interval_of
from xmpp_exporter.store import Store, changed_checks
from xmpp_exporter.wire.trace import Trace

log = structlog.get_logger(__name__)

CONFIRM_AFTER = 20.0
"""Seconds until a verdict that changed is tried again; a quarter of the interval where that is less."""


@dataclass(frozen=True, slots=True)
class Probing:
    """Probes for the schedule and for /probe. It always returns a report: nothing is raised but cancellation."""

    prober: Prober
    store: Store
    canaries: Canaries

    async def confirmed(self, config: ServerConfig, kind: ProbeKind, turn: int = 0) -> ProbeReport:
        """One probe; what changed between supported and not is tried again, and the second verdict stands.

        Ends within the server's interval, but for cleaning up.
        """
        loop = asyncio.get_running_loop()
        interval = interval_of(config, kind)
        deadline = loop.time() + interval
        report = await self.once(config, kind, turn=turn, deadline=deadline)
        changed = changed_checks(self.store.state(config.domain).decided, report) if report.success else None
        if not changed:
            return report
        log.info("verdicts changed; looking again", domain=config.domain, checks=",".join(sorted(changed)))
        await asyncio.sleep(max(0.0, min(CONFIRM_AFTER, interval / 4, deadline - loop.time())))
        known = self.store.state(config.domain).reports.get(kind)
        # what the first look has left on the server is not left twice
        previous = report if known is None else replace(known, kept=report.kept)
        second = await self.once(config, kind, only=changed, deadline=deadline, previous=previous)
        return second_look(report, changed, second)

    async def once(
        self,
        config: ServerConfig,
        kind: ProbeKind,
        *,
        turn: int = 0,
        deadline: float | None = None,
        only: Collection[str] | None = None,
        trace: Trace | None = None,
        previous: ProbeReport | None = None,
    ) -> ProbeReport:
        """One probe, until `deadline` (time of the event loop; an interval from now if not given).

        `previous` is the report before, if it is not the one in the store.
        """
        began, started = time.monotonic(), time.time()
        if deadline is None:
            deadline = asyncio.get_running_loop().time() + interval_of(config, kind)
        try:
            async with asyncio.timeout_at(deadline) as limit:
                report = await self._probe(config, kind, turn, only, trace, previous)
        except Exception as error:  # a fault of ours in one probe must not end the others
            if isinstance(error, TimeoutError) and limit.expired():
                detail = "did not end within its interval: it got no place among the others, see limits"
                failure = Failure.PROBER_LIMIT
            else:
                log.exception("a probe failed in itself", domain=config.domain, probe=kind)
                detail, failure = f"a fault in the exporter: {type(error).__name__}; its log has more", Failure.INTERNAL
            return ProbeReport(config.domain, kind, started, time.monotonic() - began, False, failure, detail)
        return report if report.success or await self.canaries.worked(began) else _without_network(report)

    async def _probe(
        self,
        config: ServerConfig,
        kind: ProbeKind,
        turn: int,
        only: Collection[str] | None,
        trace: Trace | None,
        previous: ProbeReport | None,
    ) -> ProbeReport:
        previous = previous or self.store.state(config.domain).reports.get(kind)
        if kind is ProbeKind.AVAILABILITY:
            return await probe_availability(self.prober, config, turn=turn, trace=trace, previous=previous)
        return await probe_compliance(self.prober, config, only=only, previous=previous, trace=trace)


def second_look(first: ProbeReport, changed: Collection[str], second: ProbeReport) -> ProbeReport:
    """`first` with the verdicts of `second` for the checks that had changed; those it could not decide are unknown."""
    again = {result.check: result for result in second.checks}
    return replace(
        first,
        checks=tuple(
            (again.get(result.check) or _held_back(result, second)) if result.check in changed else result
            for result in first.checks
        ),
    )


def _held_back(result: CheckResult, second: ProbeReport) -> CheckResult:
    """A change that nobody could look at again."""
    if second.failure in PROBER_FAULTS:
        reason = Reason.PROBER_LIMIT
    elif second.failure is Failure.TIMEOUT:
        reason = Reason.TIMEOUT
    else:
        reason = Reason.DISCONNECTED
    verdict, detail = result.outcome.verdict, result.outcome.detail
    seen = f"was {verdict} just now" + (f" ({detail})" if detail else "")
    return replace(result, outcome=unknown(reason, f"{seen}, which could not be looked at again: {second.detail}"))


def _without_network(report: ProbeReport) -> ProbeReport:
    """What a probe is worth that ran while the prober's own network was down: nothing."""
    detail = "the prober's own network was down" + (f"; {report.detail}" if report.detail else "")
    return ProbeReport(
        report.domain, report.probe, report.started, report.duration, False, Failure.PROBER_NETWORK, detail
    )
