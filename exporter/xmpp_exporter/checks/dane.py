"""DANE: the DNS says, signed, which certificate is the right one (RFC 7673)."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography import x509
from dns.rdtypes.ANY.TLSA import TLSA

from xmpp_exporter.certificate_names import names_of
from xmpp_exporter.checks.combine import all_supported
from xmpp_exporter.checks.looks import Look, Looks, client_looks, server_looks
from xmpp_exporter.checks.registry import check
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.signed import NOT_VALIDATED, ask_all, failure_of, is_validated
from xmpp_exporter.checks.verdicts import broken, supported, unknown
from xmpp_exporter.model import Outcome, Reason
from xmpp_exporter.wire.dns import Answer
from xmpp_exporter.wire.endpoints import Endpoint
from xmpp_exporter.wire.tlsa import DANE_EE, DANE_TA, Presented, accepts, usable


@check("dane_c2s")
async def client_dane(server: Server) -> Outcome:
    """RFC 7673 §3 and §4, for clients."""
    return await _judge(server, await client_looks(server))


@check("dane_s2s")
async def server_dane(server: Server) -> Outcome:
    """The same for other servers."""
    return await _judge(server, await server_looks(server))


@dataclass(frozen=True, slots=True)
class _Pins:
    """The TLSA records of one endpoint, or why they do not count."""

    records: tuple[TLSA, ...] = ()
    failure: Outcome | None = None
    insecure: str = ""
    """What is not signed, and so leaves the records without force."""


async def _judge(server: Server, looks: Looks) -> Outcome:
    pins = dict(
        zip(looks.endpoints, await asyncio.gather(*(_pins(server, each) for each in looks.endpoints)), strict=True)
    )
    outcomes = {f"TLSA of {each.host}": pin.failure for each, pin in pins.items() if pin.failure is not None}
    roots = _roots(server) if any(pin.records for pin in pins.values()) else ()
    for look in looks.all:
        if (pin := pins[look.endpoint]).records:
            outcomes[str(look.target)] = _matches(look, pin.records, roots)
    if outcomes:
        return all_supported(outcomes)
    unsigned = sorted({pin.insecure for pin in pins.values() if pin.insecure})
    if unsigned and not await is_validated(server):
        return NOT_VALIDATED
    why = f"not signed: {', '.join(unsigned)}" if unsigned else "no endpoint has a TLSA record"
    return unknown(Reason.NOT_APPLICABLE, why)


async def _pins(server: Server, endpoint: Endpoint) -> _Pins:
    """The records count only if all that leads to them is signed: SRV, addresses, and they themselves."""
    pins = (f"_{endpoint.port}._tcp.{endpoint.host}", "TLSA")
    way = [(f"_{endpoint.service}._tcp.{server.domain}", "SRV"), (endpoint.host, "AAAA"), (endpoint.host, "A"), pins]
    asked = await ask_all(server, way)
    if failure := await failure_of(server, asked):
        return _Pins(failure=failure)
    answers = {question: answer for question, answer in asked.items() if isinstance(answer, Answer)}
    records = tuple(record for record in answers[pins].records if isinstance(record, TLSA) and usable(record))
    unsigned = [f"{kind} {name}" for (name, kind), answer in answers.items() if not answer.authentic]
    return _Pins(insecure=unsigned[0]) if records and unsigned else _Pins(records)


def _matches(look: Look, records: Sequence[TLSA], roots: Sequence[x509.Certificate]) -> Outcome:
    """One record that fits is enough: while keys change there are two (RFC 7671 §8.1)."""
    chain = look.stream.certificates
    if not chain:
        detail = look.failure.detail if look.failure is not None else "the certificate cannot be read"
        return unknown(Reason.DEPENDS_ON, f"no certificate to compare: {detail}")
    names = names_of(chain[0])
    services = (look.endpoint.service,)
    named = any(names.covering(name, services) for name in (look.target.domain, look.target.host.lower()))
    presented = Presented(chain, look.certificate is None, named, roots)
    fitting = [record for record in records if accepts(record, presented)]
    if fitting:
        others = f"; of {len(records)} records {len(fitting)} fit" if len(fitting) < len(records) else ""
        return supported(f"the certificate is the one that TLSA {_written(fitting[0])} names{others}")
    written = ", ".join(_written(record) for record in records)
    needs_trust = any(record.usage not in (DANE_TA, DANE_EE) for record in records)
    untrusted = _UNTRUSTED if needs_trust and not presented.trusted else ""
    return broken(Reason.MISMATCH, f"the certificate presented fits none of the TLSA records: {written}{untrusted}")


_UNTRUSTED = "; usages 0 and 1 also need a certificate that verifies without DANE"


def _written(record: TLSA) -> str:
    return f"{record.usage} {record.selector} {record.mtype} {record.cert.hex()[:16]}…"


def _roots(server: Server) -> list[x509.Certificate]:
    """The authorities that are trusted; of a system's store only those that were needed before are known."""
    identity = server.network.identity
    contexts = [server.network.tls.verified] + ([identity.tls.verified] if identity else [])
    known = {der for context in contexts for der in context.get_ca_certs(binary_form=True)}
    return [x509.load_der_x509_certificate(der) for der in sorted(known)]
