"""What a probe yields: frozen data without behaviour, read by the store, the metrics, the pages and the command line.

Every check ends in exactly one verdict. Only `supported`, `unsupported` and `broken` say something about the server;
whatever kept us from finding out is `unknown`, with its reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Verdict(StrEnum):
    SUPPORTED = "supported"
    UNSUPPORTED = "unsupported"
    BROKEN = "broken"
    UNKNOWN = "unknown"


class Reason(StrEnum):
    """Why a verdict is not `supported`: the whole vocabulary, grouped by the verdict it belongs to."""

    # unsupported
    NOT_OFFERED = "not_offered"
    WRONG_ENTITY = "wrong_entity"
    OUTDATED = "outdated"
    # broken
    STANZA_ERROR = "stanza_error"
    HTTP_STATUS = "http_status"
    TLS = "tls"
    CERTIFICATE = "certificate"
    DNS = "dns"
    MISMATCH = "mismatch"
    UNREACHABLE = "unreachable"
    COMPONENT_DOWN = "component_down"
    # unknown
    NO_ACCOUNT = "no_account"
    LOGIN_FAILED = "login_failed"
    FORBIDDEN = "forbidden"
    TIMEOUT = "timeout"
    DISCONNECTED = "disconnected"
    DEPENDS_ON = "depends_on"
    ACCOUNT_HAS_CONTACTS = "account_has_contacts"
    ARCHIVE_DISABLED = "archive_disabled"
    NEEDS_SECOND_ACCOUNT = "needs_second_account"
    NOT_DISCOVERABLE = "not_discoverable"
    PROBER_LIMIT = "prober_limit"
    NOT_APPLICABLE = "not_applicable"
    EXCLUDED = "excluded"
    INTERNAL = "internal"


class ProbeKind(StrEnum):
    """The two kinds of probe; the value is the `probe` label and the `module` parameter of /probe."""

    AVAILABILITY = "availability"
    COMPLIANCE = "compliance"


class Failure(StrEnum):
    """Why a whole probe failed, or why the login did: the `reason` label of the probe metrics.

    The last three are the prober's own faults and say nothing about the server; availability leaves them out.
    """

    DNS = "dns"
    NOT_OFFERED = "not_offered"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    TLS = "tls"
    CERTIFICATE = "certificate"
    PROTOCOL = "protocol"
    DISCONNECTED = "disconnected"
    BAD_PASSWORD = "bad_password"  # noqa: S105 - a reason, not a password
    ACCOUNT_DISABLED = "account_disabled"
    NO_MECHANISM = "no_mechanism"
    AUTH_FAILED = "auth_failed"
    PROBER_LIMIT = "prober_limit"
    PROBER_NETWORK = "prober_network"
    INTERNAL = "internal"


PROBER_FAULTS = frozenset({Failure.PROBER_LIMIT, Failure.PROBER_NETWORK, Failure.INTERNAL})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one check found: a verdict, its reason (none when supported), a sentence for humans, and facts.

    Facts are measured values by the name of the metric that the catalogue declares for the check, in base units.
    """

    verdict: Verdict
    reason: Reason | None = None
    detail: str = ""
    facts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The outcome of the check `check` (its catalogue id) and how long it took, in seconds."""

    check: str
    outcome: Outcome
    duration: float
    found: float | None = None
    """When an earlier probe found it, in seconds since the epoch; None for the report's own probe."""


@dataclass(frozen=True, slots=True)
class AddressReport:
    """One address of an endpoint: whether it completed TLS and sent its features; the TCP connect time in seconds."""

    address: str
    family: str
    """`ipv4` or `ipv6`."""
    failure: Failure | None = None
    detail: str = ""
    connect_duration: float | None = None
    certificate_not_after: float | None = None
    """Earliest end of validity in the presented chain, seconds since the epoch."""
    tls_version: str | None = None
    tls_cipher: str | None = None


@dataclass(frozen=True, slots=True)
class EndpointReport:
    """One SRV record (or the fallback without one) with all addresses of its host."""

    service: str
    """`xmpp-client` or `xmpps-client`, as in the SRV record's name."""
    host: str
    port: int
    addresses: tuple[AddressReport, ...] = ()
    failure: Failure | None = None
    """Set when the host has no usable address."""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class PeerReport:
    """The latest ping from the server's account to the domain of another server."""

    peer: str
    found: float
    """Seconds since the epoch."""
    reached: bool | None
    """None where that is not known, such as for a peer that is down."""
    duration: float
    peer_up: bool = False
    """Whether the peer was known to be up, because it is probed, too."""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Software:
    """What the server says it is (XEP-0092), as sent; or what it reveals, and then without a version."""

    name: str
    version: str = ""


@dataclass(frozen=True, slots=True)
class ProbeReport:
    """All that one finished probe found out about one server. Times are seconds since the epoch, durations seconds."""

    domain: str
    probe: ProbeKind
    started: float
    duration: float
    success: bool
    failure: Failure | None = None
    detail: str = ""
    phases: Mapping[str, float] = field(default_factory=dict)
    """Durations by phase: dns, connect, tls, auth, checks."""
    login: bool | None = None
    """None when no login was tried."""
    login_failure: Failure | None = None
    login_detail: str = ""
    ping_duration: float | None = None
    peers: tuple[PeerReport, ...] = ()
    """Other servers that this one was asked to reach, each as of its latest ping."""
    software: Software | None = None
    endpoints: tuple[EndpointReport, ...] = ()
    mechanisms: tuple[str, ...] = ()
    """SASL mechanisms offered after TLS."""
    services: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """JIDs of the services found, by role: group_chat, upload, proxy."""
    kept: tuple[CheckResult, ...] = ()
    """Results of checks that leave something for good, which later reports repeat for a day instead of trying again."""
    checks: tuple[CheckResult, ...] = ()
    """None when the server could not be probed at all: down is not "lost every XEP"."""
