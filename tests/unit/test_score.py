"""The score, and whether a server passes."""

import pytest

from xmpp_exporter.model import CheckResult, Outcome, ProbeKind, ProbeReport, Reason, Verdict
from xmpp_exporter.score import Score, passed, score

SCORED, ALSO_SCORED, INFORMATIONAL = "xep0280", "xep0313", "xep0077"


def report(**verdicts: Verdict) -> ProbeReport:
    checks = tuple(CheckResult(check, Outcome(verdict), 0.1) for check, verdict in verdicts.items())
    return ProbeReport("a.test", ProbeKind.COMPLIANCE, 0.0, 1.0, True, checks=checks)


def test_what_could_not_be_decided_is_in_neither_number() -> None:
    assert score(report(xep0280=Verdict.SUPPORTED, xep0313=Verdict.UNKNOWN)) == Score(1, 1)


def test_broken_counts_as_not_supported() -> None:
    assert score(report(xep0280=Verdict.BROKEN, xep0313=Verdict.UNSUPPORTED)) == Score(0, 2)


def test_what_is_for_information_does_not_count() -> None:
    assert score(report(xep0280=Verdict.SUPPORTED, xep0077=Verdict.UNSUPPORTED)) == Score(1, 1)


def test_a_check_that_is_no_longer_in_the_catalogue_does_not_count() -> None:
    assert score(report(xep0280=Verdict.SUPPORTED, xep9999=Verdict.UNSUPPORTED)) == Score(1, 1)


def test_the_score_reads_as_n_of_m() -> None:
    assert str(Score(17, 20)) == "17/20"


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ({SCORED: Verdict.SUPPORTED, ALSO_SCORED: Verdict.SUPPORTED}, True),
        ({SCORED: Verdict.SUPPORTED, ALSO_SCORED: Verdict.UNKNOWN}, True),
        ({SCORED: Verdict.SUPPORTED, INFORMATIONAL: Verdict.UNSUPPORTED}, True),
        ({SCORED: Verdict.SUPPORTED, ALSO_SCORED: Verdict.UNSUPPORTED}, False),
        ({SCORED: Verdict.SUPPORTED, ALSO_SCORED: Verdict.BROKEN}, False),
        ({SCORED: Verdict.UNKNOWN}, False),
        ({SCORED: Verdict.UNKNOWN, INFORMATIONAL: Verdict.SUPPORTED}, False),
        ({}, False),
    ],
)
def test_a_server_passes_when_nothing_that_counts_fails_and_something_works(
    verdicts: dict[str, Verdict], expected: bool
) -> None:
    assert passed(report(**verdicts)) is expected


@pytest.mark.parametrize(("verdict", "expected"), [(Verdict.SUPPORTED, True), (Verdict.UNSUPPORTED, False)])
def test_informational_checks_decide_when_nobody_asked_for_others(verdict: Verdict, expected: bool) -> None:
    assert passed(report(xep0077=verdict)) is expected


def test_the_reasons_do_not_matter() -> None:
    checks = (CheckResult(SCORED, Outcome(Verdict.UNKNOWN, Reason.TIMEOUT), 0.1),)
    assert score(ProbeReport("a.test", ProbeKind.COMPLIANCE, 0.0, 1.0, True, checks=checks)) == Score(0, 0)
