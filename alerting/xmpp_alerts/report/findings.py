"""What is found about the servers in a period: immutable, and what all forms of a report are made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from xmpp_alerts.report.availability import Segment, State, share_up
from xmpp_alerts.report.changes import Change, Fate
from xmpp_alerts.report.period import Span

CERTIFICATE_DUE = 21
"""Days; earlier, servers that renew by themselves would be told of for nothing. The alert begins then, too."""
SILENT = 3600.0
"""Seconds without data at the end of a period that are worth telling."""


@dataclass(frozen=True, slots=True, order=True)
class Server:
    """A domain as Prometheus knows it; two jobs may probe the same one."""

    domain: str
    job: str


@dataclass(frozen=True, slots=True)
class Counts:
    """The distinct requirements of a suite, by what became of them."""

    supported: int
    unsupported: int
    unknown: int

    @property
    def decided(self) -> int:
        return self.supported + self.unsupported


@dataclass(frozen=True, slots=True)
class SuiteScore:
    """How a server does in a suite at a level; None where there are no data."""

    suite: str
    level: str
    now: Counts | None
    before: Counts | None


@dataclass(frozen=True, slots=True)
class Incident:
    """A time in which the server was down; `reason` as the probe says, empty where it is not known."""

    span: Span
    reason: str


@dataclass(frozen=True)
class Findings:
    """One server's period."""

    server: Server
    segments: Sequence[Segment]
    incidents: Sequence[Incident]
    suites: Sequence[SuiteScore]
    changes: Sequence[Change]
    reasons: Mapping[str, str]
    """Why checks are not supported at the end, by check."""
    certificate_days: float | None
    """From the period's end to the first expiry of a certificate; negative when it has expired."""
    login_fails: bool
    """At the end, so that much is not known then."""
    software: str
    """The folder of the help pages, empty where it is not known."""

    @cached_property
    def availability(self) -> float | None:
        return share_up(self.segments)

    @property
    def silent_since(self) -> float | None:
        """Since when there are no data, if there were some and none are there at the end."""
        last = self.segments[-1]
        silent = last.state is State.UNKNOWN and last.span.length >= SILENT and len(self.segments) > 1
        return last.span.start if silent else None

    @property
    def certificate_due(self) -> bool:
        return self.certificate_days is not None and self.certificate_days < CERTIFICATE_DUE

    def of(self, *fates: Fate) -> list[Change]:
        """These changes, the latest last."""
        return sorted((change for change in self.changes if change.fate in fates), key=lambda change: change.at)

    @property
    def eventful(self) -> bool:
        """Whether there is anything to tell but that all went on."""
        return bool(
            self.incidents
            or self.changes
            or self.certificate_due
            or self.login_fails
            or self.silent_since is not None
            or self.availability is None
        )
