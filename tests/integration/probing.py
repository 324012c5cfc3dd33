"""Probing the laboratory's servers as the exporter does."""

from pathlib import Path
from typing import Any

from tests.servers.laboratory import PROBE, Laboratory
from xmpp_exporter.config import Account, ServerConfig
from xmpp_exporter.journal import Journal
from xmpp_exporter.model import ProbeReport
from xmpp_exporter.prober import Prober
from xmpp_exporter.wire.dns import Resolver
from xmpp_exporter.wire.network import Network
from xmpp_exporter.wire.tls import TlsContexts


def prober_of(laboratory: Laboratory, journal: Path | None = None) -> Prober:
    """What the probes of one test share."""
    resolver = Resolver([laboratory.dns.address], laboratory.dns.port)
    return Prober(Network(resolver, TlsContexts(laboratory.ca_file)), Journal(journal))


def config_of(laboratory: Laboratory, domain: str, user: str = PROBE, **settings: Any) -> ServerConfig:
    """One of the laboratory's domains as a server of ours, with an account."""
    laboratory.server(domain)
    account = Account(jid=f"{user}@{domain}", password_file=laboratory.password_file)
    return ServerConfig(domain=domain, relation="own", account=account, allow_private_addresses=True, **settings)


def verdicts_of(report: ProbeReport) -> dict[str, str]:
    """Each check's verdict and reason, as the tables of expected verdicts have them."""
    return {
        result.check: " ".join(filter(None, (result.outcome.verdict, result.outcome.reason)))
        for result in report.checks
    }
