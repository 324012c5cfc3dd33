"""The certificates that clients and other servers are shown: chain, names, time, keys and purposes."""

import datetime
from collections.abc import Callable, Sequence
from dataclasses import replace

from cryptography import x509

from xmpp_exporter.certificate_names import names_of
from xmpp_exporter.checks.combine import all_supported
from xmpp_exporter.checks.looks import Look, both_looks, client_looks, judge_encrypted, server_looks
from xmpp_exporter.checks.registry import check
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.verdicts import broken, supported, unknown, unsupported
from xmpp_exporter.model import Outcome, Reason
from xmpp_exporter.wire.certificates import serves_clients_role, subject_of, weakness
from xmpp_exporter.wire.endpoints import direct_tls_service, starttls_service
from xmpp_exporter.wire.errors import CertificateRejected

DAY = datetime.timedelta(days=1)
SHORTEST_REST = 7 * DAY
"""Of a certificate that should have been renewed by now: those who renew by themselves do it weeks before."""


@check("cert_chain_c2s")
async def client_chain(server: Server) -> Outcome:
    """RFC 5280 §6: valid up to a root that the system trusts, whatever names are in it."""
    return judge_encrypted(await client_looks(server), _chain)


@check("cert_chain_s2s")
async def server_chain(server: Server) -> Outcome:
    """The same for other servers."""
    return judge_encrypted(await server_looks(server), _chain)


def _chain(look: Look) -> Outcome:
    return chain_verifies(look.stream.certificates, look.chain)


def chain_verifies(chain: Sequence[x509.Certificate], rejected: CertificateRejected | None) -> Outcome:
    """Whether what was presented, leaf first, leads to a root; `rejected` says why it does not."""
    if rejected is None:
        return supported(f"valid, {len(chain)} certificate(s) sent")
    leaf = chain[0] if chain else None
    lonely = leaf is not None and len(chain) == 1 and leaf.issuer != leaf.subject
    issuer = leaf.issuer.rfc4514_string()[:100] if leaf is not None else ""
    hint = f"; no intermediate certificate is sent: if {issuer!r} is one, add it to the file" if lonely else ""
    return broken(Reason.CERTIFICATE, rejected.detail + (hint if "local issuer" in rejected.detail else ""))


@check("cert_name_c2s")
async def client_names(server: Server) -> Outcome:
    """RFC 6120 §13.7.1.2 and RFC 9525 §6: a dNSName, an SRVName or an xmppAddr is the domain."""
    return judge_encrypted(await client_looks(server), names_cover)


@check("cert_name_s2s")
async def server_names(server: Server) -> Outcome:
    """The same for other servers."""
    return judge_encrypted(await server_looks(server), names_cover)


def names_cover(look: Look) -> Outcome:
    """Whether the certificate is for the domain that was asked for."""
    domain, party = look.target.domain, look.target.party
    if not look.stream.certificates:
        return unknown(Reason.PROBER_LIMIT, "the certificate cannot be read")
    names = names_of(look.stream.certificates[0])
    if (name := names.covering(domain, (starttls_service(party), direct_tls_service(party)))) is not None:
        return supported(f"names {name}"[:300])
    told = f"is only for {names}" if str(names) else "has no alternative name, and its common name does not count"
    return broken(Reason.CERTIFICATE, f"the certificate is not for {domain}: it {told}"[:300])


@check("cert_expiry")
async def expiry(server: Server) -> Outcome:
    """Seven days left, or a third of its whole time where that is less: certificates of some days exist."""
    outcome = await _judge_all(server, _lasts)
    parties, _undecided = await both_looks(server)
    shown = [each for looks in parties for look in looks.encrypted for each in look.stream.certificates]
    ends = [certificate.not_valid_after_utc.timestamp() for certificate in shown]
    return replace(outcome, facts={"xmpp_certificates_not_after_timestamp_seconds": min(ends)} if ends else {})


def _lasts(look: Look) -> Outcome:
    now = datetime.datetime.now(datetime.UTC)
    first = min(look.stream.certificates, key=lambda certificate: certificate.not_valid_after_utc, default=None)
    if first is None:
        return unknown(Reason.PROBER_LIMIT, "the certificate cannot be read")
    begin, end = first.not_valid_before_utc, first.not_valid_after_utc
    who = f"the certificate of {subject_of(first)}"
    if end <= now:
        return broken(Reason.CERTIFICATE, f"{who} expired on {end:%Y-%m-%d}")
    if end - now < min(SHORTEST_REST, (end - begin) / 3):
        return broken(Reason.CERTIFICATE, f"{who} ends on {end:%Y-%m-%d} and has not been renewed")
    return supported(f"{who} ends on {end:%Y-%m-%d}")


@check("cert_key")
async def key(server: Server) -> Outcome:
    """RFC 9325 §4.5: keys that are long enough, and no signature by a hash that can be forged."""
    return await _judge_all(server, _strong)


def _strong(look: Look) -> Outcome:
    weak = [f"{subject_of(each)} {found}" for each in look.stream.certificates if (found := weakness(each))]
    if weak:
        return unsupported("; ".join(weak), Reason.OUTDATED)
    return supported(f"{_key_of(look.stream.certificates[0])}" if look.stream.certificates else "")


def _key_of(certificate: x509.Certificate) -> str:
    key = certificate.public_key()
    kind = type(key).__name__.removesuffix("PublicKey").replace("EllipticCurve", "EC")
    return f"{kind} key" + (f" of {key.key_size} bits" if hasattr(key, "key_size") else "")


@check("cert_eku_s2s")
async def purpose(server: Server) -> Outcome:
    """RFC 6120 §13.7 and RFC 5280 §4.2.1.12: one certificate for both roles that a server has."""
    return judge_encrypted(await server_looks(server), _both_roles)


def _both_roles(look: Look) -> Outcome:
    if not look.stream.certificates:
        return unknown(Reason.PROBER_LIMIT, "the certificate cannot be read")
    if serves_clients_role(look.stream.certificates[0]):
        return supported("may be used by a server that connects to others, too")
    return unsupported(
        "the purposes of the certificate lack clientAuth: servers that insist on it refuse this one's certificate "
        "(SASL EXTERNAL), so that it needs dialback"
    )


async def _judge_all(server: Server, judge: Callable[[Look], Outcome]) -> Outcome:
    """The outcome of `judge` over every address for clients and for servers that negotiated TLS."""
    parties, outcomes = await both_looks(server)
    outcomes |= {look.name: judge(look) for looks in parties for look in looks.encrypted}
    return all_supported(outcomes) if outcomes else unknown(Reason.DEPENDS_ON, "no address negotiated TLS")
