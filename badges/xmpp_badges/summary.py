"""What lists say of servers: one row for each, of a handful of queries for all of them."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from xmpp_badges.prometheus import Sample
from xmpp_badges.queries import WINDOWS

Results = Mapping[str, list[Sample]]
"""What came for each query of a table of queries."""

SuiteLevel = tuple[str, str]
"""A suite's id and one of its levels."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Requirements of a suite by what became of them; what does not apply is in none."""

    supported: int = 0
    unsupported: int = 0
    unknown: int = 0

    @property
    def counted(self) -> int:
        """Those that were decided."""
        return self.supported + self.unsupported

    @property
    def percent(self) -> int | None:
        """Rounded down, so that 100 means all; None if none was decided."""
        return 100 * self.supported // self.counted if self.counted else None

    @property
    def share(self) -> float | None:
        """What the colour says, 0 to 1: never all with something undecided, and nothing where that is the most."""
        if not self.counted or self.unknown > self.counted:
            return None
        share = self.supported / self.counted
        return min(share, 0.99) if self.unknown else share

    @property
    def compliance(self) -> str:
        """As in score.py: not compliant with one that fails, otherwise undecided with one unknown or none at all."""
        if self.unsupported:
            return "not_compliant"
        return "undecided" if self.unknown or not self.supported else "compliant"


@dataclass(frozen=True, slots=True)
class Summary:
    """What is known of a server; None where something is not."""

    domain: str
    listed: bool
    up: bool | None = None
    failure: str | None = None
    """Why it is down."""
    software: str | None = None
    """The help folder's name, or `other`."""
    version: str = ""
    scores: Mapping[SuiteLevel, Counts] = field(default_factory=dict)
    categories: Mapping[str, float] = field(default_factory=dict)
    """By category of the suite that stands for the server: 1 compliant, 0 not compliant, 0.5 undecided."""
    availability: Mapping[str, float] = field(default_factory=dict)
    """Shares (0 to 1) by window."""
    certificate_days: float | None = None
    """Until the first certificate expires; negative when it has."""
    runs: Mapping[str, float] = field(default_factory=dict)
    """When the last probe of each kind began, seconds since the epoch."""

    @property
    def last_probe(self) -> float | None:
        return max(self.runs.values(), default=None)

    @property
    def long_availability(self) -> tuple[str, float] | None:
        """The longest window of which there is something, and its share."""
        known = [(window, self.availability[window]) for window in WINDOWS if window in self.availability]
        return known[-1] if known else None


def summaries(results: Results) -> dict[str, Summary]:
    """The servers by domain, in alphabetical order."""
    by_domain = {name: _by_domain(samples) for name, samples in results.items()}
    return {
        domain: _summary(domain, {name: found.get(domain, []) for name, found in by_domain.items()})
        for domain in sorted(by_domain["listed"])
    }


def _by_domain(samples: list[Sample]) -> Mapping[str, list[Sample]]:
    found: dict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        found[sample.labels.get("domain", "")].append(sample)
    return found


def _summary(domain: str, found: Mapping[str, list[Sample]]) -> Summary:
    up = value_of(found["up"])
    software = max(found["software"], key=lambda sample: sample.labels.get("version", ""), default=None)
    return Summary(
        domain=domain,
        listed=value_of(found["listed"]) == 1,
        up=None if up is None else up == 1,
        failure=next((sample.labels.get("reason") for sample in found["failure"]), None) if up == 0 else None,
        software=software.labels.get("software") if software else None,
        version=software.labels.get("version", "") if software else "",
        scores={
            (suite, level): counts for (suite, level), counts in counted(found["counts"], "suite", "level").items()
        },
        categories={sample.labels.get("category", ""): sample.value for sample in found["verdict"]},
        availability={window: value for window in WINDOWS if (value := value_of(found[window])) is not None},
        certificate_days=value_of(found["days"]),
        runs={sample.labels.get("probe", ""): sample.value for sample in found["run"]},
    )


def value_of(samples: list[Sample]) -> float | None:
    """The value of the only series."""
    return samples[0].value if samples else None


def counted(samples: list[Sample], *labels: str) -> dict[tuple[str, ...], Counts]:
    """Series with the label `outcome` as counts, by the values of other labels."""
    found: dict[tuple[str, ...], dict[str, int]] = defaultdict(dict)
    for sample in samples:
        key = tuple(sample.labels.get(label, "") for label in labels)
        found[key][sample.labels.get("outcome", "")] = int(sample.value)
    names = ("supported", "unsupported", "unknown")
    return {key: Counts(*(outcomes.get(name, 0) for name in names)) for key, outcomes in found.items()}
