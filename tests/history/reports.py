"""What the probes of a scripted server found at a moment of the history."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from tests.history.script import END, Fault, ServerScript, script
from xmpp_exporter.catalogue import Check, checks
from xmpp_exporter.config import ServerConfig
from xmpp_exporter.model import (
    AddressReport,
    CheckResult,
    EndpointReport,
    Failure,
    Outcome,
    PeerReport,
    ProbeKind,
    ProbeReport,
    Reason,
    Software,
    Verdict,
)

MECHANISMS = ("SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS", "PLAIN", "X-OF-ITS-OWN")

_PHASES = {"dns": 0.02, "connect": 0.03, "tls": 0.1, "auth": 0.3}

_FACTS = {"_timestamp_seconds": END - 7 * 86400, "_bytes": 104_857_600.0, "_seconds": 600.0, "_works": 1.0}
"""Plausible values of facts, by the unit at the end of their metrics' names."""


@dataclass(frozen=True)
class Observed:
    """The server of a script, as one exporter sees it."""

    script: ServerScript
    exporter: str

    @property
    def domain(self) -> str:
        return self.script.domain

    @cached_property
    def config(self) -> ServerConfig:
        return ServerConfig(
            domain=self.domain,
            relation=self.script.relation,
            expect=self.script.expect,
            listed=self.script.relation == "own",
        )

    @cached_property
    def checks(self) -> tuple[Check, ...]:
        wanted = checks() if self.script.checks == "all" else script().ordinary
        return tuple(checks()[check] for check in wanted)

    def down(self, moment: float) -> Failure | None:
        """Why no probe succeeds at this moment; seconds since the epoch, here and below."""
        if any(span.has(moment) for span in script().exporters[self.exporter].network_down):
            return Failure.PROBER_NETWORK
        return self._fault(self.script.down, moment)

    def report(self, kind: ProbeKind, moment: float) -> ProbeReport:
        """Of the probe that began then."""
        return self._availability(moment) if kind is ProbeKind.AVAILABILITY else self._compliance(moment)

    def _availability(self, moment: float) -> ProbeReport:
        """Durations go up and down over the day."""
        day = 1 + 0.5 * math.sin(moment / 86400 * 2 * math.pi)
        failure = self.down(moment)
        if failure is not None:
            return self._failed(ProbeKind.AVAILABILITY, moment, failure)
        login_failure = self._fault(self.script.login_failure, moment)
        login = login_failure is None if self.script.account else None
        return ProbeReport(
            domain=self.domain,
            probe=ProbeKind.AVAILABILITY,
            started=moment,
            duration=0.6 * day,
            success=True,
            phases={phase: duration * day for phase, duration in _PHASES.items() if phase != "auth" or login},
            login=login,
            login_failure=login_failure,
            ping_duration=0.04 * day if login else None,
            peers=tuple(self._peers(moment, day)) if login else (),
            endpoints=self._endpoints(None, day),
            mechanisms=MECHANISMS,
        )

    def _compliance(self, moment: float) -> ProbeReport:
        failure = self.down(moment)
        if failure is not None:
            return self._failed(ProbeKind.COMPLIANCE, moment, failure)
        version = [each for each in self.script.software if END - moment <= each.since][-1]
        return ProbeReport(
            domain=self.domain,
            probe=ProbeKind.COMPLIANCE,
            started=moment,
            duration=4.0,
            success=True,
            phases={**_PHASES, "checks": 3.5},
            login=self._logs_in(moment) if self.script.account else None,
            software=Software(version.name, version.version),
            checks=tuple(CheckResult(check.id, self._outcome(check, moment), 0.1) for check in self.checks),
        )

    def _logs_in(self, moment: float) -> bool:
        return self.script.account and self._fault(self.script.login_failure, moment) is None

    def _fault(self, faults: tuple[Fault, ...], moment: float) -> Failure | None:
        found = [each for each in faults if each.span.has(moment) and each.exporter in (None, self.exporter)]
        return found[0].failure if found else None

    def _failed(self, kind: ProbeKind, moment: float, failure: Failure) -> ProbeReport:
        tried = kind is ProbeKind.AVAILABILITY and self.script.account
        return ProbeReport(
            domain=self.domain,
            probe=kind,
            started=moment,
            duration=10.0,
            success=False,
            failure=failure,
            phases={"dns": 0.02},
            login=False if tried else None,
            login_failure=failure if tried else None,
            endpoints=self._endpoints(failure, 1.0) if kind is ProbeKind.AVAILABILITY else (),
        )

    def _outcome(self, check: Check, moment: float) -> Outcome:
        if "account" in check.needs and not self._logs_in(moment):
            reason = Reason.LOGIN_FAILED if self.script.account else Reason.NO_ACCOUNT
            return Outcome(Verdict.UNKNOWN, reason)
        for found in self.script.findings:
            if found.check == check.id and found.span.has(moment) and found.exporter in (None, self.exporter):
                return Outcome(found.verdict, found.reason)
        return Outcome(Verdict.SUPPORTED, facts={fact.metric: self._fact(fact.metric) for fact in check.facts})

    def _fact(self, metric: str) -> float:
        if metric == "xmpp_certificates_not_after_timestamp_seconds":
            return END + self.script.certificate
        return next(value for unit, value in _FACTS.items() if metric.endswith(unit))

    def _endpoints(self, failure: Failure | None, day: float) -> tuple[EndpointReport, ...]:
        """Direct TLS and STARTTLS, each over IPv4 and IPv6; one address of the second always refuses."""
        expiry = END + self.script.certificate

        def address(address: str, family: str, failure: Failure | None) -> AddressReport:
            if failure is not None:
                return AddressReport(address, family, failure)
            return AddressReport(address, family, None, "", 0.03 * day, expiry, "TLSv1.3", "TLS_AES_256_GCM_SHA384")

        refused = failure or Failure.REFUSED
        host = f"xmpp.{self.domain}"
        return (
            EndpointReport(
                "xmpps-client",
                host,
                5223,
                (address("192.0.2.1", "ipv4", failure), address("2001:db8::1", "ipv6", failure)),
            ),
            EndpointReport(
                "xmpp-client",
                host,
                5222,
                (address("192.0.2.1", "ipv4", failure), address("192.0.2.2", "ipv4", refused)),
            ),
        )

    def _peers(self, moment: float, day: float) -> Iterator[PeerReport]:
        """Every other server with an account that is there is pinged, and is reached unless the script says no."""
        for peer in script().servers:
            if not peer.account or peer.domain == self.domain or not peer.configured.has(moment):
                continue
            up = Observed(peer, self.exporter).down(moment) is None
            blocked = any(each.peer == peer.domain and each.span.has(moment) for each in self.script.unreachable)
            yield PeerReport(peer.domain, moment, up and not blocked, 0.08 * day, peer_up=up)
