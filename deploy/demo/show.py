"""What the demonstration starts, and what it shows in which order."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from string import Template
from textwrap import indent
from typing import TypeVar
from urllib.parse import quote

from deploy.demo import alerting
from deploy.demo.badges import BadgesServer
from deploy.demo.exporter import Exporter
from deploy.demo.messages import Messages
from tests.servers.alertmanager import Alertmanager
from tests.servers.laboratory import Laboratory, Server
from tests.servers.mailbox import Mail
from tests.servers.program import Program, ProgramError
from tests.servers.prometheus import Prometheus, copy_rules
from xmpp_exporter.cli.table import print_report
from xmpp_exporter.cli.terminal import stdout_console
from xmpp_exporter.model import ProbeReport
from xmpp_exporter.score import DECIDED

Result = TypeVar("Result")

ADDRESS = "127.0.0.1"
EXPORTER_PORT, BADGES_PORT, BRIDGE_PORT, PROMETHEUS_PORT, ALERTMANAGER_PORT, MAIL_PORT = (
    *(15222, 15223, 15224),
    *(9090, 9093, 2525),
)
"""Where they listen, or on the next free port: an installed Prometheus may be running."""
PORTS_TO_TRY = 100

DOMAINS = {
    "good.prosody.test": "Prosody, well configured",
    "default.ejabberd.test": "ejabberd, as Debian configures it",
}
CHAT = "default.prosody.test"
"""Where messages about them arrive: a server that is not watched, so that it can tell when those are down."""
BROKEN = "mam"
"""The module that can be switched off."""

OFTEN = "5s"
"""How often rules are evaluated and people told, and how long alerts wait, which is an hour and more elsewhere."""
SCRAPING = Template("""\
global:
  scrape_interval: 5s
  external_labels: {xmpp_pages: "$pages"}
