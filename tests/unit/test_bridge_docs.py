"""docs/chat.md and the service unit say what the bridge is and does."""

import re
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from xmpp_alerts.bridge.commands import COMMANDS
from xmpp_alerts.bridge.families import BRIDGE_FAMILIES
from xmpp_alerts.bridge.outbox import Reason
from xmpp_alerts.bridge.text import Places, text_of
from xmpp_alerts.bridge.webhook import Group
from xmpp_alerts.config import Alerts

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "chat.md").read_text()
UNITS = ROOT / "deploy" / "systemd"


def test_every_metric_is_documented_and_no_other() -> None:
    assert set(re.findall(r"xmpp_alerts_bridge_\w+", TEXT)) == {family.name for family in BRIDGE_FAMILIES}


def test_every_reason_and_every_command_is_documented() -> None:
    [row] = [line for line in TEXT.splitlines() if "messages_failed_total" in line]
    assert set(re.findall(r"`(\w+)`(?= \(|,)", row)) - {"reason"} - {row.split("`")[1]} == {
        str(each) for each in Reason
    }
    assert set(re.findall(r"^\| `(\w+)[^|/]*` \|", TEXT, re.MULTILINE)) >= set(COMMANDS)


def promised(name: str) -> dict[str, Any]:
    """The first alert of this name that the rules' tests expect."""
    tests = yaml.safe_load((ROOT / "alerting" / "rules" / "tests" / "alerts_checks.yml").read_text())["tests"]
    asked = [each for test in tests for each in test["alert_rule_test"] if each["alertname"] == name]
    found: dict[str, Any] = next(alert for each in asked for alert in each["exp_alerts"])
    return found


def test_the_message_shown_is_that_of_the_alert_but_for_its_times() -> None:
    alert = promised("XmppCheckLost")
    told = {
        "status": "firing",
        "labels": {"alertname": "XmppCheckLost", **alert["exp_labels"]},
        "annotations": alert["exp_annotations"],
        "startsAt": "2026-07-01T10:00:00Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "fingerprint": "1",
    }
    group = {
        "version": "4",
        "groupKey": "{}",
        "alerts": [told],
        "groupLabels": {"domain": "example.org"},
        "externalURL": "https://alertmanager.example.org",
    }
    places = Places("https://xmpp.example.org", ZoneInfo("Europe/Berlin"))
    shown = re.search(r"^```text\n(.+?)\n```$", TEXT, re.MULTILINE | re.DOTALL)
    assert shown
    worked = re.compile(r"worked at .{16} UTC")
    assert worked.sub("", shown[1]) == worked.sub("", text_of(Group.model_validate(group), places))


def test_the_configuration_shown_is_one() -> None:
    [block] = re.findall(r"```yaml\n( +chat:.+?)```", TEXT, re.DOTALL)
    alerts = Alerts.model_validate(yaml.safe_load(block))
    assert [subscriber.id for subscriber in alerts.subscribers] == ["juliet", "night-shift"]


def test_the_unit_is_as_hardened_as_the_exporters() -> None:
    own = {"ExecStart", "TimeoutStopSec", "StateDirectory", "StateDirectoryMode", "LoadCredential", "Description"}
    settings = {
        name: {
            line
            for line in (UNITS / f"{name}.service").read_text().splitlines()
            if "=" in line and not line.startswith("#") and line.partition("=")[0] not in own
        }
        for name in ("xmpp-exporter", "xmpp-alerts-bridge")
    }
    assert settings["xmpp-alerts-bridge"] - settings["xmpp-exporter"] == {"SupplementaryGroups=prometheus"}
    assert settings["xmpp-exporter"] <= settings["xmpp-alerts-bridge"]
