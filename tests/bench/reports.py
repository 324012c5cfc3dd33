"""Made-up reports, as full as those of a real server, for as many servers as wanted; the same ones at every run."""

from dataclasses import dataclass
from random import Random

from xmpp_exporter.catalogue import Check, checks
from xmpp_exporter.config import ServerConfig
from xmpp_exporter.model import (
    AddressReport,
    CheckResult,
    EndpointReport,
    Failure,
    Outcome,
    ProbeKind,
    ProbeReport,
    Reason,
    Software,
    Verdict,
)

NOW = 1_790_000_000.0
"""When all of this is said to have happened unless somebody needs another time, in seconds since the epoch."""

_SOFTWARE = (Software("Prosody", "0.12.3"), Software("ejabberd", "23.01"), Software("Openfire", "4.8.1"))
_MECHANISMS = ("SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS", "PLAIN", "X-OAUTH2")
_CIPHERS = (("TLSv1.3", "TLS_AES_256_GCM_SHA384"), ("TLSv1.2", "ECDHE-RSA-AES256-GCM-SHA384"))
_OUTCOMES = (
    Outcome(Verdict.UNSUPPORTED, Reason.NOT_OFFERED),
    Outcome(Verdict.BROKEN, Reason.STANZA_ERROR),
    Outcome(Verdict.UNKNOWN, Reason.TIMEOUT),
)
_SUPPORTED_SHARE = 0.8
_EXPECTING = 20
"""One server of so many is expected to support checks, which some of them do not."""
_VALID = (20 * 86_400, 90 * 86_400)
"""How long certificates that are renewed in time are valid, at least and at most, in seconds."""


@dataclass(frozen=True, slots=True)
class ProbedServer:
    """A server as the exporter knows it after both kinds of probe."""

    config: ServerConfig
    reports: tuple[ProbeReport, ...]


def probed_server(number: int, now: float = NOW) -> ProbedServer:
    """Server `number`: its own domain, software, verdicts and measured times, all of it up to `now`."""
    random = Random(number)
    domain = f"chat{number:05}.example.org"
    expect = () if number % _EXPECTING else ("xep0198", "xep0313")
    config = ServerConfig(domain=domain, relation="permitted", expect=expect)
    return ProbedServer(config, (_availability(domain, random, now), _compliance(domain, random, now)))


def _availability(domain: str, random: Random, now: float) -> ProbeReport:
    host = f"xmpp.{domain}"
    cipher = random.choice(_CIPHERS)
    expiry = now + random.randrange(*_VALID)
    return ProbeReport(
        domain=domain,
        probe=ProbeKind.AVAILABILITY,
        started=now - random.uniform(0, 60),
        duration=random.uniform(0.2, 2),
        success=True,
        phases={phase: random.uniform(0.01, 0.5) for phase in ("dns", "connect", "tls", "auth")},
        login=True,
        ping_duration=random.uniform(0.01, 0.2),
        endpoints=(
            EndpointReport("xmpps-client", host, 5223, _addresses(cipher, expiry, random)),
            EndpointReport("xmpp-client", host, 5222, _addresses(cipher, expiry, random)),
        ),
        mechanisms=_MECHANISMS,
    )


def _addresses(cipher: tuple[str, str], expiry: float, random: Random) -> tuple[AddressReport, ...]:
    version, name = cipher
    up = AddressReport(
        "192.0.2.1",
        "ipv4",
        connect_duration=random.uniform(0.01, 0.2),
        certificate_not_after=expiry,
        tls_version=version,
        tls_cipher=name,
    )
    return up, AddressReport("2001:db8::1", "ipv6", Failure.UNREACHABLE)


def _compliance(domain: str, random: Random, now: float) -> ProbeReport:
    return ProbeReport(
        domain=domain,
        probe=ProbeKind.COMPLIANCE,
        started=now - random.uniform(0, 3600),
        duration=random.uniform(1, 10),
        success=True,
        phases={phase: random.uniform(0.01, 5) for phase in ("dns", "connect", "tls", "auth", "checks")},
        login=True,
        software=random.choice(_SOFTWARE),
        mechanisms=_MECHANISMS,
        checks=tuple(
            CheckResult(check.id, _outcome(check, random, now), random.random()) for check in checks().values()
        ),
    )


def _outcome(check: Check, random: Random, now: float) -> Outcome:
    if check.kind != "fact" and random.random() > _SUPPORTED_SHARE:
        return random.choice(_OUTCOMES)
    return Outcome(Verdict.SUPPORTED, facts={fact.metric: _fact(fact.metric, random, now) for fact in check.facts})


def _fact(metric: str, random: Random, now: float) -> float:
    return now + random.randrange(*_VALID) if metric.endswith("_timestamp_seconds") else float(random.randrange(10**6))
