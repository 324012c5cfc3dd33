"""docs/chat.md and the service unit say what the bridge is and does."""

import re
from pathlib import Path

import yaml

from xmpp_alerts.bridge.commands import COMMANDS
from xmpp_alerts.bridge.families import BRIDGE_FAMILIES
from xmpp_alerts.bridge.outbox import Reason
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
