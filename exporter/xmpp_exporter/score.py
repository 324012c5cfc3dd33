"""How a server did, in one place: what counts and what it comes to."""

from collections.abc import Iterable
from dataclasses import dataclass

from xmpp_exporter.catalogue import checks
from xmpp_exporter.model import CheckResult, ProbeReport, Verdict

DECIDED = frozenset({Verdict.SUPPORTED, Verdict.UNSUPPORTED, Verdict.BROKEN})
"""The verdicts that say something about the server."""


@dataclass(frozen=True, slots=True)
class Score:
    """`supported` of `counted` checks work. What could not be decided is in neither number."""

    supported: int
    counted: int

    def __str__(self) -> str:
        return f"{self.supported}/{self.counted}"


def score(report: ProbeReport) -> Score:
    """The score of a report: its scored checks that were decided."""
    verdicts = [result.outcome.verdict for result in scored(report.checks)]
    return Score(verdicts.count(Verdict.SUPPORTED), sum(verdict in DECIDED for verdict in verdicts))


def passed(report: ProbeReport) -> bool:
    """Whether nothing that counts fails and something works. Where none of the checks is scored, all of them count."""
    counting = scored(report.checks) or report.checks
    decided = [result.outcome.verdict for result in counting if result.outcome.verdict in DECIDED]
    return bool(decided) and all(verdict is Verdict.SUPPORTED for verdict in decided)


def scored(results: Iterable[CheckResult]) -> list[CheckResult]:
    """Those of checks that count. A check that the catalogue no longer has, in a report of long ago, does not."""
    return [result for result in results if (check := checks().get(result.check)) is not None and check.scored]
