"""Results that stand for a day: of checks that leave something on the server for good, and so run once a day only."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from xmpp_exporter.catalogue import Check
from xmpp_exporter.config import ServerConfig
from xmpp_exporter.model import CheckResult, ProbeReport, Reason, Verdict

STANDS_FOR = 24 * 3600.0 - 600
"""Seconds; a little less than a day, so that a daily probe keeps its hour."""

_UNTRIED = frozenset(
    {
        Reason.NO_ACCOUNT,
        Reason.LOGIN_FAILED,
        Reason.DEPENDS_ON,
        Reason.ACCOUNT_HAS_CONTACTS,
        Reason.ARCHIVE_DISABLED,
        Reason.NEEDS_SECOND_ACCOUNT,
        Reason.PROBER_LIMIT,
        Reason.NOT_APPLICABLE,
        Reason.EXCLUDED,
    }
)
"""With these nothing was left on the server, nor with `unsupported`."""


def standing(
    wanted: Iterable[Check], config: ServerConfig, previous: ProbeReport | None, now: float
) -> Mapping[str, CheckResult]:
    """The results of `previous` that still stand at `now` (seconds since the epoch), by check."""
    if previous is None or config.account is None or not config.intrusive:
        return {}
    runnable = {check.id for check in wanted if check.leaves == "permanent"} - set(config.exclude)
    if config.second_account is None:
        runnable -= {check.id for check in wanted if "second_account" in check.needs}
    return {result.check: result for result in _young(previous.kept, now) if result.check in runnable}


def to_keep(
    wanted: Iterable[Check], results: Mapping[str, CheckResult], previous: ProbeReport | None, started: float
) -> tuple[CheckResult, ...]:
    """What the next reports may have to repeat: `results` of a probe that began at `started`, and what it had not."""
    permanent = {check.id for check in wanted if check.leaves == "permanent"}
    kept = {result.check: result for result in (_young(previous.kept, started) if previous is not None else ())}
    for result in results.values():
        outcome = result.outcome
        if result.check not in permanent or outcome.verdict is Verdict.UNSUPPORTED or outcome.reason in _UNTRIED:
            continue
        kept[result.check] = result if result.found is not None else replace(result, found=started)
    return tuple(kept.values())


def _young(kept: Iterable[CheckResult], now: float) -> list[CheckResult]:
    return [result for result in kept if result.found is not None and 0 <= now - result.found < STANDS_FOR]
