"""What is asked of Prometheus, in PromQL; names that begin with a level are those of alerting/rules/recording.yml."""

from collections.abc import Iterable

from xmpp_alerts.report.findings import Server
from xmpp_badges.prometheus import quoted

LOOK_BACK = 900
"""Seconds in which a value counts as the present one, as in the recording rules."""

SUITES = f"last_over_time(domain:xmpp_suite_distinct_requirements:last[{LOOK_BACK}s])"
CERTIFICATES = f"last_over_time(domain:xmpp_tls_certificate_expiry:days[{LOOK_BACK}s])"
FAILING_LOGINS = f"last_over_time(domain:xmpp_login_success:last[{LOOK_BACK}s]) == 0"
PROBLEMS = f"max by(job, domain, check, reason) (last_over_time(xmpp_check_problem_info[{LOOK_BACK}s]))"
SOFTWARE = f"max by(job, domain, software) (last_over_time(xmpp_server_info[{LOOK_BACK}s]))"


def servers(seconds: float) -> str:
    """All that were probed in the last `seconds`."""
    return f'present_over_time(domain:xmpp_probe_success:last{{probe="availability"}}[{seconds:.0f}s])'


def states(server: Server) -> str:
    """Whether it is up, 1 or 0."""
    return f'domain:xmpp_probe_success:last{{{_is(server)},probe="availability"}}'


def changed_checks(seconds: float) -> str:
    """The checks of all servers that did not stay what they were in the last `seconds`."""
    return f"changes(domain:xmpp_xep_supported:last[{seconds:.0f}s]) > 0"


def supported(server: Server, checks: Iterable[str]) -> str:
    """The values of these checks."""
    any_of = " or ".join(
        f"domain:xmpp_xep_supported:last{{{_is(server)},check={quoted(check)}}}" for check in sorted(checks)
    )
    return f"max by(check) ({any_of})"


def failure(server: Server) -> str:
    """Why it is down, as most exporters say; they may not agree."""
    series = f'xmpp_probe_last_failure_info{{{_is(server)},probe="availability"}}'
    return f"topk(1, count by(reason) (last_over_time({series}[{LOOK_BACK}s])))"


def _is(server: Server) -> str:
    return f"job={quoted(server.job)},domain={quoted(server.domain)}"
