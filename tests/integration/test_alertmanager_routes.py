"""Who hears of what, as Alertmanager itself reads the configuration: `amtool config routes test`."""

from pathlib import Path

import pytest
import yaml

from tests.integration.alerting import render
from tests.servers.alertmanager import amtool

SECTIONS = """
grafana: https://grafana.example.org
watchdog: https://deadman.example.org/xmpp
smtp:
  host: mail.example.org
  from: alerts@example.org
  ca_file: ca.pem
  login: {username: alerts, password_file: smtp.pw}
  unsubscribe: ops@example.org
chat: {jid: alerts@example.org, password_file: chat.pw, token: {password_file: token}}
"""
SUBSCRIBERS = """
subscribers:
  - {id: operator, mail: ops@example.org, severities: [critical, warning, info]}
  - {id: org, mail: org@example.org, domains: [example.org]}
  - {id: below-net, jid: net@example.org, domains: ["*.example.net"], severities: [critical]}
  - {id: twice, room: room@rooms.example.org, domains: [a.example.net, "*.example.net", "*.net"]}
  - {id: daily, mail: daily@example.org, domains: [example.org, example.com], delivery: daily}
  - {id: curious, mail: gains@example.org, domains: [example.org], severities: [info]}
"""
MAINTENANCE = """
maintenance:
  - {domains: ["*"], windows: [{start: "00:00", end: "00:30"}, {start: "12:00", end: "12:10"}]}
  - {domains: [example.org, a.example.net], windows: [{start: "02:00", end: "04:00", weekdays: [sunday]}]}
  - {domains: ["*.example.net"], windows: [{start: "22:00", end: "24:00"}], timezone: Asia/Tokyo}
"""
HEARS_OF: dict[str, tuple[dict[str, str], str]] = {
    "a critical alert": ({"severity": "critical", "domain": "example.org"}, "operator,org,daily"),
    "a warning": ({"severity": "warning", "domain": "example.org"}, "operator,org,daily"),
    "news": ({"severity": "info", "domain": "example.org"}, "operator_news,curious_news"),
    "another domain": ({"severity": "critical", "domain": "example.com"}, "operator,daily"),
    "a domain below": ({"severity": "critical", "domain": "b.example.net"}, "operator,below-net,twice"),
    "far below": ({"severity": "critical", "domain": "c.b.example.net"}, "operator,below-net,twice"),
    "both named and below": ({"severity": "critical", "domain": "a.example.net"}, "operator,below-net,twice"),
    "a warning below": ({"severity": "warning", "domain": "b.example.net"}, "operator,twice"),
    "not below itself": ({"severity": "critical", "domain": "example.net"}, "operator,twice"),
    "a dot is a dot": ({"severity": "critical", "domain": "exampleXorg"}, "operator"),
    "nothing before": ({"severity": "critical", "domain": "anexample.org"}, "operator"),
    "nothing behind": ({"severity": "critical", "domain": "example.org.evil"}, "operator"),
    "nothing below a mere domain": ({"severity": "critical", "domain": "a.example.org"}, "operator"),
    "the exporter itself": ({"severity": "critical"}, "operator"),
    "the watchdog": ({"alertname": "XmppWatchdog", "severity": "none"}, "_watchdog"),
    "what has no severity": ({"domain": "example.org"}, "_nobody"),
}
HELD_BACK: dict[str, tuple[str, list[str]]] = {
    "named": ("example.org", ["maintenance-1", "maintenance-2"]),
    "named and below": ("a.example.net", ["maintenance-1", "maintenance-2", "maintenance-3"]),
    "below": ("b.example.net", ["maintenance-1", "maintenance-3"]),
    "any other": ("example.com", ["maintenance-1"]),
}


@pytest.mark.parametrize(
    "text",
    ["", "watchdog: https://deadman.example.org/x\n", SECTIONS + SUBSCRIBERS, SECTIONS + SUBSCRIBERS + MAINTENANCE],
    ids=["nothing", "watchdog", "subscribers", "all"],
)
def test_amtool_finds_nothing_wrong(tmp_path: Path, text: str) -> None:
    (tmp_path / "ca.pem").touch()
    folder = render(tmp_path, text)
    report = amtool("check-config", folder / "alertmanager.yml")
    assert report.count("SUCCESS") == (2 if "mail:" in text else 1)
    assert "FAILED" not in report


@pytest.mark.parametrize("maintenance", ["", MAINTENANCE], ids=["never", "maintenance"])
@pytest.mark.parametrize("case", HEARS_OF)
def test_each_subscriber_hears_of_what_he_wants_and_once(tmp_path: Path, case: str, maintenance: str) -> None:
    labels, receivers = HEARS_OF[case]
    file = render(tmp_path, SECTIONS + SUBSCRIBERS + maintenance) / "alertmanager.yml"
    told = amtool("config", "routes", "test", f"--config.file={file}", *(f"{key}={labels[key]}" for key in labels))
    assert told.strip() == receivers


@pytest.mark.parametrize("case", HELD_BACK)
def test_a_domain_is_held_back_at_all_times_that_name_it_and_at_no_other(tmp_path: Path, case: str) -> None:
    """`amtool` tells receivers only: here each branch with its own times gets a receiver of its own."""
    domain, names = HELD_BACK[case]
    file = render(tmp_path, SECTIONS + SUBSCRIBERS + MAINTENANCE) / "alertmanager.yml"
    document = yaml.safe_load(file.read_text())
    for branch in document["route"]["routes"]:
        for below in branch.get("routes", []):
            below["receiver"] = ".".join(below["mute_time_intervals"])
            document["receivers"].append({"name": below["receiver"]})
    document["receivers"] = list({each["name"]: each for each in document["receivers"]}.values())
    file.write_text(yaml.safe_dump(document))
    labels = ("severity=critical", f"domain={domain}")
    told = amtool("config", "routes", "test", f"--config.file={file}", *labels).strip().split(",")
    assert told[0] == ".".join(names)  # operator
    daily = {"example.org": "daily", "example.com": "daily"}.get(domain)  # never at the time of the daily mail
    assert set(told) == {".".join(names)} | ({daily} if daily else set())
    exporter = amtool("config", "routes", "test", f"--config.file={file}", "severity=critical").strip()
    assert exporter == "operator"
