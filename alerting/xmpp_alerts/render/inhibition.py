"""Which alerts are silent while another fires that says more: the small below the big.

Anything new that such a bigger alert does not explain must still be told: a login that fails leaves checks undecided,
but no check gets lost by it, so only the undecided ones are silent.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from xmpp_alerts.names import WATCHDOG
from xmpp_alerts.render.patterns import matcher, one_of

OURS = "Xmpp.+"
_SERVER = ("job", "domain")
_KIND = (*_SERVER, "service", "host", "port", "check", "suite", "category", "level", "peer")
"""All by which two alerts of the same name differ; a label that both lack is the same."""
_ALL_BLIND = ("XmppProberNetworkDown", "XmppExporterDown")


@dataclass(frozen=True)
class Rule:
    """While an alert that `source` matches fires, those that `target` matches and that agree in `equal` are silent."""

    why: str
    source: Sequence[str]
    target: Sequence[str]
    equal: Sequence[str]


RULES = (
    Rule(
        "While no exporter of a job sees anything, what else the job's alerts say is old.",
        # one of several exporters is a warning: the others still see
        (one_of("alertname", _ALL_BLIND), matcher("severity", "=", "critical")),
        (one_of("alertname", [OURS]), matcher("alertname", "!~", "|".join((*_ALL_BLIND, WATCHDOG)))),
        ("job",),
    ),
    Rule(
        "A server that is down has one alert, not eighty.",
        (matcher("alertname", "=", "XmppServerDown"),),
        (one_of("alertname", [OURS]), matcher("alertname", "!=", "XmppServerDown")),
        _SERVER,
    ),
    Rule(
        "Critical is more than a warning of the same thing.",
        (one_of("alertname", [OURS]), matcher("severity", "=", "critical")),
        (one_of("alertname", [OURS]), matcher("severity", "=", "warning")),
        ("alertname", *_KIND),
    ),
    Rule(
        "Without a login, or without probes, checks are undecided; that is no news.",
        (one_of("alertname", ["XmppLoginFailing", "XmppProbeStale"]),),
        (matcher("alertname", "=", "XmppCheckUndecided"),),
        _SERVER,
    ),
    Rule(
        "An expected check that is missing says all that the loss of it says.",
        (matcher("alertname", "=", "XmppExpectedCheckMissing"),),
        (one_of("alertname", ["XmppCheckLost", "XmppTlsWeakened", "XmppCheckUndecided"]),),
        (*_SERVER, "check"),
    ),
    Rule(
        "A certificate that is invalid already need not expire any more; but it may be another one that does soon.",
        (matcher("alertname", "=", "XmppCertificateInvalid"),),
        (matcher("alertname", "=", "XmppCertificateExpiring"), matcher("severity", "=", "warning")),
        _SERVER,
    ),
)


def inhibit_rules() -> list[dict[str, list[str]]]:
    """`inhibit_rules` of alertmanager.yml."""
    return [
        {"source_matchers": list(rule.source), "target_matchers": list(rule.target), "equal": list(rule.equal)}
        for rule in RULES
    ]
