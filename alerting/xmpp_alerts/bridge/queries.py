"""What the bridge asks of Prometheus, in PromQL: of all exporters that probe a server, what most of them say."""

from xmpp_badges.prometheus import quoted

_RECENT = "15m"
"""In which a value counts as the present one, as in the recording rules: scrapes may be as far as 5 minutes apart."""


def up(domain: str | None = None) -> str:
    """Whether servers are up, 1 or 0, by domain; of one only, if it is given."""
    return f"round(avg by(domain) (last_over_time(xmpp_probe_success{_of(domain, probe='availability')}[{_RECENT}])))"


def login(domain: str) -> str:
    """Whether the probe's account is let in, 1 or 0."""
    return f"round(avg by(domain) (last_over_time(xmpp_login_success{_of(domain)}[{_RECENT}])))"


def checks(domain: str) -> str:
    """Whether each check is supported, 1 or 0: it is if one exporter finds so."""
    return f"max by(check) (last_over_time(xmpp_xep_supported{_of(domain)}[{_RECENT}]))"


def probes(domain: str) -> str:
    """How many probes there are of a domain; nothing where it was not probed within the last hour."""
    return f"count(last_over_time(xmpp_probe_success{_of(domain)}[1h]))"


def _of(domain: str | None, **labels: str) -> str:
    given = labels if domain is None else {"domain": domain, **labels}
    return "{" + ",".join(f"{name}={quoted(value)}" for name, value in given.items()) + "}"
