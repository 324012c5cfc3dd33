"""The exporter as a user would run it: a written configuration, the installed command, and its pages."""

import json
import urllib.error
import urllib.request
from collections.abc import Sequence
from http import HTTPStatus
from string import Template

from deploy.demo.reports import report_of
from deploy.demo.service import Service, installed
from tests.servers.laboratory import Laboratory, Server
from xmpp_exporter.model import ProbeReport

CONFIGURATION = Template("""\
resolver:
  nameservers: [$nameserver]
  port: $port
tls:
  ca_file: $ca_file
defaults:
  relation: own
  allow_private_addresses: true # the servers are on loopback addresses
  intervals:
    availability: 5s # often, so that what is broken is soon alerted
    compliance: 40s
servers:
""")
SERVER = Template("""\
  - domain: $domain
    account: {jid: $jid, password_file: $password_file}
""")
ANSWER_LIMIT = 10


class Exporter(Service):
    """`xmpp-exporter serve` on `address`:`port`, probing these servers of a laboratory."""

    name = "xmpp-exporter"
    executable = installed("xmpp-exporter")
    file_name = "exporter.yml"

    def __init__(self, laboratory: Laboratory, servers: Sequence[Server], address: str, port: int) -> None:
        directory = laboratory.directory / "exporter"
        options = [f"--storage.path={directory / 'data'}"]
        super().__init__(directory, configuration(laboratory, servers), address, port, options)

    def report(self, domain: str) -> ProbeReport | None:
        """The last compliance report of the domain, from the exporter's API; None while there is none."""
        url = f"{self.url}/api/v1/servers/{domain}"
        try:
            with urllib.request.urlopen(url, timeout=ANSWER_LIMIT) as answer:  # noqa: S310 - our own URL, http
                document = json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code != HTTPStatus.SERVICE_UNAVAILABLE:
                raise
            return None
        return report_of(document) if document["probed_at"] else None  # availability may be known before the checks


def configuration(laboratory: Laboratory, servers: Sequence[Server]) -> str:
    """The text of an exporter.yml for these servers, with the account `probe` on each of them."""
    return CONFIGURATION.substitute(
        nameserver=laboratory.dns.address, port=laboratory.dns.port, ca_file=laboratory.ca_file
    ) + "".join(
        SERVER.substitute(domain=each.domain, jid=each.jid(), password_file=laboratory.password_file)
        for each in servers
    )
