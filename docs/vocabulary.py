"""What the words mean that the exporter says, for the generated pages."""

from xmpp_exporter.model import PROBER_FAULTS, Verdict
from xmpp_exporter.words import FAILURES as FAILURES
from xmpp_exporter.words import REASONS as REASONS

VERDICTS = {
    Verdict.SUPPORTED: ("It works, as far as the check can try it.", "`1`"),
    Verdict.UNSUPPORTED: ("It is not offered.", "`0`"),
    Verdict.BROKEN: ("It is offered, and does not work; the detail quotes what came instead.", "`0`"),
    Verdict.UNKNOWN: ("It could not be decided; that is never held against the server.", "no sample"),
}

NEEDS = {
    "account": "an account",
    "no_contacts": "an account that no contact watches",
    "second_session": "a second login of the account at the same time",
    "second_account": "a second account",
    "attempt": "an account, without which it tells less or nothing",
}

LEAVES = {
    "nothing": "nothing",
    "removable": "something that it removes again (see [operations](operations.md#what-a-probe-does-on-a-server))",
    "permanent": "something that cannot be removed, at most once a day",
}

KINDS = {
    "feature": "a feature: supported is good",
    "hygiene": "hygiene: supported means that the bad thing is absent",
    "fact": "a fact: it measures, and has no verdict",
}

QUERIES = {
    "The checks that fail, with their titles": (
        "(xmpp_xep_supported == 0) * on(check) group_left(title) topk by(check) (1, xmpp_check_info)"
    ),
    "Servers that are down, whatever the prober's own faults": 'xmpp_probe_success{probe="availability"} == 0',
    "Availability over a day": 'avg_over_time(xmpp_probe_success{probe="availability"}[1d])',
    "What worked within the last week and does not any more": (
        "xmpp_xep_supported == 0\n"
        "  and on(domain, check) xmpp_check_last_supported_timestamp_seconds > time() - 7 * 86400"
    ),
    "Expected checks that do not work": "xmpp_check_expected unless on(domain, check) xmpp_xep_supported == 1",
    "Probes that have stopped": "time() - xmpp_probe_last_run_timestamp_seconds > 3 * xmpp_probe_interval_seconds",
    "Certificates that end within two weeks": (
        "xmpp_tls_certificate_not_after_timestamp_seconds - time() < 14 * 86400"
    ),
    "Share of failed probes that were the server's fault": (
        "sum by(domain) (rate(xmpp_probe_failures_total{"
        f'reason!~"{"|".join(sorted(PROBER_FAULTS))}"'
        "}[1d]))\n  / sum by(domain) (rate(xmpp_probes_total[1d]))"
    ),
}

RECORDED_QUERIES = {
    "Servers that are down": 'domain:xmpp_probe_success:last{probe="availability"} == 0',
    "Servers that do not let the account in": "domain:xmpp_login_success:last == 0",
    "Servers that were less available than promised": "domain:xmpp_availability:ratio30d < 0.999",
    "Minutes for which a server was down in the last 24 hours": ("(1 - domain:xmpp_availability:ratio24h) * 24 * 60"),
    "Failed probes within 90 days, of which no series is recorded": (
        "sum_over_time(domain:xmpp_probe_failures:increase1h[90d])"
    ),
    "The score of each server, in percent": (
        '100 * domain:xmpp_suite_distinct_requirements:ratio{suite="cs2023",level="core"}'
    ),
    "How many points it rose or fell within a week": (
        "100 * (domain:xmpp_suite_distinct_requirements:ratio - domain:xmpp_suite_distinct_requirements:ratio_was1w)"
    ),
    "Categories in which a server does not comply": 'domain:xmpp_suite_requirements:verdict{suite="cs2023"} == 0',
    "The worst category of each server": (
        'bottomk by(job, domain) (1, domain:xmpp_suite_requirements:ratio{suite="cs2023",level="core"})'
    ),
    "Checks that a server lost within a day, with their titles": (
        "(domain:xmpp_xep_supported:was1d == 1)\n"
        "  * on(check) group_left(title) topk by(check) (1, last_over_time(xmpp_check_info[15m]))"
    ),
    "Checks that a server gained within a week": "domain:xmpp_xep_supported:was1w == 0",
    "What the fewest servers support, of what was decided on five at least": (
        "bottomk(10, check:xmpp_xep_supported:share and check:xmpp_xep_supported:servers >= 5)"
    ),
    "Certificates that end within two weeks": "domain:xmpp_tls_certificate_expiry:days < 14",
    "Pairs of servers that do not reach each other": "domain:xmpp_s2s_reachable:last == 0",
}
