"""Reports as lines of the text format: rendered once, when a probe ends, and only joined when Prometheus scrapes.

Pure functions. Blocks are the rendered lines of one report by family; a page is the families' headers, each followed by
the lines of every block.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from xmpp_exporter import labels
from xmpp_exporter.catalogue import checks
from xmpp_exporter.catalogue.suite import suites
from xmpp_exporter.config import ServerConfig
from xmpp_exporter.families import CATALOGUE_FAMILIES, PROBE_FAMILIES, Family
from xmpp_exporter.federation import decided
from xmpp_exporter.model import (
    PROBER_FAULTS,
    EndpointReport,
    Failure,
    Outcome,
    ProbeKind,
    ProbeReport,
    Reason,
    Verdict,
)
from xmpp_exporter.score import COUNTED, distinct, evaluate
from xmpp_exporter.slots import interval_of

Block = Mapping[str, bytes]
"""Rendered lines by family name."""

_QUIET = frozenset({Reason.NO_ACCOUNT, Reason.EXCLUDED, Reason.NOT_APPLICABLE})
"""Reasons that are nobody's problem."""

_JOINED = 1000
"""Blocks joined in one go: at most a few MB, in about a ms."""

_FAMILIES: Mapping[str, Family] = {family.name: family for family in PROBE_FAMILIES + CATALOGUE_FAMILIES}


class Lines:
    """Collects samples and renders them. A sample that is already there is not added again."""

    def __init__(self, domain: str = "") -> None:
        self._domain = domain
        self._samples: dict[str, dict[str, str]] = {}

    def add(self, name: str, value: float, **values: str) -> None:
        """One sample of the family `name`; the domain is added where the family has it."""
        family = _FAMILIES[name]
        given = {"domain": self._domain, **values}
        rendered = ",".join(f'{label}="{_escape(given[label])}"' for label in family.labels)
        self._samples.setdefault(name, {}).setdefault(rendered, _number(value))

    def block(self) -> Block:
        return {
            name: "".join(
                f"{name}{{{rendered}}} {value}\n" if rendered else f"{name} {value}\n"
                for rendered, value in samples.items()
            ).encode()
            for name, samples in self._samples.items()
        }


