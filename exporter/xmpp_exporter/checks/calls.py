"""Calls: the STUN and TURN servers that a domain names (XEP-0215)."""

import datetime
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass

from xmpp_exporter.checks.combine import Judgement, each
from xmpp_exporter.checks.numbers import port
from xmpp_exporter.checks.registry import check
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.shared import asked, offered_by_domain
from xmpp_exporter.checks.verdicts import broken, is_good, supported, unsupported
from xmpp_exporter.model import Outcome, Reason
from xmpp_exporter.wire.stanza import quoteattr

EXTDISCO = "urn:xmpp:extdisco:2"
OLD_EXTDISCO = frozenset({"urn:xmpp:extdisco:1", "urn:xmpp:extdisco:0"})

MAX_SERVICES = 8
"""Services of a kind that are looked at."""


@dataclass(frozen=True, slots=True)
class ExternalService:
    """One <service/>; everything but its type may be missing."""

    type: str
    host: str
    port: str
    transport: str
    username: str
    password: str
    expires: str
    restricted: bool

    def __str__(self) -> str:
        where = f"{self.host}:{self.port}" if self.port else self.host
        return " ".join(filter(None, (self.type, self.transport, where)))

    def __repr__(self) -> str:
        return f"ExternalService({self})"

    @property
    def problem(self) -> str | None:
        """Why clients can't even try it."""
        if not self.host:
            return "has no host"
        if self.port and port(self.port) is None:
            return f"has the port {self.port[:20]!r}, which is none"
        return None


_NO_SERVICES = unsupported("the domain's list of external services is empty")


def _listed(services: Sequence[ExternalService]) -> str:
    return ", ".join(str(service) for service in services[:MAX_SERVICES])


def _parse(reply: ET.Element) -> list[ExternalService]:
    return [
        ExternalService(
            **{name: service.get(name, "")[:255] for name in ("type", "host", "port", "transport", "expires")},
            username=service.get("username", ""),
            password=service.get("password", ""),
            restricted=service.get("restricted") in ("true", "1"),
        )
        for service in reply.iterfind(f"{{{EXTDISCO}}}service")
    ]


async def _ask(server: Server) -> Outcome | list[ExternalService]:
    """The domain's external services (XEP-0215 §3.1), or the outcome without them."""
    if missing := await offered_by_domain(server, EXTDISCO, OLD_EXTDISCO):
        return missing
    request = server.session.iq("get", f"<services xmlns='{EXTDISCO}'/>", server.domain)
    return _parse(await asked("for external services", request))


async def services_of_type(server: Server, kind: str) -> Outcome | list[ExternalService]:
    """Those of type `kind`, or of its TLS variant."""
    answer = await server.share("external services", lambda: _ask(server))
    if isinstance(answer, Outcome):
        return answer
    found = [service for service in answer if service.type in (kind, f"{kind}s")]
    if found:
        return found[:MAX_SERVICES]
    if not answer:
        return _NO_SERVICES
    return unsupported(f"no external service of the domain is of type {kind} or {kind}s: there is {_listed(answer)}")


@check("xep0215")
async def external_services(server: Server) -> Outcome:
    """XEP-0215 §3.1: an empty list helps nobody."""
    answer = await server.share("external services", lambda: _ask(server))
    if isinstance(answer, Outcome):
        return answer
    if not answer:
        return _NO_SERVICES
    return supported(_listed(answer))


@check("stun")
async def stun(server: Server) -> Outcome:
    """XEP-0215 §2: host is all that a service must have; the ports have defaults."""
    found = await services_of_type(server, "stun")
    if isinstance(found, Outcome):
        return found
    usable = [service for service in found if service.problem is None]
    if usable:
        return supported(_listed(usable))
    return broken(Reason.MISMATCH, "; ".join(f"{service}: {service.problem}" for service in found))


@check("turn")
async def turn(server: Server) -> Outcome:
    """XEP-0215 §2 and §3.3: a host, and credentials that are there or given when asked for, and still valid."""
    found = await services_of_type(server, "turn")
    if isinstance(found, Outcome):
        return found
    outcomes = await each(_judgements(server, found))
    usable = [name for name, outcome in outcomes.items() if is_good(outcome)]
    problems = [f"{name}: {outcome.detail}" for name, outcome in outcomes.items() if name not in usable]
    if usable:
        return supported("; ".join([f"with credentials: {', '.join(usable)}", *problems]))
    first = next(iter(outcomes.values()))
    return Outcome(first.verdict, first.reason, "; ".join(problems))


def _judgements(server: Server, found: Sequence[ExternalService]) -> dict[str, Judgement]:
    unique = {str(service): service for service in found}
    return {name: _credentials(server, service) for name, service in unique.items()}


async def _credentials(server: Server, service: ExternalService) -> Outcome:
    if service.problem:
        return broken(Reason.MISMATCH, service.problem)
    granted = await with_credentials(server, service)
    return granted if isinstance(granted, Outcome) else _expiry(granted.expires)


async def with_credentials(server: Server, service: ExternalService) -> ExternalService | Outcome:
    """The service with a name and a password, asked for where it is restricted; or the outcome without them."""
    if service.username and service.password:
        return service
    if not service.restricted:
        return broken(Reason.MISMATCH, "has no credentials, without which calls from browsers and apps don't use it")
    granted = await server.share(f"credentials {service}", lambda: _ask_credentials(server, service))
    return granted or broken(Reason.MISMATCH, "is restricted, and no credentials are given when asked for")


async def _ask_credentials(server: Server, service: ExternalService) -> ExternalService | None:
    port = f" port={quoteattr(service.port)}" if service.port else ""
    wanted = f"<service host={quoteattr(service.host)} type={quoteattr(service.type)}{port}/>"
    request = server.session.iq("get", f"<credentials xmlns='{EXTDISCO}'>{wanted}</credentials>", server.domain)
    answers = _parse(await asked(f"for credentials of {service}", request))
    return next((answer for answer in answers if answer.username and answer.password), None)


def _expiry(expires: str) -> Outcome:
    """XEP-0082 §3.2, in UTC."""
    if not expires:
        return supported()
    try:
        end = datetime.datetime.fromisoformat(expires)
    except ValueError:
        return broken(Reason.MISMATCH, f"has credentials that expire at {expires[:40]!r}, which is no date")
    if end.tzinfo is None:
        end = end.replace(tzinfo=datetime.UTC)
    if end <= datetime.datetime.now(datetime.UTC):
        return broken(Reason.MISMATCH, f"has credentials that expired at {expires[:40]}")
    return supported()
