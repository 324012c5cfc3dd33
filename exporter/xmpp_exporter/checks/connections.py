"""How clients and other servers connect."""

from collections.abc import Awaitable, Callable

from xmpp_exporter.checks.combine import all_supported
from xmpp_exporter.checks.looks import Look, Looks, both_looks, client_looks, server_looks
from xmpp_exporter.checks.registry import check
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.verdicts import (
    broken,
    of_endpoint_error,
    supported,
    unknown,
    unsupported,
    without_place,
)
from xmpp_exporter.model import Failure, Outcome, Reason
from xmpp_exporter.wire.dns import MAX_ENDPOINTS
from xmpp_exporter.wire.endpoints import Endpoint, direct_tls_service
from xmpp_exporter.wire.errors import NoAddress, ResolutionFailed, StreamRefused, WireError
from xmpp_exporter.wire.network import Party
from xmpp_exporter.wire.stream import TLS

REFUSALS_OF_STRANGERS = frozenset(
    {"host-unknown", "improper-addressing", "invalid-from", "not-authorized", "policy-violation", "undefined-condition"}
)
"""Stream errors by which a server may mean that we, who speak for no domain, are not welcome. The last is Prosody's,
where it has nothing to offer to somebody without a certificate: no dialback."""


@check("xep0368")
async def direct_tls(server: Server) -> Outcome:
    """XEP-0368 §3: every address of every record serves TLS with a good certificate, and a stream in it."""
    return await _direct_tls(server, Party.CLIENT, client_looks)


@check("xep0368_s2s")
async def direct_tls_between_servers(server: Server) -> Outcome:
    """XEP-0368 §3 for servers: a stream error may be meant for us, who speak for no domain."""
    return await _direct_tls(server, Party.SERVER, server_looks)


async def _direct_tls(server: Server, party: Party, looking: Callable[[Server], Awaitable[Looks]]) -> Outcome:
    service = direct_tls_service(party)
    try:
        records = await server.lookups.srv(service, server.domain)
    except ResolutionFailed as error:
        return unknown(Reason.DEPENDS_ON, error.detail)
    if not any(record.host for record in records):
        name = f"_{service}._tcp.{server.domain}"
        off = f"the SRV record {name} has the target '.': not offered here"
        return unsupported(off if records else f"there is no SRV record {name}")
    looks = await looking(server)
    endpoints = [endpoint for endpoint in looks.endpoints if endpoint.direct_tls]
    outcomes = {endpoint.host: _unresolved(endpoint) for endpoint in endpoints if endpoint.failure}
    outcomes |= {look.name: _reached(look) for look in looks.all if look.target.direct_tls}
    if len(endpoints) < len([record for record in records if record.host]):
        outcomes["more records"] = unknown(Reason.PROBER_LIMIT, f"only the first {MAX_ENDPOINTS} endpoints are tried")
    return all_supported(outcomes)


def _reached(look: Look) -> Outcome:
    error = look.certificate or look.failure
    if error is not None:
        return without_address(look, of_look_error(look, error))
    if look.stream.features.find(f"{TLS}starttls") is not None:
        return broken(
            Reason.MISMATCH,
            "offers STARTTLS inside of TLS: the server does not know that the connection is encrypted; does something "
            "in front of it do TLS?",
        )
    protocol = look.stream.tls.alpn if look.stream.tls else None
    return supported("works" + (f", chooses ALPN {protocol}" if protocol else ""))


def _unresolved(endpoint: Endpoint) -> Outcome:
    return of_endpoint_error(endpoint.error or NoAddress(f"{endpoint.host} has no address"))


def of_look_error(look: Look, error: WireError) -> Outcome:
    """The outcome of an address that did not get as far as it should."""
    if look.target.party is Party.SERVER and refuses_strangers(error):
        refusal = error.detail.removeprefix(f"{look.target}: ")
        return unknown(Reason.FORBIDDEN, f"refuses servers that do not say who they are: {refusal}")
    return of_endpoint_error(error)


def refuses_strangers(error: WireError | None) -> bool:
    """Whether this is how a server turns away who does not say which domain it speaks for (RFC 6120 §4.7.1)."""
    return isinstance(error, StreamRefused) and error.condition in REFUSALS_OF_STRANGERS


def without_address(look: Look, outcome: Outcome) -> Outcome:
    """The same outcome, its detail without the address, which stands before it in what is put together."""
    return without_place(outcome, look.target)


@check("endpoints_up")
async def endpoints_up(server: Server) -> Outcome:
    """RFC 6120 §3.2: every address of every SRV record answers; a dead one behind a living one is hidden from users."""
    parties, outcomes = await both_looks(server)
    for looks in parties:
        outcomes |= {
            f"{endpoint.host}:{endpoint.port}": _unresolved(endpoint)
            for endpoint in looks.endpoints
            if endpoint.failure
        }
        outcomes |= {look.name: _answers(look) for look in looks.all}
    return all_supported(outcomes)


def _answers(look: Look) -> Outcome:
    """Whether somebody is there at all: what is wrong with TLS or the stream is for other checks to say."""
    if look.failure is None or (look.stream.times.connect is not None and look.failure.failure in _SOMEBODY):
        return supported("answers")
    return without_address(look, of_endpoint_error(look.failure))


_SOMEBODY = frozenset({Failure.TLS, Failure.CERTIFICATE, Failure.PROTOCOL})
"""What goes wrong where somebody has accepted the connection and answered."""
