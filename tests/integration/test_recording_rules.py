"""The recording rules: promtool accepts them and their tests, and each is tested in every situation that may come."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from docs.recorded import FILE, Rule, labels, recorded
from tests.integration.promtool import promtool
from tests.servers.prometheus import copy_rules
from xmpp_exporter.model import PROBER_FAULTS

TESTS = sorted(file for file in (FILE.parent / "tests").glob("*.yml") if not file.name.startswith("alerts_"))
CONFIGURATION = Path(__file__).parents[2] / "deploy" / "prometheus" / "prometheus.yml"
SITUATIONS = (
    "normal",
    "down",
    "unknown",
    "flapping",
    "removed",
    "restart",
    "two exporters",
    "every minute",
    "every 5 minutes",
)
"""What each rule is tested in; a test's name begins with one of these and a colon."""


def cases() -> Iterator[dict[str, Any]]:
    """Every test of every file."""
    for file in TESTS:
        yield from yaml.safe_load(file.read_text())["tests"]


def names_record(expression: str, record: str) -> bool:
    return re.search(rf"(?<![\w:]){re.escape(record)}(?![\w:])", expression) is not None


def test_promtool_finds_nothing_wrong_with_the_rules() -> None:
    assert f"{len(recorded())} rules found" in promtool("check", "rules", "--lint=all", "--lint-fatal", FILE)


def test_promtool_accepts_the_configuration_with_the_rules_beside_it(tmp_path: Path) -> None:
    shutil.copy(CONFIGURATION, tmp_path)
    copy_rules(tmp_path)
    assert "SUCCESS: 2 rule files found" in promtool("check", "config", "--lint-fatal", tmp_path / CONFIGURATION.name)


@pytest.mark.parametrize("file", TESTS, ids=lambda file: file.stem)
def test_the_rules_do_what_their_tests_say(file: Path) -> None:
    promtool("test", "rules", file)


@pytest.mark.parametrize("situation", SITUATIONS)
def test_every_rule_is_tested(situation: str) -> None:
    expressions = [
        asked["expr"]
        for case in cases()
        if case["name"].startswith(f"{situation}: ")
        for asked in case["promql_expr_test"]
    ]
    assert [each for each in recorded() if not any(names_record(asked, each) for asked in expressions)] == []


def test_every_test_is_of_a_situation() -> None:
    assert {case["name"].partition(":")[0] for case in cases()} == set(SITUATIONS)


@pytest.mark.parametrize("rule", recorded().values(), ids=lambda rule: rule.record)
def test_a_rule_leaves_the_labels_that_its_page_says(rule: Rule) -> None:
    seen = {
        label
        for case in cases()
        for asked in case["promql_expr_test"]
        if names_record(asked["expr"], rule.record)
        for sample in asked["exp_samples"]
        for label in re.findall(r"(\w+)=", sample["labels"])
    }
    assert seen == set(labels(rule))


def test_every_state_is_looked_for_in_15_minutes() -> None:
    """Which the tests' own evaluations, where they are hours apart, cannot tell from other times."""
    states = re.compile(r"(?<![\w:])xmpp_\w+(?:{[^}]*})?(\[\w+\]|)")
    windows = {window for rule in recorded().values() for window in states.findall(rule.expression)}
    assert windows == {"[15m]"}


def test_the_probers_own_faults_are_left_out_by_their_names() -> None:
    named = re.findall(r'reason[!=]~"([^"]+)"', FILE.read_text())
    assert len(named) == 2
    assert [set(each.split("|")) for each in named] == [set(PROBER_FAULTS)] * 2
