"""Whether streams that begin in plain text become encrypted before anything is said in them."""

from collections.abc import Callable

from xmpp_exporter.checks.connections import without_address
from xmpp_exporter.checks.looks import Look, Looks, client_looks, judge_those, server_looks
from xmpp_exporter.checks.registry import check
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.verdicts import of_endpoint_error, supported, unknown, unsupported
from xmpp_exporter.model import Outcome, Reason
from xmpp_exporter.wire.stream import TLS

SASL = "{urn:ietf:params:xml:ns:xmpp-sasl}"
SASL2 = "{urn:xmpp:sasl:2}"
LEGACY_AUTH = "{http://jabber.org/features/iq-auth}auth"


@check("starttls_c2s")
async def client_starttls(server: Server) -> Outcome:
    """RFC 6120 §5: offered, agreed to, and followed by a handshake, wherever clients connect without direct TLS."""
    return _judge_plain(await client_looks(server), _starttls)


@check("starttls_s2s")
async def server_starttls(server: Server) -> Outcome:
    """The same for other servers."""
    return _judge_plain(await server_looks(server), _starttls)


@check("tls_required")
async def required(server: Server) -> Outcome:
    """RFC 7590 §3.1: nobody can log in before TLS, by any mechanism."""
    return _judge_plain(await client_looks(server), _nothing_before_tls)


def _judge_plain(looks: Looks, judge: Callable[[Look], Outcome]) -> Outcome:
    """The outcome over all that got to the features in plain text."""
    if all(endpoint.direct_tls for endpoint in looks.endpoints):
        return unknown(Reason.NOT_APPLICABLE, "every endpoint has TLS from the first byte")
    plain = [look for look in looks.all if look.stream.plain_features is not None]
    return judge_those(looks, plain, judge, "sent stream features before TLS")


def _starttls(look: Look) -> Outcome:
    features = look.stream.plain_features
    offer = features.find(f"{TLS}starttls") if features is not None else None
    if offer is None:
        return unsupported("does not offer STARTTLS")
    if look.encrypted:
        return supported("works" + (", required" if offer.find(f"{TLS}required") is not None else ", not required"))
    if look.certificate is not None or look.failure is None:
        return supported("works, with a certificate that does not verify")
    return without_address(look, of_endpoint_error(look.failure))


def _nothing_before_tls(look: Look) -> Outcome:
    features = look.stream.plain_features
    assert features is not None  # noqa: S101 - only those with features are judged
    found = [
        *features.iterfind(f"{SASL}mechanisms/{SASL}mechanism"),
        *features.iterfind(f"{SASL2}authentication/{SASL2}mechanism"),
    ]
    names = sorted({(element.text or "").strip().upper()[:40] for element in found})
    if features.find(LEGACY_AUTH) is not None:
        names.append("authentication of old (XEP-0078)")
    if not names:
        return supported("no login before TLS")
    worst = ", and their passwords be read on the way" if {"PLAIN", "LOGIN"} & set(names) else ""
    return unsupported(f"clients can log in without TLS{worst}: offers {', '.join(names)}"[:300])
