"""From a module that is switched off on a real server to the mail and the chat message that say so, and back."""

import re
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest
import yaml

from deploy.demo import alerting
from deploy.demo.badges import BadgesServer
from deploy.demo.messages import Messages
from deploy.demo.show import CHAT
from tests.integration.running_exporter import RunningExporter, server_of, settings_of
from tests.integration.test_prometheus_server import free_port
from tests.servers.configurations import ejabberd, prosody
from tests.servers.ejabberd import Ejabberd
from tests.servers.laboratory import Laboratory, Server
from tests.servers.prometheus import Prometheus, copy_rules
from tests.servers.prosody import Prosody

LIMIT, POLL = 180.0, 0.1
"""Seconds from a change to the message about it: several probes, and many times what rules and messages need."""
ADDRESS = "127.0.0.1"
PROBES: dict[str, Any] = {
    "intervals": {"availability": "20s", "compliance": "20s"},
    "timeouts": {"availability": "19s", "compliance": "19s"},
}
CONFIGURATION = """
global: {{scrape_interval: 1s, external_labels: {{xmpp_pages: "{pages}"}}}}
rule_files: [rules/*.yml]
alerting:
  alert_relabel_configs: [{{action: labeldrop, regex: xmpp_(pages|grafana)}}]
  alertmanagers: [{{static_configs: [{{targets: ["{alertmanager}"]}}]}}]
scrape_configs: [{{job_name: xmpp, static_configs: [{{targets: ["{exporter}"]}}]}}]
"""
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Case:
    """A module of a server, and the check that is lost with it. `switch` loads it, or unloads it, as admins do."""

    software: str
    check: str
    title: str
    switch: Callable[[Server, bool], None]
    advice: str
    """A line of the help for this software."""

    @property
    def domain(self) -> str:
        return f"good.{self.software}.test"

    @property
    def summary(self) -> str:
        return f"{self.domain}: {self.title} no longer works"


def switch_archive(server: Server, on: bool) -> None:
    """Prosody loads and unloads what has changed in its configuration only when told so."""
    assert isinstance(server.program, Prosody)
    text = prosody.text("main")
    assert text.count('"mam", ') == 1
    server.program.reload(text if on else text.replace('"mam", ', ""))
    server.program.shell("module", "load" if on else "unload", "mam", server.domain)


def switch_carbons(server: Server, on: bool) -> None:
    assert isinstance(server.program, Ejabberd)
    document = yaml.safe_load(ejabberd.text("main"))
    if not on:
        del document["append_host_config"][server.domain]["modules"]["mod_carboncopy"]
    server.program.reload(yaml.safe_dump(document))


CASES = (
    Case("prosody", "xep0313", "Message Archive Management", switch_archive, "&quot;mam&quot;;"),
    Case("ejabberd", "xep0280", "Message Carbons", switch_carbons, "mod_carboncopy: {}"),
)


@dataclass(frozen=True, slots=True)
class Site:
    """All that runs."""

    laboratory: Laboratory
    exporter: RunningExporter
    prometheus: Prometheus
    messages: Messages
    pages: str

    def until(self, condition: Callable[[], Found | None], what: str) -> Found:
        """The first true result of `condition`."""
        try:
            found = self.exporter.until(condition, what, LIMIT)
        except AssertionError as error:
            came = [*(mail.text for mail in self.messages.mails), *self.messages.texts]
            error.add_note("\n".join(["What came:", *came]))
            raise
        assert found
        return found

    def mailed(self, state: str, summary: str) -> str | None:
        """What the first mail says of an alert in that state."""
        texts = ["\n".join(mail.text.splitlines()) for mail in self.messages.mails]
        return _part(f"[{state}] {summary}\n", texts)

    def chatted(self, state: str, summary: str) -> str | None:
        """What the first chat message says of it."""
        return _part(f"*{state}* · {summary}\n", self.messages.texts)


def _part(heading: str, texts: list[str]) -> str | None:
    """What follows a heading in the first text that has it."""
    return next((text.partition(heading)[2] for text in texts if heading in text), None)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with ExitStack() as stack:
        laboratory = stack.enter_context(Laboratory())  # not everybody's: what is switched off here is so for all
        chat = laboratory.server(CHAT)
        servers = [server_of(laboratory, case.domain, **PROBES) for case in CASES]
        settings = settings_of(laboratory, *servers)
        exporter = stack.enter_context(RunningExporter(tmp_path_factory.mktemp("exporter"), settings))
        ports = [free_port() for _ in range(5)]
        prometheus_port, pages_port, *_, mail_port = ports
        prometheus_url, pages, alertmanager, bridge, _ = (f"http://{ADDRESS}:{port}" for port in ports)
        places = alerting.Places(prometheus_url, pages, alertmanager, bridge, (ADDRESS, mail_port))
        messages = Messages(laboratory.directory / "mails", places.mail, laboratory, chat)
        stack.enter_context(messages)
        directory = laboratory.directory / "prometheus"
        copy_rules(directory, "1s")
        configuration = CONFIGURATION.format(
            pages=pages,
            alertmanager=alertmanager.removeprefix("http://"),
            exporter=exporter.urls[0].removeprefix("http://"),
        )
        prometheus = stack.enter_context(Prometheus(directory, configuration, ADDRESS, prometheus_port))
        badges = {"prometheus": {"url": prometheus.url}}
        stack.enter_context(BadgesServer(laboratory.directory / "badges", badges, ADDRESS, pages_port))
        alerting.start(stack, laboratory, chat, places, "1s")
        yield Site(laboratory, exporter, prometheus, messages, pages)


@pytest.mark.timeout(4 * LIMIT)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.software)
def test_who_is_told_what_broke_why_and_how_to_fix_it_is_told_when_it_works_again(site: Site, case: Case) -> None:
    server = site.laboratory.server(case.domain)
    works = f'domain:xmpp_xep_supported:last{{domain="{case.domain}",check="{case.check}"}} == 1'
    site.until(lambda: site.prometheus.query(works), "record that it works")

    case.switch(server, False)
    mail = site.until(lambda: site.mailed("warning", case.summary), "mail that it does not work")
    text = site.until(lambda: site.chatted("warning", case.summary), "chat message that it does not work")
    help_url = f"{site.pages}/help/{case.software}/{case.check}"
    for message in (mail, text):
        assert (
            f"{case.title} ({case.check}) on {case.domain} is unsupported: not offered. It last worked at " in message
        )
        found = re.search(r"^How to fix it: (\S+)$", message, re.MULTILINE)
        assert found and found[1] == help_url
    with urllib.request.urlopen(help_url, timeout=LIMIT) as answer:
        page = answer.read().decode()
    assert case.title in page and case.advice in page
    assert not site.mailed("recovered", case.summary) and not site.chatted("recovered", case.summary)

    case.switch(server, True)
    mail = site.until(lambda: site.mailed("recovered", case.summary), "mail that it works again")
    assert f"{case.title} ({case.check}) on {case.domain} works again." in mail
    site.until(lambda: site.chatted("recovered", case.summary), "chat message that it works again")
