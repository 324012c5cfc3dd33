"""How a server did, in one place: what counts, what it comes to, and with which suites it complies."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from xmpp_exporter.catalogue import checks
from xmpp_exporter.catalogue.suite import Category, Level, Requirement, Rule, Suite
from xmpp_exporter.model import CheckResult, Outcome, ProbeReport, Reason, Verdict

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


class Met(StrEnum):
    """What became of a requirement of a suite; broken counts as `unsupported`."""

    SUPPORTED = "supported"
    UNSUPPORTED = "unsupported"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not_applicable"


COUNTED = (Met.SUPPORTED, Met.UNSUPPORTED, Met.UNKNOWN)
"""What is counted; a requirement that does not apply is left out."""

_ORDERS = {
    "all_of": (Met.UNSUPPORTED, Met.UNKNOWN, Met.SUPPORTED, Met.NOT_APPLICABLE),
    "any_of": (Met.SUPPORTED, Met.UNKNOWN, Met.UNSUPPORTED, Met.NOT_APPLICABLE),
}
"""The first of these that a rule's parts have is what becomes of the rule."""


class Compliance(StrEnum):
    COMPLIANT = "compliant"
    NOT_COMPLIANT = "not compliant"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one requirement of `category`, and the checks that made it so."""

    category: Category
    requirement: Requirement
    met: Met
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LevelFindings:
    """All that counts in a category at a level: lower levels and the category that it requires included."""

    category: Category
    level: Level
    findings: tuple[Finding, ...]

    def of(self, met: Met) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.met is met)

    @property
    def score(self) -> Score:
        """Requirements, not checks; what could not be decided is in neither number."""
        supported = len(self.of(Met.SUPPORTED))
        return Score(supported, supported + len(self.of(Met.UNSUPPORTED)))

    @property
    def compliance(self) -> Compliance:
        """Not compliant with one that fails, otherwise undecided with one unknown (or with none that applies)."""
        if self.of(Met.UNSUPPORTED):
            return Compliance.NOT_COMPLIANT
        if self.of(Met.UNKNOWN) or not self.of(Met.SUPPORTED):
            return Compliance.UNDECIDED
        return Compliance.COMPLIANT


def evaluate(suite: Suite, report: ProbeReport) -> tuple[LevelFindings, ...]:
    """Each category at each level, in the suite's order. A check that the report does not have is unknown."""
    met = {result.check: met_by(result.outcome) for result in report.checks}
    counting: dict[tuple[str, str], tuple[Finding, ...]] = {}  # by category and level
    levels: list[LevelFindings] = []
    for category in suite.categories:
        own: tuple[Finding, ...] = ()
        for level in category.levels:
            own += tuple(_finding(category, requirement, met) for requirement in level.requirements)
            required = counting[category.requires, level.id] if category.requires is not None else ()
            counting[category.id, level.id] = required + own
            levels.append(LevelFindings(category, level, required + own))
    return tuple(levels)


def distinct(levels: Iterable[LevelFindings]) -> Mapping[str, tuple[Finding, ...]]:
    """What `evaluate` found, by level: each requirement once, though several categories may count it."""
    found: dict[str, dict[tuple[str, str], Finding]] = {}
    for level in levels:
        each = found.setdefault(level.level.id, {})
        each.update({(finding.category.id, finding.requirement.id): finding for finding in level.findings})
    return {level: tuple(findings.values()) for level, findings in found.items()}


def met_by(outcome: Outcome) -> Met:
    """What a check's outcome makes of a requirement that it alone decides."""
    if outcome.verdict is Verdict.SUPPORTED:
        return Met.SUPPORTED
    if outcome.verdict is Verdict.UNKNOWN:
        return Met.NOT_APPLICABLE if outcome.reason is Reason.NOT_APPLICABLE else Met.UNKNOWN
    return Met.UNSUPPORTED


def decide(rule: Rule, met: Mapping[str, Met]) -> Met:
    """What becomes of a rule by what became of its checks."""
    parts = {decide(part, met) if isinstance(part, Rule) else met.get(part, Met.UNKNOWN) for part in rule.parts}
    return next(each for each in _ORDERS[rule.kind] if each in parts)


def _finding(category: Category, requirement: Requirement, met: Mapping[str, Met]) -> Finding:
    if requirement.rule is None:
        return Finding(category, requirement, Met.NOT_APPLICABLE, ())
    became = decide(requirement.rule, met)
    because = tuple(check for check in requirement.checks if met.get(check, Met.UNKNOWN) is became)
    return Finding(category, requirement, became, because)
