"""The alerts: promtool accepts them and their tests, each is tested in every situation, and links lead somewhere."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from docs.alerted import FILE, Alert, alerts
from tests.integration.promtool import promtool
from xmpp_alerts.config import Severity
from xmpp_badges.instructions import markdown
from xmpp_exporter import labels
from xmpp_exporter.catalogue import checks
from xmpp_exporter.catalogue.help import page_of
from xmpp_exporter.catalogue.software import GENERAL, software

TESTS = sorted((FILE.parent / "tests").glob("alerts_*.yml"))
DASHBOARDS = Path(__file__).parents[2] / "dashboards"
NAMES = tuple(dict.fromkeys(alert.name for alert in alerts()))

FIRES = ("fires", "unknown", "recovers", "two exporters", "every minute", "every 5 minutes")
SILENT = ("down", "network", "never", "flapping", "restart")
SITUATIONS = {*FIRES, *SILENT}
"""What each alert is tested in; a test's name begins with one of these and a colon."""
NOT_OF_SERVERS = {
    "XmppExporterDown",
    "XmppExporterLagging",
    "XmppExporterReloadFailed",
    "XmppProberNetworkDown",
    "XmppChatBridgeOffline",
}
MISSING = {
    "XmppWatchdog": SITUATIONS - {"fires"},  # nothing changes it
    "XmppServerDown": {"down"},  # it is what the others are silent below
    **{name: {"down", "network"} for name in NOT_OF_SERVERS},
    "XmppChatBridgeOffline": {"down", "network", "two exporters"},
}
"""The situations that do not concern an alert."""
SHAPE = re.compile(r"https://xmpp\.example\.org/help/([a-z]+)/([a-z0-9_-]+)")
REASONS_AND_TITLES = re.compile(r"\b(reason|title)\b")


def cases() -> Iterator[dict[str, Any]]:
    """Every test of every file."""
    for file in TESTS:
        yield from yaml.safe_load(file.read_text())["tests"]


def expected(annotation: str) -> set[str]:
    """What the tests expect of an annotation, with external labels."""
    return {
        alert["exp_annotations"].get(annotation, "")
        for case in cases()
        if "external_labels" in case
        for asked in case["alert_rule_test"]
        for alert in asked["exp_alerts"]
    } - {""}


def test_promtool_finds_nothing_wrong_with_the_alerts() -> None:
    assert "SUCCESS" in promtool("check", "rules", "--lint=all", "--lint-fatal", FILE)


@pytest.mark.parametrize("file", TESTS, ids=lambda file: file.stem)
def test_the_alerts_do_what_their_tests_say(file: Path) -> None:
    promtool("test", "rules", file)


@pytest.mark.parametrize("situation", sorted(SITUATIONS))
def test_every_alert_is_tested(situation: str) -> None:
    tested = {
        asked["alertname"]
        for case in cases()
        if case["name"].startswith(f"{situation}: ")
        for asked in case["alert_rule_test"]
    }
    assert [name for name in NAMES if name not in tested and situation not in MISSING.get(name, ())] == []


def test_every_test_is_of_a_situation() -> None:
    assert {case["name"].partition(":")[0] for case in cases()} == SITUATIONS


@pytest.mark.parametrize("name", NAMES)
def test_every_severity_of_an_alert_is_seen_to_fire(name: str) -> None:
    fired = {
        alert["exp_labels"]["severity"]
        for case in cases()
        for asked in case["alert_rule_test"]
        if asked["alertname"] == name
        for alert in asked["exp_alerts"]
    }
    assert fired == {alert.severity for alert in alerts() if alert.name == name}


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: f"{alert.name}-{alert.severity}")
def test_an_alert_is_told_in_words(alert: Alert) -> None:
    assert alert.name.startswith("Xmpp")
    assert alert.severity in (*get_args(Severity), "none")
    assert set(alert.annotations) >= {"summary", "description"}
    assert not REASONS_AND_TITLES.search(alert.expression), "another reason would be another alert"


def test_no_annotation_is_an_error() -> None:
    texts = json.dumps(list(cases()))
    assert "error expanding" not in texts and "no value" not in texts


def test_help_is_looked_for_where_it_is() -> None:
    pages = [SHAPE.fullmatch(url) for url in expected("runbook_url")]
    assert pages and all(pages)
    found = {(page[1], page[2]) for page in pages if page}
    assert {check for _, check in found} <= {check.id for check in checks().values() if check.scored}
    assert {folder for folder, _ in found} <= {GENERAL, *software()}


def test_every_link_to_help_is_made_in_the_same_way() -> None:
    links = [alert.annotations["runbook_url"] for alert in alerts() if "runbook_url" in alert.annotations]
    assert len({link.rpartition("/")[0] for link in links}) == 1
    for check in {link.rpartition("/")[2] for link in links} - {"{{ $labels.check }}"}:
        assert all(page_of(check, each) for each in (*software(), GENERAL)), check


def test_help_has_a_place_for_whatever_a_server_is_said_to_be() -> None:
    assert {labels.software(each.title) for each in software().values()} == set(software())
    for check in checks().values():
        assert all(markdown(check.id, each) for each in (*software(), GENERAL)), check.id


def test_every_link_to_a_dashboard_leads_to_one() -> None:
    boards = {board["uid"]: board for board in (json.loads(file.read_text()) for file in DASHBOARDS.glob("*.json"))}
    urls = expected("dashboard_url")
    assert urls
    for url in urls:
        found = re.fullmatch(r"https://grafana\.example\.org/d/([a-z-]+)(?:\?var-([a-z]+)=[a-z.]+)?", url)
        assert found, url
        variables = {variable["name"] for variable in boards[found[1]]["templating"]["list"]}
        assert found[2] is None or found[2] in variables


def test_a_lost_check_is_told_by_exactly_one_alert() -> None:
    selected = {
        alert.name: re.search(r'check([=!]~)"([^"]+)"', alert.expression)
        for alert in alerts()
        if alert.name in ("XmppCheckLost", "XmppTlsWeakened", "XmppCertificateInvalid")
    }
    assert all(selected.values()) and len(selected) == 3
    for check in checks():
        matching = [
            name
            for name, found in selected.items()
            if found and (re.fullmatch(found[2], check) is not None) == (found[1] == "=~")
        ]
        assert len(matching) == 1, (check, matching)