def _escape(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _number(value: float) -> str:
    """To the microsecond; finer is noise that costs space on every scrape."""
    number = float(value)
    if not math.isfinite(number):
        return "NaN" if math.isnan(number) else "+Inf" if number > 0 else "-Inf"
    return str(int(number)) if number.is_integer() else repr(round(number, 6))


@dataclass(frozen=True, slots=True)
class Counts:
    """Finished probes of one kind since the start, and the failed ones by reason."""

    total: int = 0
    failures: Mapping[Failure, int] | None = None


def render_settings(config: ServerConfig) -> Block:
    """What the configuration says of a server."""
    lines = Lines(config.domain)
    lines.add("xmpp_server_listed", config.listed)
    for kind in ProbeKind:
        lines.add("xmpp_probe_interval_seconds", interval_of(config, kind), probe=kind)
    for check in config.expect:
        lines.add("xmpp_check_expected", 1, check=check)
    return lines.block()


def render_counts(domain: str, kind: ProbeKind, counts: Counts) -> Block:
    """The counters of one kind of probe; every reason is there from the start, so that `increase` sees its first."""
    lines = Lines(domain)
    lines.add("xmpp_probes_total", counts.total, probe=kind)
    for reason in Failure:
        lines.add("xmpp_probe_failures_total", (counts.failures or {}).get(reason, 0), probe=kind, reason=reason)
    return lines.block()


def render_times(
    domain: str,
    kind: ProbeKind,
    last_run: float | None,
    last_success: float | None,
    last_supported: Mapping[str, float],
) -> Block:
    """When things last happened, seconds since the epoch; these outlive the report itself."""
    lines = Lines(domain)
    if last_run is not None:
        lines.add("xmpp_probe_last_run_timestamp_seconds", last_run, probe=kind)
    if last_success is not None:
        lines.add("xmpp_probe_last_success_timestamp_seconds", last_success, probe=kind)
    for check, timestamp in last_supported.items():
        if check in checks():  # not one of an earlier version
            lines.add("xmpp_check_last_supported_timestamp_seconds", timestamp, check=check)
    return lines.block()


def render_report(report: ProbeReport) -> Block:
    """The state that a report describes. Availability owns endpoints, TLS, SASL and login, compliance the checks.

    A failed probe says nothing of the checks; one that failed by the prober's own fault nothing of the server at all.
    """
    lines = Lines(report.domain)
    lines.add("xmpp_probe_duration_seconds", report.duration, probe=report.probe)
    for phase, duration in report.phases.items():
        lines.add("xmpp_probe_phase_duration_seconds", duration, probe=report.probe, phase=phase)
    if report.failure is not None:
        lines.add("xmpp_probe_last_failure_info", 1, probe=report.probe, reason=report.failure)
    if report.failure in PROBER_FAULTS:
        return lines.block()
    lines.add("xmpp_probe_success", report.success, probe=report.probe)
    if report.probe is ProbeKind.AVAILABILITY:
        _availability(lines, report)
    elif report.success:
        _compliance(lines, report)
    return lines.block()


def _availability(lines: Lines, report: ProbeReport) -> None:
    if report.login is not None and report.login_failure not in PROBER_FAULTS:
        lines.add("xmpp_login_success", report.login)
    if report.login_failure is not None:
        lines.add("xmpp_login_failure_info", 1, reason=report.login_failure)
    if report.ping_duration is not None:
        lines.add("xmpp_ping_duration_seconds", report.ping_duration)
    for peer, reached in decided(report.peers) if report.login else ():
        lines.add("xmpp_s2s_reachable", reached, peer=peer.peer)
        if reached:
            lines.add("xmpp_s2s_ping_duration_seconds", peer.duration, peer=peer.peer)
    for mechanism in report.mechanisms:
        lines.add("xmpp_sasl_mechanism_offered", 1, mechanism=labels.mechanism(mechanism))
    for endpoint in report.endpoints:
        _endpoint(lines, endpoint)


def _endpoint(lines: Lines, endpoint: EndpointReport) -> None:
    where = {"service": endpoint.service, "host": labels.clean(endpoint.host), "port": str(endpoint.port)}
    for family in ("ipv4", "ipv6"):
        # what we can't or won't connect to is not down
        addresses = [
            address
            for address in endpoint.addresses
            if address.family == family and address.failure not in PROBER_FAULTS
        ]
        if not addresses and (endpoint.addresses or family == "ipv6"):
            continue  # a host without any address still shows up, as 0 of 0
        up = sum(address.failure is None for address in addresses)
        lines.add("xmpp_endpoint_addresses", len(addresses), **where, family=family)
        lines.add("xmpp_endpoint_addresses_up", up, **where, family=family)
        durations = [address.connect_duration for address in addresses if address.connect_duration is not None]
        if durations:
            lines.add("xmpp_endpoint_connect_duration_seconds", max(durations), **where, family=family)
    ends = [address.certificate_not_after for address in endpoint.addresses if address.certificate_not_after]
    if ends:
        lines.add("xmpp_tls_certificate_not_after_timestamp_seconds", min(ends), **where)
    for address in endpoint.addresses:
        if address.tls_version:
            cipher = labels.clean(address.tls_cipher or "")
            lines.add("xmpp_tls_connection_info", 1, **where, version=address.tls_version, cipher=cipher)


def _compliance(lines: Lines, report: ProbeReport) -> None:
    if report.software is not None:
        name, version = report.software.name, report.software.version
        lines.add("xmpp_server_info", 1, software=labels.software(name), version=labels.clean(version))
    for result in report.checks:
        check, outcome = checks().get(result.check), result.outcome
        if check is None:  # a report of an earlier version
            continue
        if outcome.verdict is not Verdict.UNKNOWN and check.kind != "fact":
            lines.add("xmpp_xep_supported", outcome.verdict is Verdict.SUPPORTED, check=check.id, xep=check.xep)
        if _is_problem(outcome):
            reason = outcome.reason or ""
            lines.add("xmpp_check_problem_info", 1, check=result.check, verdict=outcome.verdict, reason=reason)
        for fact in check.facts:
            if fact.metric in outcome.facts:
                lines.add(fact.metric, outcome.facts[fact.metric])
    _suites(lines, report)


def _suites(lines: Lines, report: ProbeReport) -> None:
    for suite in suites().values():
        levels = evaluate(suite, report)
        for level in levels:
            where = {"suite": suite.id, "category": level.category.id, "level": level.level.id}
            for met in COUNTED:
                lines.add("xmpp_suite_requirements", len(level.of(met)), **where, outcome=met)
        for level_id, findings in distinct(levels).items():
            became = Counter(finding.met for finding in findings)
            for met in COUNTED:
                lines.add("xmpp_suite_distinct_requirements", became[met], suite=suite.id, level=level_id, outcome=met)


def _is_problem(outcome: Outcome) -> bool:
    return outcome.verdict is not Verdict.SUPPORTED and outcome.reason not in _QUIET


def render_catalogue() -> Block:
    """The checks themselves, and which of them the suites count."""
    lines = Lines()
    for check in checks().values():
        scored = "true" if check.scored else "false"
        lines.add(
            "xmpp_check_info",
            1,
            check=check.id,
            xep=check.xep,
            title=check.title,
            topic=check.topic,
            kind=check.kind,
            scored=scored,
        )
    for suite in suites().values():
        for category, level, requirement in suite.requirements():
            where = {"suite": suite.id, "category": category.id, "level": level.id, "requirement": requirement.id}
            for each in requirement.checks:
                lines.add("xmpp_suite_check_info", 1, **where, check=each)
    return lines.block()


def header(family: Family) -> bytes:
    """The two comment lines of a family."""
    help_ = family.help.replace("\\", r"\\").replace("\n", r"\n")
    return f"# HELP {family.name} {help_}\n# TYPE {family.name} {family.type}\n".encode()


def page(blocks: Iterable[Block]) -> Iterator[bytes]:
    """The text of all blocks, family by family; a family without samples is left out."""
    columns: dict[str, list[bytes]] = {name: [] for name in _FAMILIES}
    for block in blocks:
        for name, lines in block.items():
            columns[name].append(lines)
    for name, column in columns.items():
        yield from family_text(name, column)


def family_text(name: str, column: Sequence[bytes]) -> Iterator[bytes]:
    """The text of the family `name` with the rendered lines of many blocks, in pieces that are made in a moment."""
    if column:
        yield header(_FAMILIES[name])
    for start in range(0, len(column), _JOINED):
        yield b"".join(column[start : start + _JOINED])
