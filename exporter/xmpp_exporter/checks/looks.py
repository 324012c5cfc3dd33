"""What every address of a server's endpoints shows a stranger: looked at once, for all checks that need no account.

A look is one stream, up to its features, at one address; several checks read the same looks. Where a certificate does
not verify, another stream accepts it, so that the rest can be judged all the same; `certificate` then has the reason.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from xmpp_exporter.certificate_names import names_of
from xmpp_exporter.checks.combine import all_supported
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.verdicts import Undecided, of_error, unknown
from xmpp_exporter.model import Outcome, Reason
from xmpp_exporter.wire.endpoints import Endpoint, direct_tls_service, endpoints_of, starttls_service
from xmpp_exporter.wire.errors import CertificateRejected, WireError, WrongName
from xmpp_exporter.wire.identity import TURNED_AWAY, Identity, authenticate
from xmpp_exporter.wire.network import Party, Target
from xmpp_exporter.wire.stream import Stream


@dataclass(frozen=True, slots=True)
class Look:
    """One address. `stream` is closed by now, and has what was reached before `failure`."""

    endpoint: Endpoint
    stream: Stream
    failure: WireError | None = None
    """Why the features were not reached; None if they were."""
    certificate: CertificateRejected | None = None
    """Why the certificate did not verify."""
    chain: CertificateRejected | None = None
    """Why it would not verify whatever its names are."""
    refusal: WireError | None = None
    """Why the server does not take us for the domain of ours that we speak for, where there is one."""

    @property
    def target(self) -> Target:
        return self.stream.target

    @property
    def name(self) -> str:
        """For people; one address and port may serve several services."""
        return f"{self.endpoint.service} at {self.target}"

    @property
    def encrypted(self) -> bool:
        """Whether TLS was negotiated."""
        return self.stream.tls is not None


@dataclass(frozen=True, slots=True)
class Looks:
    """All addresses of all endpoints for clients, or for servers."""

    party: Party
    endpoints: tuple[Endpoint, ...]
    all: tuple[Look, ...]

    @property
    def open(self) -> tuple[Look, ...]:
        """Those that reached their features."""
        return tuple(look for look in self.all if look.failure is None)

    @property
    def encrypted(self) -> tuple[Look, ...]:
        """Those that negotiated TLS, whatever came then."""
        return tuple(look for look in self.all if look.encrypted)


async def client_looks(server: Server) -> Looks:
    """The endpoints for clients. Raises Undecided when none can be looked at."""
    return await server.share(
        "looks client", lambda: _look_at_all(server, server.domain, Party.CLIENT, server.endpoints)
    )


async def server_looks(server: Server) -> Looks:
    """The endpoints for other servers. Raises Undecided when none can be looked at."""
    return await looks_between_servers(server, server.domain)


async def looks_between_servers(server: Server, domain: str) -> Looks:
    """The endpoints for other servers of `domain`, which may be one of the server's components. Raises Undecided."""
    return await server.share(f"looks server {domain}", lambda: _look_at_servers(server, domain))


async def both_looks(server: Server) -> tuple[list[Looks], dict[str, Outcome]]:
    """The looks at the endpoints for clients and, where there are any, for servers; and why those could not be had."""
    parties = [await client_looks(server)]
    try:
        parties.append(await server_looks(server))
    except Undecided as undecided:
        if undecided.reason is not Reason.NOT_APPLICABLE:
            return parties, {"for servers": unknown(undecided.reason, undecided.detail)}
    return parties, {}


async def _look_at_servers(server: Server, domain: str) -> Looks:
    try:
        found = await endpoints_of(server.lookups, domain, Party.SERVER)
    except WireError as error:
        outcome = of_error(error)
        raise Undecided(outcome.reason or Reason.DEPENDS_ON, error.detail) from error
    if not found:
        raise Undecided(Reason.NOT_APPLICABLE, f"{domain} says that it serves no other servers (SRV '.')")
    return await _look_at_all(server, domain, Party.SERVER, found)


async def _look_at_all(server: Server, domain: str, party: Party, endpoints: Sequence[Endpoint]) -> Looks:
    allow_private = server.config.allow_private_addresses
    looks = await asyncio.gather(
        *(
            _look(server, endpoint, target)
            for endpoint in endpoints
            for target in endpoint.targets(domain, allow_private)
        )
    )
    return Looks(party, tuple(endpoints), tuple(looks))


async def _look(server: Server, endpoint: Endpoint, target: Target) -> Look:
    """As a server of ours where there is one; as a stranger where that one is turned away, who may get further."""
    identity = server.network.identity
    if target.party is Party.CLIENT or identity is None or identity.domain in (server.domain, target.domain):
        return await _look_as(None, server, endpoint, target)
    look = await _look_as(identity, server, endpoint, target)
    if not isinstance(look.failure, TURNED_AWAY):
        return look
    stranger = await _look_as(None, server, endpoint, target)
    further = stranger.failure is None or (stranger.encrypted and not look.encrypted)
    return replace(stranger, refusal=look.failure) if further else look


async def _look_as(identity: Identity | None, server: Server, endpoint: Endpoint, target: Target) -> Look:
    stream = Stream(server.network, target, server.timeouts, server.trace, identity)
    try:
        async with stream.open():
            return Look(endpoint, stream, refusal=await authenticate(stream, identity) if identity else None)
    except CertificateRejected as rejected:
        return await _look_again(identity, server, endpoint, target, rejected)
    except WireError as error:
        return Look(endpoint, stream, error)


async def _look_again(
    identity: Identity | None, server: Server, endpoint: Endpoint, target: Target, rejected: CertificateRejected
) -> Look:
    chain = None if isinstance(rejected, WrongName) else rejected
    while True:
        stream = Stream(server.network, target, server.timeouts, server.trace, identity)
        try:
            async with stream.open(verify=chain is None, names=False):
                good = chain is None and _names_domain(stream)
                refusal = await authenticate(stream, identity) if identity else None
                return Look(endpoint, stream, None, None if good else rejected, chain, refusal)
        except CertificateRejected as worse:  # a wrong name hides that it has expired, too
            chain = worse
        except WireError as error:
            return Look(endpoint, stream, error, rejected, chain)


def _names_domain(stream: Stream) -> bool:
    """Whether the domain is there as a name that only XMPP knows, and that our TLS library does not look for."""
    party = stream.target.party
    services = (starttls_service(party), direct_tls_service(party))
    return (
        bool(stream.certificates)
        and names_of(stream.certificates[0]).covering(stream.target.domain, services) is not None
    )


def judge_open(looks: Looks, judge: Callable[[Look], Outcome]) -> Outcome:
    """The outcome of `judge` over every address that reached its features: supported when it is everywhere.

    Addresses that did not get there are another check's business; when none did, the outcome is unknown.
    """
    return judge_those(looks, looks.open, judge, "sent stream features after TLS")


def judge_encrypted(looks: Looks, judge: Callable[[Look], Outcome]) -> Outcome:
    """The outcome of `judge` over every address that negotiated TLS, as `judge_open` has it."""
    return judge_those(looks, looks.encrypted, judge, "negotiated TLS")


def judge_those(looks: Looks, chosen: Sequence[Look], judge: Callable[[Look], Outcome], got: str) -> Outcome:
    """The outcome of `judge` over `chosen`; unknown when there are none, because no address `got` there."""
    if not chosen:
        details = "; ".join(look.failure.detail for look in looks.all if look.failure is not None)
        return unknown(Reason.DEPENDS_ON, f"no address {got}: {details}"[:1000])
    return all_supported({look.name: judge(look) for look in chosen})
