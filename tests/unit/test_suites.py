"""The compliance suites: what they ask for, and what a report comes to."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.test_catalogue import CAAS, INFORMATIONAL_IN_CAAS
from xmpp_exporter.catalogue import checks
from xmpp_exporter.catalogue.suite import Suite, parse_suite, suites
from xmpp_exporter.model import CheckResult, Outcome, ProbeKind, ProbeReport, Reason, Verdict
from xmpp_exporter.score import Compliance, LevelFindings, Met, distinct, evaluate

SUPPORTED = Outcome(Verdict.SUPPORTED)
UNSUPPORTED = Outcome(Verdict.UNSUPPORTED, Reason.NOT_OFFERED)
BROKEN = Outcome(Verdict.BROKEN, Reason.MISMATCH)
UNKNOWN = Outcome(Verdict.UNKNOWN, Reason.TIMEOUT)
NOT_APPLICABLE = Outcome(Verdict.UNKNOWN, Reason.NOT_APPLICABLE)
OUTCOMES = {"+": SUPPORTED, "-": UNSUPPORTED, "x": BROKEN, "?": UNKNOWN, "/": NOT_APPLICABLE}

MADE_UP: dict[str, Any] = {
    "id": "made-up",
    "title": "Made up",
    "link": "https://example.org/",
    "levels": {"low": "Low", "high": "High"},
    "categories": [
        {
            "id": "base",
            "title": "Base",
            "low": [
                {"id": "a", "title": "A", "providers": ["RFC 1"], "check": "a"},
                {"id": "hidden", "title": "Hidden", "providers": [], "untestable": "nobody sees it"},
            ],
            "high": [{"id": "b", "title": "B", "providers": [], "all_of": ["b1", "b2"]}],
        },
        {
            "id": "top",
            "title": "Top",
            "requires": "base",
            "low": [{"id": "c", "title": "C", "providers": [], "any_of": ["c1", {"all_of": ["c2", "c3"]}]}],
        },
    ],
}
SUITE = parse_suite(MADE_UP)
CHECKS = ("a", "b1", "b2", "c1", "c2", "c3")
ORDER = [Compliance.NOT_COMPLIANT, Compliance.UNDECIDED, Compliance.COMPLIANT]


def report(**outcomes: Outcome) -> ProbeReport:
    results = tuple(CheckResult(check, outcome, 0.1) for check, outcome in outcomes.items())
    return ProbeReport("a.test", ProbeKind.COMPLIANCE, 0.0, 1.0, True, checks=results)


def drawn(signs: str) -> ProbeReport:
    """A report with an outcome for each of CHECKS, as OUTCOMES write them; a blank is a check that did not run."""
    return report(**{check: OUTCOMES[sign] for check, sign in zip(CHECKS, signs, strict=True) if sign != " "})


def levels(suite: Suite, some: ProbeReport) -> dict[str, LevelFindings]:
    return {f"{level.category.id} {level.level.id}": level for level in evaluate(suite, some)}


def ids(level: LevelFindings, met: Met) -> dict[str, tuple[str, ...]]:
    return {finding.requirement.id: finding.because for finding in level.of(met)}


@pytest.mark.parametrize(
    ("signs", "base_low", "base_high", "top_low", "top_high"),
    [
        ("++++++", "compliant 1/1", "compliant 2/2", "compliant 2/2", "compliant 3/3"),
        ("      ", "undecided 0/0", "undecided 0/0", "undecided 0/0", "undecided 0/0"),
        ("-+++++", "not compliant 0/1", "not compliant 1/2", "not compliant 1/2", "not compliant 2/3"),
        ("x+++++", "not compliant 0/1", "not compliant 1/2", "not compliant 1/2", "not compliant 2/3"),
        ("?+++++", "undecided 0/0", "undecided 1/1", "undecided 1/1", "undecided 2/2"),
        ("?-++++", "undecided 0/0", "not compliant 0/1", "undecided 1/1", "not compliant 1/2"),
        ("/+++++", "undecided 0/0", "compliant 1/1", "compliant 1/1", "compliant 2/2"),
        # all_of
        ("++-+++", "compliant 1/1", "not compliant 1/2", "compliant 2/2", "not compliant 2/3"),
        ("++?+++", "compliant 1/1", "undecided 1/1", "compliant 2/2", "undecided 2/2"),
        ("++/+++", "compliant 1/1", "compliant 2/2", "compliant 2/2", "compliant 3/3"),
        ("+//+++", "compliant 1/1", "compliant 1/1", "compliant 2/2", "compliant 2/2"),
        ("+-?+++", "compliant 1/1", "not compliant 1/2", "compliant 2/2", "not compliant 2/3"),
        # any_of, and a rule within it
        ("++++--", "compliant 1/1", "compliant 2/2", "compliant 2/2", "compliant 3/3"),
        ("+++-++", "compliant 1/1", "compliant 2/2", "compliant 2/2", "compliant 3/3"),
        ("+++-+-", "compliant 1/1", "compliant 2/2", "not compliant 1/2", "not compliant 2/3"),
        ("+++-+?", "compliant 1/1", "compliant 2/2", "undecided 1/1", "undecided 2/2"),
        ("+++-?-", "compliant 1/1", "compliant 2/2", "not compliant 1/2", "not compliant 2/3"),
        ("+++/--", "compliant 1/1", "compliant 2/2", "not compliant 1/2", "not compliant 2/3"),
        ("+++///", "compliant 1/1", "compliant 2/2", "compliant 1/1", "compliant 2/2"),
    ],
)
def test_what_a_report_comes_to(signs: str, base_low: str, base_high: str, top_low: str, top_high: str) -> None:
    found = {name: f"{level.compliance} {level.score}" for name, level in levels(SUITE, drawn(signs)).items()}
    assert found == {"base low": base_low, "base high": base_high, "top low": top_low, "top high": top_high}


def test_what_is_missing_names_the_checks_that_failed() -> None:
    found = levels(SUITE, drawn("+x+---"))
    assert ids(found["top high"], Met.UNSUPPORTED) == {"b": ("b1",), "c": ("c1", "c2", "c3")}
    assert ids(found["top low"], Met.UNSUPPORTED) == {"c": ("c1", "c2", "c3")}


def test_what_is_undecided_names_the_checks_that_could_not_be_decided() -> None:
    assert ids(levels(SUITE, drawn("++ -+?"))["top high"], Met.UNKNOWN) == {"b": ("b2",), "c": ("c3",)}


@pytest.mark.parametrize(
    ("signs", "low", "high"),
    [("++++++", "++/", "+++/"), ("-+++++", "-+/", "-++/"), ("+-+---", "+-/", "+--/"), ("++?+  ", "++/", "++?/")],
)
def test_each_requirement_counts_once_over_all_categories(signs: str, low: str, high: str) -> None:
    sign = {Met.SUPPORTED: "+", Met.UNSUPPORTED: "-", Met.UNKNOWN: "?", Met.NOT_APPLICABLE: "/"}
    found = distinct(evaluate(SUITE, drawn(signs)))
    assert {level: sorted(sign[each.met] for each in findings) for level, findings in found.items()} == {
        "low": sorted(low),
        "high": sorted(high),
    }


def test_what_nobody_can_see_is_left_out() -> None:
    assert ids(levels(SUITE, drawn("++++++"))["base low"], Met.NOT_APPLICABLE) == {"hidden": ()}


def all_checks(suite: Suite) -> list[str]:
    return sorted({check for _, _, requirement in suite.requirements() for check in requirement.checks})


OUTCOME = st.sampled_from([SUPPORTED, UNSUPPORTED, BROKEN, UNKNOWN, NOT_APPLICABLE])
SUITES = st.sampled_from([SUITE, *suites().values()])


@st.composite
def reports(draw: st.DrawFn) -> tuple[Suite, dict[str, Outcome]]:
    """Mostly good ones: a report with many faults is not compliant whatever the rules."""
    suite = draw(SUITES)
    outcomes = dict.fromkeys(all_checks(suite), SUPPORTED)
    outcomes |= draw(st.dictionaries(st.sampled_from(sorted(outcomes)), OUTCOME, max_size=6))
    for check in draw(st.sets(st.sampled_from(sorted(outcomes)), max_size=2)):
        del outcomes[check]
    return suite, outcomes


@given(reports())
def test_nothing_is_compliant_with_an_unknown_or_a_failure(given: tuple[Suite, dict[str, Outcome]]) -> None:
    suite, outcomes = given
    for level in evaluate(suite, report(**outcomes)):
        met = {finding.met for finding in level.findings}
        assert (level.compliance is Compliance.COMPLIANT) == (
            Met.SUPPORTED in met and not met & {Met.UNKNOWN, Met.UNSUPPORTED}
        )
        assert (level.compliance is Compliance.NOT_COMPLIANT) == (Met.UNSUPPORTED in met)


@given(reports(), st.data())
def test_what_gets_better_never_makes_a_category_worse(
    given: tuple[Suite, dict[str, Outcome]], data: st.DataObject
) -> None:
    suite, outcomes = given
    check = data.draw(st.sampled_from(all_checks(suite)))
    worse = evaluate(suite, report(**outcomes | {check: data.draw(st.sampled_from([UNSUPPORTED, BROKEN]))}))
    better = evaluate(suite, report(**outcomes | {check: SUPPORTED}))
    for before, after in zip(worse, better, strict=True):
        assert ORDER.index(after.compliance) >= ORDER.index(before.compliance)
        assert after.score.supported >= before.score.supported


@given(reports())
def test_a_higher_level_and_a_category_that_requires_another_are_no_easier(
    given: tuple[Suite, dict[str, Outcome]],
) -> None:
    suite, outcomes = given
    found = {(level.category.id, level.level.id): level for level in evaluate(suite, report(**outcomes))}
    for category in suite.categories:
        for level in category.levels:
            counted = set(found[category.id, level.id].findings)
            lower = found[category.id, category.levels[0].id]
            assert counted >= set(lower.findings)
            if category.requires:
                assert counted >= set(found[category.requires, level.id].findings)


def changed(**changes: Any) -> dict[str, Any]:
    """The made-up suite with another first requirement."""
    data = copy.deepcopy(MADE_UP)
    data["categories"][0]["low"][0] = changes
    return data


RULELESS = {"id": "a", "title": "A", "providers": []}


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        (changed(**RULELESS), "one thing that decides"),
        (changed(**RULELESS, check="a", any_of=["b"]), "one thing that decides"),
        (changed(**RULELESS, none_of=["b"]), "is no rule"),
        (changed(**RULELESS, all_of=[]), "is no rule"),
        (changed(**RULELESS, all_of=[{"check": "a", "any_of": ["b"]}]), "is no rule"),
        (changed(**(RULELESS | {"id": "hidden"}), check="a"), "two requirements have the same id"),
        (MADE_UP | {"levels": {"low": "Low"}}, "neither levels nor keys: high"),
        (MADE_UP | {"categories": MADE_UP["categories"][1:]}, "does not stand before it"),
        (MADE_UP | {"categories": MADE_UP["categories"][:1] * 2}, "two categories have the same id"),
    ],
)
def test_a_suite_that_makes_no_sense_is_refused(wrong: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse_suite(wrong)


@pytest.mark.parametrize("suite", suites().values(), ids=lambda suite: suite.id)
def test_every_check_that_a_suite_names_is_in_the_catalogue(suite: Suite) -> None:
    assert sorted(set(all_checks(suite)) - set(checks())) == []


def test_xep_0479_is_there_in_full() -> None:
    """The rows of its tables that ask something of servers, at the level at which they begin to."""
    found: dict[str, list[str]] = {}
    for category, level, requirement in suites()["cs2023"].requirements():
        found.setdefault(f"{category.id} {level.id}", []).append(" ".join(requirement.providers))
    assert found == {
        "core core": ["RFC 6120", "RFC 7590", "XEP-0030", "XEP-0114"],
        "core advanced": ["XEP-0368", "XEP-0115", "XEP-0163"],
        "web core": ["RFC 7395 XEP-0206"],
        "im core": ["RFC 6121", "XEP-0054", "XEP-0280", "XEP-0045", "XEP-0363"],
        "im advanced": [
            "XEP-0398 XEP-0153",
            "XEP-0191",
            "XEP-0048 XEP-0313 XEP-0402 XEP-0410",
            "XEP-0223",
            "XEP-0049",
            "XEP-0198",
            "XEP-0313",
        ],
        "mobile core": ["XEP-0198", "XEP-0352"],
        "mobile advanced": ["XEP-0357"],
        "av core": ["XEP-0215"],
    }


def test_every_category_of_xep_0479_but_core_requires_core() -> None:
    assert {category.id: category.requires for category in suites()["cs2023"].categories} == {
        "core": None,
        "web": "core",
        "im": "core",
        "mobile": "core",
        "av": "core",
    }


def test_the_old_figure_counts_the_checks_that_it_counted() -> None:
    assert set(all_checks(suites()["conversations"])) == CAAS - INFORMATIONAL_IN_CAAS
    (level,) = evaluate(suites()["conversations"], report())
    assert len(level.findings) == 21
