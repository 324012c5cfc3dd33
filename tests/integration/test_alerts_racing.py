"""Groups of rules run side by side: whenever another one records that all is well again, an alert says so and ends."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from docs.alerted import FILE as ALERTS
from docs.recorded import FILE as RECORDING
from tests.integration.promtool import promtool

BREAKS, MENDED = 10, 90
"""Minutes: what works does not after the former, and does again from the latter on."""
SERVER = {"job": "xmpp", "domain": "example.org"}
CHECK = {**SERVER, "check": "tls_required"}


@dataclass(frozen=True)
class Case:
    """A group of alerts, what is recorded for it elsewhere, and what its alerts are about."""

    group: str
    states: str
    series: str
    about: Mapping[str, str]
    alerts: tuple[str, ...]
    kept: int
    """Minutes for which they go on to fire after they have said so."""


CASES = (
    Case(
        "xmpp-alerts-servers",
        "domain:xmpp_probe_success:last",
        'xmpp_probe_success{job="xmpp",domain="example.org",probe="availability"}',
        SERVER,
        ("XmppServerDown",),
        5,
    ),
    Case(
        "xmpp-alerts-servers",
        "domain:xmpp_login_success:last",
        'xmpp_login_success{job="xmpp",domain="example.org"}',
        SERVER,
        ("XmppLoginFailing",),
        10,
    ),
    Case(
        "xmpp-alerts-checks",
        "domain:xmpp_xep_supported:last",
        'xmpp_xep_supported{job="xmpp",domain="example.org",check="tls_required",xep=""}',
        CHECK,
        ("XmppTlsWeakened", "XmppExpectedCheckMissing"),
        0,
    ),
)
KNOWN = (
    'xmpp_check_last_supported_timestamp_seconds{job="xmpp",domain="example.org",check="tls_required"}',
    'xmpp_server_listed{job="xmpp",domain="example.org"}',
    'xmpp_check_info{job="xmpp",check="tls_required",title="T",scored="true"}',
    'xmpp_check_expected{job="xmpp",domain="example.org",check="tls_required"}',
)


GROUPS = ("xmpp-servers", "xmpp-checks", "xmpp-alerts-servers", "xmpp-alerts-lost", "xmpp-alerts-checks")
"""All that matters here."""


def groups() -> list[dict[str, Any]]:
    found = [group for file in (RECORDING, ALERTS) for group in yaml.safe_load(file.read_text())["groups"]]
    return [group for group in found if group["name"] in GROUPS]


def orders() -> list[Any]:
    """Each case with each place among the group's rules at which what is recorded elsewhere comes."""
    lengths = {group["name"]: len(group["rules"]) for group in groups()}
    places = [(case, place) for case in CASES for place in range(lengths[case.group] + 1)]
    return [pytest.param(case, place, id=f"{case.states}-before-{place}") for case, place in places]


def raced(case: Case, place: int) -> list[dict[str, Any]]:
    """The groups, as if what the rules before `place` see of the states were a minute older than for the others.

    Of annotations only `recovered` is left.
    """
    [states] = [rule for group in groups() for rule in group["rules"] if rule.get("record") == case.states]
    found = []
    for group in groups():
        rules = [rule for rule in group["rules"] if rule.get("record") != case.states]
        if group["name"] == case.group:
            rules.insert(place, states)
        for rule in rules:
            if "annotations" in rule:
                rule["annotations"] = {"recovered": rule["annotations"].get("recovered", "")}
        if rules:
            found.append({"name": group["name"], "interval": "1m", "rules": rules})
    return found


def asked(case: Case, minute: int, recovered: str | None) -> Iterator[dict[str, Any]]:
    """What is expected at this minute: each alert with this annotation, or that it does not fire."""
    for alert in case.alerts:
        labels = {**case.about, "severity": "critical" if alert == "XmppServerDown" else "warning"}
        fires = [{"exp_labels": labels, "exp_annotations": {"recovered": recovered}}]
        yield {"eval_time": f"{minute}m", "alertname": alert, "exp_alerts": [] if recovered is None else fires}


@pytest.mark.parametrize(("case", "place"), orders())
def test_an_alert_says_that_all_is_well_again_before_it_ends(case: Case, place: int, tmp_path: Path) -> None:
    seen = MENDED if place == 0 else MENDED + 1  # the first rule of a group looks at the states for all
    test = {
        "interval": "1m",
        "input_series": [
            {"series": case.series, "values": f"1x{BREAKS} 0x{MENDED - BREAKS - 2} 1x100"},
            *({"series": series, "values": "1x400"} for series in KNOWN),
        ],
        "alert_rule_test": [
            *asked(case, MENDED - 1, ""),
            *asked(case, seen, "yes"),
            *asked(case, seen + case.kept, "yes"),
            *asked(case, seen + case.kept + 1, None),
        ],
    }
    rules = tmp_path / "rules.yml"
    rules.write_text(yaml.safe_dump({"groups": raced(case, place)}))
    document = {
        "rule_files": [str(rules)],
        "evaluation_interval": "1m",
        "group_eval_order": [group["name"] for group in groups()],
        "tests": [test],
    }
    (tmp_path / "test.yml").write_text(yaml.safe_dump(document))
    promtool("test", "rules", tmp_path / "test.yml")
