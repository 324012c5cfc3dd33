"""What stands for a day, and what is tried again."""

from dataclasses import replace

import pytest

from xmpp_exporter.catalogue import Check, checks
from xmpp_exporter.config import Account, ServerConfig
from xmpp_exporter.model import CheckResult, Outcome, ProbeKind, ProbeReport, Reason, Verdict
from xmpp_exporter.standing import STANDS_FOR, standing, to_keep

NOW = 1_700_000_000.0
ARCHIVE = "xep0313_roundtrip"
WANTED: list[Check] = list(checks().values())
FOUND = CheckResult(ARCHIVE, Outcome(Verdict.SUPPORTED), 0.5)


def config(**settings: object) -> ServerConfig:
    account = Account(jid="probe@a.test", password_file="pw")  # type: ignore[arg-type]
    return ServerConfig.model_validate({"domain": "a.test", "relation": "own", "account": account} | settings)


def report(*kept: CheckResult) -> ProbeReport:
    return ProbeReport("a.test", ProbeKind.COMPLIANCE, NOW, 1.0, True, kept=kept)


def test_what_was_left_for_good_stands_until_the_day_is_over() -> None:
    (kept,) = to_keep(WANTED, {ARCHIVE: FOUND}, None, NOW)
    assert kept == replace(FOUND, found=NOW)
    assert standing(WANTED, config(), report(kept), NOW + STANDS_FOR - 1) == {ARCHIVE: kept}
    assert standing(WANTED, config(), report(kept), NOW + STANDS_FOR) == {}


def test_a_clock_that_was_set_back_does_not_make_a_result_last() -> None:
    assert standing(WANTED, config(), report(replace(FOUND, found=NOW)), NOW - 1) == {}


def test_what_is_repeated_keeps_its_time_also_through_reports_without_it() -> None:
    old = replace(FOUND, found=NOW - 3600)
    assert to_keep(WANTED, {ARCHIVE: old}, report(old), NOW) == (old,)
    assert to_keep(WANTED, {}, report(old), NOW) == (old,)
    assert to_keep([], {}, report(old), NOW + STANDS_FOR) == ()


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome(Verdict.UNSUPPORTED, Reason.NOT_OFFERED),
        Outcome(Verdict.UNKNOWN, Reason.ARCHIVE_DISABLED),
        Outcome(Verdict.UNKNOWN, Reason.LOGIN_FAILED),
    ],
)
def test_what_was_not_tried_is_tried_again(outcome: Outcome) -> None:
    assert to_keep(WANTED, {ARCHIVE: replace(FOUND, outcome=outcome)}, None, NOW) == ()


@pytest.mark.parametrize(
    "outcome", [Outcome(Verdict.BROKEN, Reason.MISMATCH), Outcome(Verdict.UNKNOWN, Reason.TIMEOUT)]
)
def test_what_may_have_left_something_stands(outcome: Outcome) -> None:
    assert len(to_keep(WANTED, {ARCHIVE: replace(FOUND, outcome=outcome)}, None, NOW)) == 1


def test_checks_that_leave_nothing_for_good_run_each_time() -> None:
    assert to_keep(WANTED, {"xep0199": replace(FOUND, check="xep0199")}, None, NOW) == ()


@pytest.mark.parametrize("settings", [{"exclude": [ARCHIVE]}, {"intrusive": False}, {"account": None}])
def test_the_configuration_comes_first(settings: dict[str, object]) -> None:
    assert standing(WANTED, config(**settings), report(replace(FOUND, found=NOW)), NOW) == {}


def test_without_a_second_account_its_results_do_not_stand() -> None:
    kept = replace(FOUND, check="xep0160_roundtrip", found=NOW)
    second = Account(jid="other@a.test", password_file="pw")  # type: ignore[arg-type]
    assert standing(WANTED, config(), report(kept), NOW) == {}
    assert standing(WANTED, config(second_account=second), report(kept), NOW) == {"xep0160_roundtrip": kept}
