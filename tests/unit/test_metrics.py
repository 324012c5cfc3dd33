"""The page: what a report becomes, by the contract in FAMILIES."""

import itertools
import re
import subprocess
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit import golden_page
from tests.unit.golden_page import (
    DOWN_AVAILABILITY,
    DOWN_COMPLIANCE,
    GOOD,
    GOOD_AVAILABILITY,
    GOOD_COMPLIANCE,
    UNREACHED_AVAILABILITY,
    not_supported,
    supported,
)
from xmpp_exporter.catalogue import Check, checks
from xmpp_exporter.families import EXPORTER_FAMILIES, FAMILIES, PROBE_FAMILIES, Family
from xmpp_exporter.metrics import Block, Counts, render_counts, render_report, render_settings, render_times
from xmpp_exporter.model import (
    PROBER_FAULTS,
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

SAMPLE = re.compile(r'(?P<name>[a-z0-9_]+)(?:\{(?P<labels>(?:[a-z]+="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (?P<value>\S+)')
LABEL = re.compile(r'([a-z]+)="((?:[^"\\\n]|\\["\\n])*)"')


def text(block: Block) -> str:
    return b"".join(block.values()).decode()


def samples(page: str) -> dict[str, float]:
    """Values by series; fails where a line is no sample, or a series is there twice."""
    found: dict[str, float] = {}
    for line in page.splitlines():
        if line.startswith("#"):
            continue
        match = SAMPLE.fullmatch(line)
        assert match, line
        series = line.rpartition(" ")[0]
        assert series not in found, line
        found[series] = float(match["value"])
    return found


def names(page: str) -> set[str]:
    return {series.partition("{")[0] for series in samples(page)}


def test_the_golden_page_is_what_the_exporter_renders() -> None:
    assert golden_page.golden_page() == golden_page.FILE.read_text(), "python -m tests.unit.golden_page writes it anew"


def test_promtool_finds_nothing_to_say_about_the_golden_page() -> None:
    result = subprocess.run(
        ["promtool", "check", "metrics"], input=golden_page.FILE.read_bytes(), capture_output=True, check=False
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, b"", b"")


def test_each_family_is_on_the_golden_page_with_its_type_help_and_labels() -> None:
    page = golden_page.FILE.read_text()
    for family in FAMILIES:
        assert f"# HELP {family.name} {family.help}\n# TYPE {family.name} {family.type}\n" in page, family.name
        lines = [line for line in page.splitlines() if re.match(rf"{family.name}[ {{]", line)]
        assert lines, family.name
        for line in lines:
            labels = tuple(label for label, _ in LABEL.findall(line))
            # prometheus_client sorts its own
            assert labels == family.labels or (family in EXPORTER_FAMILIES and set(labels) == set(family.labels)), line


def test_nothing_is_on_the_golden_page_that_is_no_family() -> None:
    assert names(golden_page.FILE.read_text()) == {family.name for family in FAMILIES}


def test_families_stand_together_below_their_header_and_no_series_is_there_twice() -> None:
    page = golden_page.FILE.read_text()
    assert samples(page)
    runs = [name for name, _ in itertools.groupby(line.split()[2] for line in page.splitlines() if line[0] == "#")]
    assert max(Counter(runs).values()) == 1
    family = ""
    for line in page.splitlines():
        family = line.split()[2] if line[0] == "#" else family
        assert line[0] == "#" or re.match(rf"{family}[ {{]", line)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_names_follow_the_conventions(family: Family) -> None:
    assert family.name.startswith("xmpp_")
    assert (family.type == "counter") == family.name.endswith("_total")


def test_every_reason_is_counted_from_the_start() -> None:
    found = samples(text(render_counts("a.test", ProbeKind.AVAILABILITY, Counts())))
    reasons = {dict(LABEL.findall(series)).get("reason") for series in found if "failures" in series}
    assert reasons == {str(reason) for reason in Failure}
    assert set(found.values()) == {0}


def test_counts_are_shown_by_reason() -> None:
    found = samples(text(render_counts("a.test", ProbeKind.COMPLIANCE, Counts(7, {Failure.DNS: 2}))))
    assert found['xmpp_probes_total{domain="a.test",probe="compliance"}'] == 7
    assert found['xmpp_probe_failures_total{domain="a.test",probe="compliance",reason="dns"}'] == 2
    assert found['xmpp_probe_failures_total{domain="a.test",probe="compliance",reason="timeout"}'] == 0


@pytest.mark.parametrize("checks_", [(), DOWN_COMPLIANCE.checks])
def test_a_failed_probe_has_no_sample_of_any_check(checks_: tuple[CheckResult, ...]) -> None:
    page = text(render_report(replace(DOWN_COMPLIANCE, checks=checks_)))
    assert names(page) == {"xmpp_probe_success", "xmpp_probe_duration_seconds", "xmpp_probe_last_failure_info"}
    assert samples(page)['xmpp_probe_success{domain="down.test",probe="compliance"}'] == 0


@pytest.mark.parametrize("fault", sorted(PROBER_FAULTS))
@pytest.mark.parametrize("report", [DOWN_AVAILABILITY, DOWN_COMPLIANCE], ids=lambda report: report.probe)
def test_a_fault_of_the_prober_says_nothing_of_the_server(report: ProbeReport, fault: Failure) -> None:
    page = text(render_report(replace(report, failure=fault)))
    assert names(page) <= {
        "xmpp_probe_duration_seconds",
        "xmpp_probe_phase_duration_seconds",
        "xmpp_probe_last_failure_info",
    }
    assert f'reason="{fault}"' in page


def test_a_login_that_the_prober_could_not_try_is_no_failed_login() -> None:
    report = replace(GOOD_AVAILABILITY, login=False, login_failure=Failure.INTERNAL)
    page = text(render_report(report))
    assert "xmpp_login_success" not in page
    assert 'xmpp_login_failure_info{domain="good.test",reason="internal"} 1' in page


def test_an_address_that_the_prober_cannot_try_is_not_down() -> None:
    untried = AddressReport("2001:db8::1", "ipv6", Failure.PROBER_NETWORK, "no route")
    tried = AddressReport("192.0.2.1", "ipv4")
    endpoint = EndpointReport("xmpp-client", "good.test", 5222, (tried, untried))
    page = text(render_report(replace(GOOD_AVAILABILITY, endpoints=(endpoint,))))
    up = {series: value for series, value in samples(page).items() if "addresses" in series}
    assert sorted(up.values()) == [1, 1]
    assert "ipv6" not in page


@pytest.mark.parametrize(
    "check", [check for check in checks().values() if check.kind != "fact"], ids=lambda check: check.id
)
def test_a_check_that_becomes_unknown_drops_its_sample_at_once(check: Check) -> None:
    series = f'xmpp_xep_supported{{domain="good.test",check="{check.id}",xep="{check.xep}"}}'
    for outcome, expected in (
        (Outcome(Verdict.SUPPORTED), 1),
        (Outcome(Verdict.UNSUPPORTED, Reason.NOT_OFFERED), 0),
        (Outcome(Verdict.BROKEN, Reason.STANZA_ERROR), 0),
        (Outcome(Verdict.UNKNOWN, Reason.TIMEOUT), None),
    ):
        report = replace(GOOD_COMPLIANCE, checks=(CheckResult(check.id, outcome, 1.0),))
        assert samples(text(render_report(report))).get(series) == expected


@pytest.mark.parametrize("reason", Reason)
def test_a_problem_is_whatever_somebody_could_mend(reason: Reason) -> None:
    report = replace(GOOD_COMPLIANCE, checks=(not_supported("xep0313", Verdict.UNKNOWN, reason, 'a "detail"'),))
    page = text(render_report(report))
    quiet = reason in {Reason.NO_ACCOUNT, Reason.EXCLUDED, Reason.NOT_APPLICABLE}
    line = f'xmpp_check_problem_info{{domain="good.test",check="xep0313",verdict="unknown",reason="{reason}"}} 1'
    assert (line in page) != quiet
    assert "detail" not in page


def test_a_check_of_another_version_is_left_out() -> None:
    report = replace(GOOD_COMPLIANCE, checks=(supported("xep9999"), supported("xep0313")))
    assert "xep9999" not in text(render_report(report))
    times = text(render_times("good.test", ProbeKind.COMPLIANCE, 1.0, None, {"xep9999": 1.0, "xep0313": 2.0}))
    assert "xep9999" not in times
    assert 'xmpp_check_last_supported_timestamp_seconds{domain="good.test",check="xep0313"} 2' in times


def test_facts_have_the_metric_that_the_catalogue_declares() -> None:
    declared = {fact.metric for check in checks().values() for fact in check.facts}
    assert declared
    assert declared <= {family.name for family in PROBE_FAMILIES}


def test_what_the_configuration_says_is_there_before_any_probe() -> None:
    found = samples(text(render_settings(GOOD)))
    assert found['xmpp_check_expected{domain="good.test",check="xep0198"}'] == 1
    assert found['xmpp_probe_interval_seconds{domain="good.test",probe="compliance"}'] == 3600
    assert found['xmpp_server_listed{domain="good.test"}'] == 1


def test_values_keep_their_microseconds_and_whole_numbers_stay_whole() -> None:
    for value, shown in (
        (1790000000.123456, "1790000000.123456"),
        (0.1 + 0.2, "0.3"),
        (104857600.0, "104857600"),
        (0.0, "0"),
        (float("inf"), "+Inf"),
        (float("-inf"), "-Inf"),
        (float("nan"), "NaN"),
    ):
        block = render_times("a.test", ProbeKind.AVAILABILITY, value, None, {})
        assert text(block) == (
            f'xmpp_probe_last_run_timestamp_seconds{{domain="a.test",probe="availability"}} {shown}\n'
        )


@given(st.text(), st.text(), st.text(), st.lists(st.text(), max_size=4))
def test_whatever_a_server_sends_the_page_stays_well_formed(
    name: str, version: str, host: str, mechanisms: list[str]
) -> None:
    address = AddressReport("192.0.2.1", "ipv4", certificate_not_after=1.0, tls_version="TLSv1.3", tls_cipher=version)
    availability = replace(
        GOOD_AVAILABILITY,
        endpoints=(EndpointReport("xmpp-client", host, 5222, (address, address)),) * 2,
        mechanisms=tuple(mechanisms) * 2,
    )
    compliance = replace(GOOD_COMPLIANCE, software=Software(name, version))
    for report in (availability, compliance, UNREACHED_AVAILABILITY):
        page = text(render_report(report))
        assert samples(page)
        for line in page.split("\n")[:-1]:
            for _, value in LABEL.findall(line):
                assert len(value.replace(r"\"", '"').replace(r"\\", "\\")) <= 64
