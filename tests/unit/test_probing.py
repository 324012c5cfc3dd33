"""A probe as the service runs it: second looks, limits, and whose fault it is. The probes themselves are scripted."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from tests.unit.golden_page import GOOD, GOOD_AVAILABILITY, GOOD_COMPLIANCE, not_supported, supported
from tests.unit.virtual_time import run, wall_clock
from xmpp_exporter import probing as probing_module
from xmpp_exporter.canary import Canaries
from xmpp_exporter.config import Intervals, ServerConfig
from xmpp_exporter.model import CheckResult, Failure, ProbeKind, ProbeReport, Reason, Verdict
from xmpp_exporter.prober import Prober
from xmpp_exporter.probing import CONFIRM_AFTER, Probing
from xmpp_exporter.store import Store

AVAILABILITY, COMPLIANCE = ProbeKind.AVAILABILITY, ProbeKind.COMPLIANCE
LOST = not_supported("turn", Verdict.UNSUPPORTED, Reason.NOT_OFFERED, "no service of type turn")
BROKEN = not_supported("turn", Verdict.BROKEN, Reason.MISMATCH)
UNKNOWN = not_supported("turn", Verdict.UNKNOWN, Reason.TIMEOUT)
WORKS = supported("turn")
OTHER = supported("stun")

DOWN = replace(GOOD_COMPLIANCE, success=False, failure=Failure.TIMEOUT, detail="silent", checks=())


def found(*checks: CheckResult) -> ProbeReport:
    return replace(GOOD_COMPLIANCE, checks=checks)


@dataclass
class Script:
    """What one probe after the other finds: a report, an exception, or something to wait for first."""

    steps: list[ProbeReport | Exception | Callable[[], Awaitable[ProbeReport]]]
    asked: list[Collection[str] | None] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    previous: list[ProbeReport | None] = field(default_factory=list)
    ended: float = 0.0

    async def probe(
        self, prober: Prober, config: ServerConfig, *, only: Collection[str] | None = None, **settings: Any
    ) -> ProbeReport:
        self.asked.append(only)
        self.times.append(wall_clock())
        self.previous.append(settings.get("previous"))
        step = self.steps[len(self.asked) - 1]
        if isinstance(step, Exception):
            raise step
        return step if isinstance(step, ProbeReport) else await step()


class Network(Canaries):
    """Canaries that say what they are told."""

    def __init__(self, *answers: bool) -> None:
        super().__init__()
        self.answers = list(answers)

    async def worked(self, since: float) -> bool:
        await asyncio.sleep(1)
        return self.answers.pop(0) if self.answers else True


def confirmed(
    monkeypatch: pytest.MonkeyPatch,
    script: Script,
    known: ProbeReport | None = None,
    *,
    kind: ProbeKind = COMPLIANCE,
    network: Canaries | None = None,
    config: ServerConfig = GOOD,
) -> ProbeReport:
    """The report of a turn in which the probes find what is in the script, after one that found `known`."""
    monkeypatch.setattr(probing_module, "probe_compliance", script.probe)
    monkeypatch.setattr(probing_module, "probe_availability", script.probe)

    async def main() -> ProbeReport:
        store = Store()
        if known is not None:
            store.take(known)
        probing = Probing(Prober(None), store, network or Canaries())  # type: ignore[arg-type]
        try:
            return await probing.confirmed(config, kind)
        finally:
            script.ended = wall_clock()

    return run(main())


def test_a_verdict_that_flips_once_is_held_back_and_the_second_one_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script([found(LOST, OTHER), found(WORKS)])
    report = confirmed(monkeypatch, script, found(WORKS, OTHER))
    assert report.checks == (WORKS, OTHER)
    assert script.asked == [None, {"turn"}]
    assert script.times[1] - script.times[0] == CONFIRM_AFTER <= 60


def test_a_loss_that_is_seen_twice_stands_with_its_second_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script([found(LOST, OTHER), found(BROKEN)])
    assert confirmed(monkeypatch, script, found(WORKS, OTHER)).checks == (BROKEN, OTHER)


def test_a_gain_is_looked_at_twice_too(monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script([found(WORKS), found(LOST)])
    assert confirmed(monkeypatch, script, found(BROKEN)).checks == (LOST,)
    assert script.asked == [None, {"turn"}]


@pytest.mark.parametrize(
    ("known", "now"),
    [(None, LOST), (found(WORKS), WORKS), (found(LOST), BROKEN), (found(WORKS), UNKNOWN), (found(UNKNOWN), LOST)],
)
def test_what_has_not_changed_is_looked_at_once(
    monkeypatch: pytest.MonkeyPatch, known: ProbeReport | None, now: CheckResult
) -> None:
    script = Script([found(now)])
    assert confirmed(monkeypatch, script, known).checks == (now,)


def test_a_second_look_knows_the_report_before(monkeypatch: pytest.MonkeyPatch) -> None:
    script, known = Script([found(LOST), found(LOST)]), found(WORKS)
    confirmed(monkeypatch, script, known)
    assert script.previous == [known, known]


def test_a_change_whose_second_look_decides_nothing_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    assert confirmed(monkeypatch, Script([found(LOST), found(UNKNOWN)]), found(WORKS)).checks == (UNKNOWN,)


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (Failure.TIMEOUT, Reason.TIMEOUT),
        (Failure.REFUSED, Reason.DISCONNECTED),
        (Failure.PROBER_LIMIT, Reason.PROBER_LIMIT),
    ],
)
def test_a_change_that_nobody_could_look_at_again_is_unknown(
    monkeypatch: pytest.MonkeyPatch, failure: Failure, reason: Reason
) -> None:
    script = Script([found(LOST, OTHER), replace(DOWN, failure=failure)])
    report = confirmed(monkeypatch, script, found(WORKS, OTHER))
    held, other = report.checks
    assert (held.check, held.outcome.verdict, held.outcome.reason) == ("turn", Verdict.UNKNOWN, reason)
    assert held.outcome.detail == (
        "was unsupported just now (no service of type turn), which could not be looked at again: silent"
    )
    assert other == OTHER
    assert report.success


def test_a_fault_of_ours_in_the_second_look_decides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    report = confirmed(monkeypatch, Script([found(LOST), RuntimeError("ours")]), found(WORKS))
    assert report.checks[0].outcome.reason is Reason.PROBER_LIMIT


def test_a_failed_probe_changes_no_verdict_and_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script([replace(DOWN, checks=(LOST,))])
    assert confirmed(monkeypatch, script, found(WORKS)).failure is Failure.TIMEOUT
    assert len(script.asked) == 1


async def _never() -> ProbeReport:
    await asyncio.Event().wait()
    raise AssertionError


async def _slowly() -> ProbeReport:
    await asyncio.sleep(50)
    return found(LOST)


@pytest.mark.parametrize("kind", ProbeKind)
def test_a_probe_that_gets_no_place_within_its_interval_is_the_probers_failure(
    monkeypatch: pytest.MonkeyPatch, kind: ProbeKind
) -> None:
    report = confirmed(monkeypatch, Script([_never]), kind=kind)
    assert (report.success, report.failure) == (False, Failure.PROBER_LIMIT)
    assert report.duration == {AVAILABILITY: 60, COMPLIANCE: 3600}[kind]


def test_a_second_look_ends_with_the_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    config = ServerConfig(domain="good.test", relation="own", intervals=Intervals(compliance=60))
    script = Script([_slowly, _never])

    report = confirmed(monkeypatch, script, found(WORKS), config=config)
    assert script.ended - script.times[0] == 60
    assert report.checks[0].outcome.reason is Reason.PROBER_LIMIT


def test_a_timeout_from_inside_a_probe_is_no_lack_of_places(monkeypatch: pytest.MonkeyPatch) -> None:
    assert confirmed(monkeypatch, Script([TimeoutError()])).failure is Failure.INTERNAL


@pytest.mark.parametrize("kind", ProbeKind)
def test_a_fault_of_ours_is_a_report_and_not_the_servers(monkeypatch: pytest.MonkeyPatch, kind: ProbeKind) -> None:
    report = confirmed(monkeypatch, Script([ValueError("secret detail")]), kind=kind)
    assert (report.failure, report.checks) == (Failure.INTERNAL, ())
    assert report.detail == "a fault in the exporter: ValueError; its log has more"


@pytest.mark.parametrize(
    ("kind", "failed"),
    [
        (COMPLIANCE, replace(DOWN, checks=(LOST,))),
        (AVAILABILITY, replace(GOOD_AVAILABILITY, success=False, failure=Failure.TIMEOUT, login=False)),
    ],
)
def test_a_failure_while_the_network_is_down_says_nothing_of_the_server(
    monkeypatch: pytest.MonkeyPatch, kind: ProbeKind, failed: ProbeReport
) -> None:
    report = confirmed(monkeypatch, Script([failed]), kind=kind, network=Network(False))
    assert (report.success, report.failure) == (False, Failure.PROBER_NETWORK)
    assert (report.checks, report.endpoints, report.login, report.login_failure) == ((), (), None, None)
    assert "network was down" in report.detail


def test_a_failure_while_the_network_works_is_the_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    assert confirmed(monkeypatch, Script([DOWN]), network=Network(True)).failure is Failure.TIMEOUT


def test_a_success_needs_no_canary(monkeypatch: pytest.MonkeyPatch) -> None:
    assert confirmed(monkeypatch, Script([found(WORKS)]), network=Network(False)).success


def test_a_change_is_held_back_when_the_network_fails_in_between(monkeypatch: pytest.MonkeyPatch) -> None:
    report = confirmed(monkeypatch, Script([found(LOST), DOWN]), found(WORKS), network=Network(False))
    assert report.checks[0].outcome.reason is Reason.PROBER_LIMIT


def test_cancelled_it_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing_module, "probe_compliance", Script([_never]).probe)

    async def main() -> None:
        task = asyncio.create_task(Probing(Prober(None), Store(), Canaries()).confirmed(GOOD, COMPLIANCE))  # type: ignore[arg-type]
        await asyncio.sleep(5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(main())