rule_files: [rules/*.yml]
alerting:
  alert_relabel_configs: [{action: labeldrop, regex: xmpp_(pages|grafana)}]
  alertmanagers: [{static_configs: [{targets: ["$alertmanager"]}]}]
scrape_configs:
  - job_name: xmpp
    static_configs: [{targets: ["$target"]}]
""")

PROBE_LIMIT, SCRAPE_LIMIT = 300.0, 60.0
"""Seconds for the first full probe of all servers, and then for Prometheus to have it: ten times what they need."""
POLL = 0.2


@dataclass(frozen=True, slots=True)
class Demonstration:
    """All that runs."""

    laboratory: Laboratory
    servers: list[Server]
    exporter: Exporter
    prometheus: Prometheus
    badges: BadgesServer
    alertmanager: Alertmanager
    bridge: alerting.Bridge
    messages: Messages

    @classmethod
    def start(cls, stack: ExitStack) -> "Demonstration":
        """Start everything; `stack` ends it. Raises ProgramError."""
        if missing := [package for each in (Prometheus, Alertmanager) for package in each.missing_packages()]:
            raise ProgramError(f"apt-get install {' '.join(missing)}: that is not installed")
        laboratory = stack.enter_context(Laboratory())
        *servers, chat = laboratory.start(*DOMAINS, CHAT)
        exporter_port, port, badges_port, alertmanager_port, bridge_port, mail_port = _free_ports(
            EXPORTER_PORT, PROMETHEUS_PORT, BADGES_PORT, ALERTMANAGER_PORT, BRIDGE_PORT, MAIL_PORT
        )
        exporter = Exporter(laboratory, servers, ADDRESS, exporter_port)
        places = alerting.Places(
            prometheus=f"http://{ADDRESS}:{port}",
            pages=f"http://{ADDRESS}:{badges_port}",
            alertmanager=f"http://{ADDRESS}:{alertmanager_port}",
            bridge=f"http://{ADDRESS}:{bridge_port}",
            mail=(ADDRESS, mail_port),
        )
        prometheus = _prometheus(laboratory, exporter, places, port)
        settings = {"prometheus": {"url": prometheus.url}, "exporter": {"url": exporter.url}, "cache": "5s"}
        badges = BadgesServer(laboratory.directory / "badges", settings, ADDRESS, badges_port)
        mails = laboratory.directory / "mails"
        messages = stack.enter_context(Messages(mails, places.mail, laboratory, chat, _print_mail, _print_text))
        for program in (prometheus, exporter, badges):
            stack.enter_context(program)
        alertmanager, bridge = alerting.start(stack, laboratory, chat, places, OFTEN)
        return cls(laboratory, servers, exporter, prometheus, badges, alertmanager, bridge, messages)

    def show_verdicts(self) -> None:
        """Print each server's table as soon as its first full probe has ended, until Prometheus has them all, too.

        Raises ProgramError when a server cannot be probed, or when it all takes too long.
        """
        reports = []
        for report in self._reports():
            print()
            print_report(report, stdout_console())
            if not report.success or report.login_failure:
                raise ProgramError(f"{report.domain} could not be probed: {report.detail or report.login_detail}")
            reports.append(report)
        self._wait(SCRAPE_LIMIT, "Prometheus does not have all verdicts", lambda: all(map(self._scraped, reports)))
        print(f"\nPrometheus has scraped all verdicts. What does not work, asked there ({NOT_WORKING}):")
        for sample in self.prometheus.query(NOT_WORKING):
            print(f"  {sample.labels['domain']:24}{sample.labels['check']}")

    def show_addresses(self) -> None:
        """Print what to open, and what to try."""
        works_not = f"{self.prometheus.url}/graph?g0.tab=1&g0.expr={quote(NOT_WORKING)}"
        check = f"{self.exporter.executable} check {self.servers[0].jid()}"
        print(
            f"\nOpen\n"
            f"  {self.exporter.url}/          the servers and their last outcomes\n"
            f"  {self.exporter.url}/metrics   what Prometheus scrapes\n"
            f"  {self.badges.url}/          result pages, with scores as soon as rules recorded them\n"
            f"  {self.badges.url}/badge/{self.servers[0].domain}.svg   a badge\n"
            f"  {works_not}   what does not work\n"
            f"  {self.prometheus.url}/classic/rules   what is recorded of it, and alerted\n"
            f"Try\n"
            f"  {check} --config.file {self.exporter.configuration_file}\n"
            f"  amtool alert --alertmanager.url {self.alertmanager.url}    # what is alerted now\n"
        )

    def show_how_to_break_it(self) -> None:
        """Print what switches a module off and on again, and where people are told of it."""
        good = self.servers[0]
        module = f"prosodyctl --config {good.program.configuration_file} shell module"
        print(
            f"Break something, in another terminal\n"
            f"  {module} unload {BROKEN} {good.domain}\n"
            f"and mend it\n"
            f"  {module} load {BROKEN} {good.domain}\n"
            f"Within a minute or two each is told, once what it means is known (elsewhere, rules wait for an hour):\n"
            f"  by mail, a file for each in {self.messages.folder}\n"
            f"  by chat, to {self.messages.jid}, who is listening: what comes is shown below\n"
        )

    def _reports(self) -> Iterator[ProbeReport]:
        """The first full report of each server, as they come in."""
        pending = [server.domain for server in self.servers]
        while pending:
            domain, report = self._wait(
                PROBE_LIMIT, f"no probe ended of {', '.join(pending)}", lambda: self._any_report(pending)
            )
            pending.remove(domain)
            yield report

    def _any_report(self, domains: list[str]) -> tuple[str, ProbeReport] | None:
        for domain in domains:
            if report := self.exporter.report(domain):
                return domain, report
        return None

    def _scraped(self, report: ProbeReport) -> bool:
        """Whether Prometheus has one sample for each verdict that the report has."""
        decided = sum(result.outcome.verdict in DECIDED for result in report.checks)
        samples = self.prometheus.query(f'xmpp_xep_supported{{domain="{report.domain}"}}')
        return len(samples) == decided > 0

    def _wait(self, limit: float, problem: str, condition: Callable[[], Result | None]) -> Result:
        """The first true answer of `condition`. Raises ProgramError after `limit` seconds, or if a program ends."""
        deadline = time.monotonic() + limit
        services = (self.exporter, self.prometheus, self.badges, self.alertmanager, self.bridge)
        programs: list[Program] = [*services, *self.laboratory.programs]
        while not (result := condition()):
            for program in programs:
                if not program.running:
                    raise ProgramError(f"{program.name} ended; its log ends:\n{program.log_tail()}")
            if time.monotonic() > deadline:
                raise ProgramError(f"{problem} after {limit:.0f} s; the exporter's log:\n{self.exporter.log_tail()}")
            time.sleep(POLL)
        return result


NOT_WORKING = 'xmpp_xep_supported == 0 and on(check) xmpp_check_info{scored="true"}'


def _prometheus(laboratory: Laboratory, exporter: Exporter, places: alerting.Places, port: int) -> Prometheus:
    """One that scrapes the exporter, evaluates the rules and tells Alertmanager."""
    directory = laboratory.directory / "prometheus"
    copy_rules(directory, OFTEN)
    scraping = SCRAPING.substitute(
        target=exporter.url.removeprefix("http://"),
        pages=places.pages,
        alertmanager=places.alertmanager.removeprefix("http://"),
    )
    return Prometheus(directory, scraping, ADDRESS, port)


def _print_mail(mail: Mail, file: Path) -> None:
    print(f"A mail to {mail.recipient}: {mail.subject}\n  {file}\n")


def _print_text(text: str) -> None:
    print("A chat message:\n" + indent(text, "  ") + "\n")


def _free_ports(*wished: int) -> list[int]:
    """For each the port itself, or the next one that nobody has and that no other of them gets."""
    found: list[int] = []
    for first in wished:
        ports = (port for port in range(first, first + PORTS_TO_TRY) if port not in found and _is_free(port))
        port = next(ports, None)
        if port is None:
            raise ProgramError(f"no port of {ADDRESS} from {first} on is free")
        found.append(port)
    return found


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, port))
        except OSError:
            return False
        return True
