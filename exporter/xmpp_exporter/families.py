"""The contract: every metric that the exporter exposes, with its type, help and labels.

docs/metrics.md is generated from here; rules and dashboards are tested against it.
"""

from dataclasses import dataclass

from xmpp_exporter.catalogue import checks

_CACHED = " From the last finished probe."


@dataclass(frozen=True, slots=True)
class Family:
    """One metric: `type` is gauge or counter; `labels` in the order in which they are rendered."""

    name: str
    type: str
    help: str
    labels: tuple[str, ...]


def _gauge(name: str, help_: str, *labels: str) -> Family:
    return Family(name, "gauge", help_, labels)


def _fact_families() -> tuple[Family, ...]:
    """The facts that the catalogue's checks declare."""
    return tuple(
        _gauge(fact.metric, fact.help + _CACHED, "domain") for check in checks().values() for fact in check.facts
    )


PROBE_FAMILIES: tuple[Family, ...] = (
    _gauge(
        "xmpp_probe_success",
        "Whether the last probe succeeded. availability: some address completed TLS and sent its features; compliance:"
        " the probe ran to its end. Absent when the prober itself was at fault.",
        "domain",
        "probe",
    ),
    _gauge(
        "xmpp_login_success",
        "Whether the last login succeeded; absent without an account, or when none could be tried." + _CACHED,
        "domain",
    ),
    _gauge(
        "xmpp_probe_last_failure_info", "Why the last probe failed; only while failing.", "domain", "probe", "reason"
    ),
    _gauge("xmpp_login_failure_info", "Why the last login failed; only while failing.", "domain", "reason"),
    _gauge("xmpp_probe_duration_seconds", "How long the last probe took.", "domain", "probe"),
    _gauge(
        "xmpp_probe_phase_duration_seconds",
        "How long each phase of the last probe took: dns, connect, tls, auth, checks.",
        "domain",
        "probe",
        "phase",
    ),
    _gauge("xmpp_probe_last_run_timestamp_seconds", "When the last probe began.", "domain", "probe"),
    _gauge("xmpp_probe_last_success_timestamp_seconds", "When the last successful probe began.", "domain", "probe"),
    _gauge("xmpp_probe_interval_seconds", "The configured time between two probes.", "domain", "probe"),
    Family("xmpp_probes_total", "counter", "Finished probes.", ("domain", "probe")),
    Family(
        "xmpp_probe_failures_total",
        "counter",
        "Failed probes by reason; internal, prober_limit and prober_network are the prober's own faults.",
        ("domain", "probe", "reason"),
    ),
    _gauge(
        "xmpp_xep_supported",
        "Whether the check's feature works (1), or is not offered or broken (0); absent while that is not known."
        + _CACHED,
        "domain",
        "check",
        "xep",
    ),
    _gauge(
        "xmpp_check_problem_info",
        "Checks that are not supported, with verdict and reason." + _CACHED,
        "domain",
        "check",
        "verdict",
        "reason",
    ),
    _gauge(
        "xmpp_check_last_supported_timestamp_seconds",
        "When the check was last found supported; kept over restarts, absent if never.",
        "domain",
        "check",
    ),
    _gauge("xmpp_check_expected", "1 for each check that the configuration expects of the server.", "domain", "check"),
    _gauge(
        "xmpp_suite_requirements",
        "Requirements of a compliance suite that count in the category at the level, those of lower levels and of the"
        " category that it requires included: supported, unsupported (broken included) or unknown." + _CACHED,
        "domain",
        "suite",
        "category",
        "level",
        "outcome",
    ),
    _gauge(
        "xmpp_suite_distinct_requirements",
        "Requirements of a compliance suite that count at the level, those of lower levels included, each once, though"
        " several categories may count it: supported, unsupported (broken included) or unknown." + _CACHED,
        "domain",
        "suite",
        "level",
        "outcome",
    ),
    _gauge(
        "xmpp_server_info",
        "What the server says it is (XEP-0092), or reveals: then without a version." + _CACHED,
        "domain",
        "software",
        "version",
    ),
    _gauge("xmpp_server_listed", "Whether public lists may show the server.", "domain"),
    _gauge(
        "xmpp_endpoint_addresses",
        "Addresses of the endpoint's host that the prober can try." + _CACHED,
        "domain",
        "service",
        "host",
        "port",
        "family",
    ),
    _gauge(
        "xmpp_endpoint_addresses_up",
        "Addresses of the endpoint that completed TLS and sent stream features." + _CACHED,
        "domain",
        "service",
        "host",
        "port",
        "family",
    ),
    _gauge(
        "xmpp_endpoint_connect_duration_seconds",
        "How long TCP took to connect, to the slowest address that did." + _CACHED,
        "domain",
        "service",
        "host",
        "port",
        "family",
    ),
    _gauge(
        "xmpp_tls_certificate_not_after_timestamp_seconds",
        "When the first certificate of the chain expires, the earliest over the endpoint's addresses." + _CACHED,
        "domain",
        "service",
        "host",
        "port",
    ),
    _gauge(
        "xmpp_tls_connection_info",
        "TLS version and cipher that were negotiated." + _CACHED,
        "domain",
        "service",
        "host",
        "port",
        "version",
        "cipher",
    ),
    _gauge("xmpp_sasl_mechanism_offered", "SASL mechanisms offered after TLS." + _CACHED, "domain", "mechanism"),
    _gauge(
        "xmpp_ping_duration_seconds", "Round trip of a ping to the server after login (XEP-0199)." + _CACHED, "domain"
    ),
    _gauge(
        "xmpp_s2s_reachable",
        "Whether the server reached another, as of the latest ping from its account; each pair is pinged once in the"
        " interval of compliance probes. Absent when either is down or nothing is known.",
        "domain",
        "peer",
    ),
    _gauge(
        "xmpp_s2s_ping_duration_seconds",
        "Round trip of the latest ping from the server's account to another server, setting up their connection if"
        " there was none.",
        "domain",
        "peer",
    ),
    *_fact_families(),
)
"""What is known of probed servers."""

CATALOGUE_FAMILIES: tuple[Family, ...] = (
    _gauge("xmpp_check_info", "The checks of the catalogue.", "check", "xep", "title", "topic", "kind", "scored"),
    _gauge(
        "xmpp_suite_check_info",
        "The checks that decide the requirements of the compliance suites, where each stands.",
        "suite",
        "category",
        "level",
        "requirement",
        "check",
    ),
)
"""What does not depend on any server."""

EXPORTER_FAMILIES: tuple[Family, ...] = (
    _gauge("xmpp_exporter_build_info", "The exporter's version.", "version", "pythonversion"),
    _gauge("xmpp_exporter_config_last_reload_successful", "Whether the last reload of the configuration succeeded."),
    _gauge(
        "xmpp_exporter_config_last_reload_success_timestamp_seconds",
        "When the configuration was last loaded successfully.",
    ),
    _gauge("xmpp_exporter_servers", "Configured servers."),
    _gauge("xmpp_exporter_probes_in_flight", "Probes that run now.", "probe"),
    _gauge("xmpp_exporter_probe_lag_seconds", "How late the most overdue probe is.", "probe"),
    _gauge(
        "xmpp_exporter_network_up",
        "Whether the prober's own network works: some canary answers; 1 without canaries.",
    ),
)
"""The exporter itself; prometheus_client's process and platform metrics come with them."""

FAMILIES: tuple[Family, ...] = PROBE_FAMILIES + CATALOGUE_FAMILIES + EXPORTER_FAMILIES
