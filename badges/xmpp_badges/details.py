"""One server in full: every check, every suite, its endpoints."""

from collections.abc import Mapping
from dataclasses import dataclass

from xmpp_badges.prometheus import Sample
from xmpp_badges.summary import Counts, Results, Summary, counted, value_of
from xmpp_exporter.catalogue import Check, checks

_Where = tuple[str, str, str]
"""Service, host and port."""

ACCOUNT_NEEDS = frozenset({"account", "second_account", "second_session", "no_contacts"})


@dataclass(frozen=True, slots=True)
class CheckState:
    """What became of a check: `verdict` and `reason` as in the exporter's metrics."""

    check: Check
    verdict: str
    reason: str = ""
    last_supported: float | None = None
    """Seconds since the epoch; None if never."""
    expected: bool = False


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where clients connect. Addresses are numbers by IP family: how many there are, and how many are up."""

    service: str
    host: str
    port: str
    addresses: Mapping[str, tuple[int, int]]
    not_after: float | None = None
    """When its certificate expires, seconds since the epoch."""
    tls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Details:
    """A server at a moment."""

    summary: Summary
    checks: Mapping[str, CheckState]
    suites: Mapping[tuple[str, ...], Counts]
    """By suite, category and level."""
    login: bool | None
    """None without an account."""
    login_failure: str | None
    endpoints: tuple[Endpoint, ...]
    mechanisms: tuple[str, ...]


def details(summary: Summary, results: Results) -> Details:
    login = value_of(results["login"])
    failure = next((sample.labels.get("reason") for sample in results["login_failure"]), None)
    return Details(
        summary=summary,
        checks=_checks(results, login is not None),
        suites=counted(results["suites"], "suite", "category", "level"),
        login=None if login is None else login == 1,
        login_failure=failure if login == 0 else None,
        endpoints=_endpoints(results),
        mechanisms=tuple(sorted(sample.labels.get("mechanism", "") for sample in results["mechanisms"])),
    )


def _checks(results: Results, account: bool) -> dict[str, CheckState]:
    """All checks that have a verdict; those of which nothing is known are `unknown`."""
    supported = {sample.labels.get("check"): sample.value for sample in results["supported"]}
    last = {sample.labels.get("check"): sample.value for sample in results["last"]}
    expected = {sample.labels.get("check") for sample in results["expected"]}
    problems: dict[str, list[tuple[str, str]]] = {}
    for sample in results["problem"]:
        problem = (sample.labels.get("verdict", ""), sample.labels.get("reason", ""))
        problems.setdefault(sample.labels.get("check", ""), []).append(problem)
    found = {}
    for check in checks().values():
        if check.kind != "fact":
            verdict, reason = _verdict(check, supported.get(check.id), sorted(problems.get(check.id, [])), account)
            found[check.id] = CheckState(check, verdict, reason, last.get(check.id), check.id in expected)
    return found


def _verdict(check: Check, value: float | None, problems: list[tuple[str, str]], account: bool) -> tuple[str, str]:
    """The recorded state decides; of several exporters' problems, one that fits it says why."""
    if value == 1:
        return "supported", ""
    if value == 0:
        return next((each for each in problems if each[0] in ("broken", "unsupported")), ("unsupported", ""))
    unknown = next((each for each in problems if each[0] == "unknown"), None)
    if unknown is not None:
        return unknown
    return "unknown", "no_account" if not account and check.needs & ACCOUNT_NEEDS else ""


def _endpoints(results: Results) -> tuple[Endpoint, ...]:
    addresses: dict[_Where, dict[str, tuple[int, int]]] = {}
    up = {(_where(sample), sample.labels.get("family")): sample.value for sample in results["addresses_up"]}
    for sample in results["addresses"]:
        where, family = _where(sample), sample.labels.get("family", "")
        addresses.setdefault(where, {})[family] = (int(sample.value), int(up.get((where, family), 0)))
    expiry = {_where(sample): sample.value for sample in results["not_after"]}
    tls: dict[_Where, set[str]] = {}
    for sample in results["tls"]:
        tls.setdefault(_where(sample), set()).add(sample.labels.get("version", ""))
    return tuple(
        Endpoint(*where, families, expiry.get(where), tuple(sorted(tls.get(where, ()))))
        for where, families in sorted(addresses.items())
    )


def _where(sample: Sample) -> _Where:
    labels = sample.labels
    return labels.get("service", ""), labels.get("host", ""), labels.get("port", "")
