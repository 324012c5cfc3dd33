"""The bridge's page of metrics is what Prometheus's own tool calls good, and says all that is declared."""

import re
import subprocess

from xmpp_alerts.bridge.families import BRIDGE_FAMILIES
from xmpp_alerts.bridge.metrics import Tally, page
from xmpp_alerts.bridge.outbox import Reason
from xmpp_exporter.model import Failure


def test_promtool_finds_nothing_to_say() -> None:
    tally = Tally()
    tally.on_sent()
    tally.account_monitored = True
    text = page(lambda: tally.values(True, 2, 1))
    result = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, check=False)
    assert (result.returncode, result.stdout, result.stderr) == (0, b"", b"")
    declared = {f"{family.name} {family.type}" for family in BRIDGE_FAMILIES}
    assert set(re.findall(r"^# TYPE (xmpp_\w+ \w+)$", text.decode(), re.MULTILINE)) == declared
    for family in BRIDGE_FAMILIES:
        assert re.search(rf"^{family.name}[ {{]", text.decode(), re.MULTILINE), f"{family.name} has no sample"


def test_all_reasons_are_there_from_the_start() -> None:
    text = page(lambda: Tally().values(False, 0, 0)).decode()
    for reason in Reason:
        assert f'xmpp_alerts_bridge_messages_failed_total{{reason="{reason}"}} 0.0\n' in text
    for failure in Failure:
        assert f'xmpp_alerts_bridge_connection_failures_total{{reason="{failure}"}} 0.0\n' in text
    assert "\nxmpp_alerts_bridge_last_success_timestamp_seconds" not in text, "what has never been has no time"
