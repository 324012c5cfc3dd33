"""How alerts end: Prometheus decides, Alertmanager tells, and the mail says whether all is well again."""

import time
from collections.abc import Iterator
from pathlib import Path

from tests.integration.alerting import SOON, alertmanager, plain_smtp
from tests.integration.command import until
from tests.integration.test_prometheus_server import free_port
from tests.servers.mailbox import Mail, Mailbox, mailbox
from tests.servers.page import served
from tests.servers.prometheus import Prometheus, copy_rules

CONFIGURATION = """
global: {{scrape_interval: 1s}}
rule_files: [rules/*.yml]
scrape_configs: [{{job_name: xmpp, static_configs: [{{targets: ["{exporter}"]}}]}}]
alerting: {{alertmanagers: [{{static_configs: [{{targets: ["{alertmanager}"]}}]}}]}}
"""
OPERATOR = "subscribers:\n  - {id: operator, mail: ops@example.org}\n"
WEEK = 7 * 86400


class Servers:
    """What the exporter says of three servers, whose archive works, or that are up."""

    def __init__(self) -> None:
        self.archive = {"again.test": 1, "forgotten.test": 1}
        self.worked = {"again.test": time.time(), "forgotten.test": time.time()}
        self.up = {"again.test": 1, "forgotten.test": 1, "down.test": 1}

    def page(self) -> bytes:
        return "".join(f"{line}\n" for line in self._lines()).encode()

    def _lines(self) -> Iterator[str]:
        yield 'xmpp_check_info{check="xep0313",xep="0313",title="Archive",topic="history",scored="true"} 1'
        for domain, value in self.up.items():
            yield f'xmpp_server_listed{{domain="{domain}"}} 1'
            yield f'xmpp_probe_success{{domain="{domain}",probe="availability"}} {value}'
        for domain, value in self.archive.items():
            yield f'xmpp_xep_supported{{domain="{domain}",check="xep0313",xep="0313"}} {value}'
            at = self.worked[domain]
            yield f'xmpp_check_last_supported_timestamp_seconds{{domain="{domain}",check="xep0313"}} {at}'


async def told(box: Mailbox, subject: str) -> Mail:
    """The first mail with this subject."""
    await until(lambda: any(mail.subject == subject for mail in box.mails), f"the mail {subject!r}")
    return next(mail for mail in box.mails if mail.subject == subject)


async def test_the_end_of_an_alert_says_whether_all_is_well_again(open_folder: Path) -> None:
    servers = Servers()
    lost, down = "{}: Archive no longer works", "down.test is down"
    copy_rules(open_folder / "prometheus", "1s")
    async with mailbox() as box:
        with alertmanager(open_folder, plain_smtp(box) + SOON + OPERATOR) as running, served(servers.page) as exporter:
            address = running.url.removeprefix("http://")
            text = CONFIGURATION.format(exporter=exporter, alertmanager=address)
            with Prometheus(open_folder / "prometheus", text, port=free_port()) as prometheus:
                await until(lambda: bool(prometheus.query("domain:xmpp_xep_supported:last == 1")), "the first rules")
                servers.archive = dict.fromkeys(servers.archive, 0)
                servers.up["down.test"] = 0
                for domain in servers.archive:
                    await told(box, f"[warning] {lost.format(domain)}")
                await told(box, f"[critical] {down}")
                servers.archive["again.test"] = servers.up["down.test"] = 1
                servers.worked["forgotten.test"] -= WEEK + 60
                again = await told(box, f"[recovered] {lost.format('again.test')}")
                forgotten = await told(box, f"[no longer alerted] {lost.format('forgotten.test')}")
                up = await told(box, f"[recovered] {down}")
    assert "Archive (xep0313) on again.test works again." in again.text
    assert "Archive (xep0313) on forgotten.test was not supported when last decided." in forgotten.text
    assert "down.test is up again." in up.text
    assert "not always" in forgotten.text and "not always" not in again.text + up.text
