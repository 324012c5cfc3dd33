"""Everything that is asked of Prometheus: fixed templates, in which values stand only as quoted matchers.

States come from the recording rules (alerting/rules/recording.yml); several series of a domain, such as those of two
jobs, are taken together.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from xmpp_badges.prometheus import quoted

WINDOWS = {"1h": "hour", "24h": "24 hours", "7d": "7 days", "30d": "30 days"}
"""Of availability, as the recording rules have them."""

HOUR, DAY = 3600, 86_400
KNOWN_FOR = "1d"
"""How long a server is remembered of which nothing comes any more: its exporter may be away."""
RECENT = "15m"
"""As long as the recording rules look back."""


@dataclass(frozen=True, slots=True)
class Queries:
    """The expressions, for one job of Prometheus or for all."""

    job: str | None = None

    def _of(self, metric: str, **labels: str | Sequence[str] | None) -> str:
        """A selector with a matcher for each label that is given: a value, or several of which it is one."""
        given = {name: value for name, value in ({"job": self.job} | labels).items() if value is not None}
        matchers = ",".join(_matcher(name, value) for name, value in given.items())
        return f"{metric}{{{matchers}}}" if matchers else metric

    def _latest(self, metric: str, domain: str | None, on: str = "domain", within: str = RECENT) -> str:
        """What is there now; of those `on` whose labels nothing is there, what was last."""
        selector = self._of(metric, domain=domain)
        return f"{selector} or on({on}) last_over_time({selector}[{within}])"

    def summaries(self, suite: str, level: str, domain: str | None = None) -> dict[str, str]:
        """What lists say of each server, by the name of what it is; of one server only, if `domain` is given."""
        listed = self._latest("xmpp_server_listed", domain, within=KNOWN_FOR)
        software = self._latest("xmpp_server_info", domain, within=KNOWN_FOR)
        run = self._of("xmpp_probe_last_run_timestamp_seconds", domain=domain)
        up = self._of("domain:xmpp_probe_success:last", domain=domain, probe="availability")
        failure = self._of("xmpp_probe_last_failure_info", domain=domain, probe="availability")
        counts = self._of("domain:xmpp_suite_distinct_requirements:last", domain=domain)
        verdict = self._of("domain:xmpp_suite_requirements:verdict", domain=domain, suite=suite, level=level)
        days = self._of("domain:xmpp_tls_certificate_expiry:days", domain=domain)
        return {
            # one exporter that does not list it is enough
            "listed": f"min by(domain) ({listed})",
            "up": f"max by(domain) ({up})",
            "failure": f"max by(domain, reason) ({failure})",
            "software": f"max by(domain, software, version) ({software})",
            "run": f"max by(domain, probe) (last_over_time({run}[{KNOWN_FOR}]))",
            "counts": f"max by(domain, suite, level, outcome) ({counts})",
            "verdict": f"max by(domain, category) ({verdict})",
            "days": f"min by(domain) ({days})",
            **{window: self.availability(window, domain) for window in WINDOWS},
        }

    def availability(self, window: str, domain: str | None = None) -> str:
        return f"max by(domain) ({self._of(f'domain:xmpp_availability:ratio{window}', domain=domain)})"

    def details(self, domain: str) -> dict[str, str]:
        """What one server's page needs beyond its summary."""
        problem = self._latest("xmpp_check_problem_info", domain, on="domain, check")
        last = self._of("xmpp_check_last_supported_timestamp_seconds", domain=domain)
        expected = self._of("xmpp_check_expected", domain=domain)
        where = "service, host, port"

        def recent(metric: str) -> str:
            return f"last_over_time({self._of(metric, domain=domain)}[{RECENT}])"

        return {
            "supported": self._supported(domain=domain),
            "problem": f"max by(check, verdict, reason) ({problem})",
            "last": f"max by(check) (last_over_time({last}[{RECENT}]))",
            "expected": f"max by(check) (last_over_time({expected}[{RECENT}]))",
            "suites": "max by(suite, category, level, outcome) "
            f"({self._of('domain:xmpp_suite_requirements:last', domain=domain)})",
            "login": f"max by(domain) ({self._of('domain:xmpp_login_success:last', domain=domain)})",
            "login_failure": f"max by(reason) ({self._latest('xmpp_login_failure_info', domain)})",
            "addresses": f"max by({where}, family) ({recent('xmpp_endpoint_addresses')})",
            "addresses_up": f"max by({where}, family) ({recent('xmpp_endpoint_addresses_up')})",
            "not_after": f"min by({where}) ({recent('xmpp_tls_certificate_not_after_timestamp_seconds')})",
            "tls": f"max by({where}, version) ({self._latest('xmpp_tls_connection_info', domain, f'domain, {where}')})",
            "mechanisms": f"max by(mechanism) ({self._latest('xmpp_sasl_mechanism_offered', domain)})",
        }

    def _supported(self, *, domain: str | None = None, check: str | Sequence[str] | None = None) -> str:
        """The state of checks: by check of one server, or by server of one check."""
        selector = self._of("domain:xmpp_xep_supported:last", domain=domain, check=check)
        return f"max by({'domain' if domain is None else 'check'}) ({selector})"

    def servers_of(self, check: str) -> str:
        """The state of one check on all servers."""
        return self._supported(check=check)

    def share(self, check: str) -> str:
        """The share of servers on which a check is supported, as a mean over a day."""
        return f"max(avg_over_time({self._of('check:xmpp_xep_supported:share', check=check)}[1d]))"

    def shares(self) -> str:
        """The share now, of all checks."""
        return f"max by(check) ({self._of('check:xmpp_xep_supported:share')})"

    def changed(self, domain: str, days: int) -> str:
        """The checks whose state was not the same all the time, looked at once an hour."""
        states = f"({self._supported(domain=domain)})[{days}d:1h]"
        return f"min_over_time({states}) != max_over_time({states})"

    def first_known(self, domain: str, days: int) -> str:
        """When each check was first decided in these days, looked at once an hour."""
        return f"min_over_time(timestamp({self._supported(domain=domain)})[{days}d:1h])"

    def states_of(self, domain: str, checks: Iterable[str]) -> str:
        """The states of some checks of one server, for a range."""
        return self._supported(domain=domain, check=sorted(checks))

    def daily_score(self, domain: str, suite: str, level: str) -> str:
        """A mean over the day before."""
        ratio = self._of("domain:xmpp_suite_distinct_requirements:ratio", domain=domain, suite=suite, level=level)
        return f"max(avg_over_time({ratio}[1d]))"

    def daily_availability(self, domain: str) -> str:
        """Of the probes of the day before; of the states, as long as no full hour was recorded."""
        failures = self._of("domain:xmpp_probe_failures:increase1h", domain=domain)
        probes = self._of("domain:xmpp_probes:increase1h", domain=domain)
        up = self._of("domain:xmpp_probe_success:last", domain=domain, probe="availability")
        return (
            f"clamp_min(1 - sum(sum_over_time({failures}[1d])) / (sum(sum_over_time({probes}[1d])) > 0), 0)"
            f" or max(avg_over_time({up}[1d]))"
        )


def _matcher(label: str, value: str | Sequence[str]) -> str:
    if isinstance(value, str):
        return f"{label}={quoted(value)}"
    return f"{label}=~{quoted('|'.join(map(re.escape, value)))}"
