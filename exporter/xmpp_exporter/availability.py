"""One availability probe: DNS, every address of every endpoint up to its stream features, a login and a ping."""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from xmpp_exporter.config import Account, ServerConfig
from xmpp_exporter.federation import due, latest
from xmpp_exporter.login import Door, log_in
from xmpp_exporter.memo import together
from xmpp_exporter.model import AddressReport, EndpointReport, PeerReport, ProbeKind, ProbeReport
from xmpp_exporter.prober import Prober
from xmpp_exporter.targets import targets_of
from xmpp_exporter.wire.dns import Lookups
from xmpp_exporter.wire.endpoints import Endpoint, endpoints_of
from xmpp_exporter.wire.errors import CertificateRejected, StanzaError, TimedOut, WireError
from xmpp_exporter.wire.negotiation import offered_mechanisms
from xmpp_exporter.wire.network import Party, Target, Timeouts, most_telling
from xmpp_exporter.wire.peers import ping_peer
from xmpp_exporter.wire.session import Session
from xmpp_exporter.wire.stream import Stream
from xmpp_exporter.wire.trace import Trace


async def probe_availability(
    prober: Prober,
    config: ServerConfig,
    *,
    turn: int = 0,
    trace: Trace | None = None,
    previous: ProbeReport | None = None,
) -> ProbeReport:
    """Look whether clients can connect and log in.

    `turn` counts the probes of this server: each logs in at another address, and pings other peers than the one before,
    whose report `previous` is. Never raises for what the server does: that is in the report. It succeeds when some
    address completes TLS with a valid certificate and sends its features.
    """
    hosts = [endpoint.host for endpoint in previous.endpoints] if previous else []
    probe = _Probe(prober, config, turn, trace or Trace(), hosts)
    started, clock = time.time(), time.perf_counter()
    error: WireError | None = None
    try:
        error = await probe.run()
    except WireError as failure:
        error = failure
    return ProbeReport(
        domain=config.domain,
        probe=ProbeKind.AVAILABILITY,
        started=started,
        duration=time.perf_counter() - clock - probe.waited,
        success=error is None,
        failure=error.failure if error else None,
        detail=error.detail if error else "",
        phases=probe.phases,
        login=probe.login,
        login_failure=probe.login_failure.failure if probe.login_failure else None,
        login_detail=probe.login_failure.detail if probe.login_failure else "",
        ping_duration=probe.ping_duration,
        peers=latest(probe.peers, previous.peers if previous else (), probe.all_peers, config, started),
        endpoints=tuple(probe.endpoints),
        mechanisms=probe.mechanisms,
    )


@dataclass
class _Probe:
    prober: Prober
    config: ServerConfig
    turn: int
    trace: Trace
    hosts: Sequence[str]
    """Those that the SRV records named the last time."""
    waited: float = 0.0
    phases: dict[str, float] = field(default_factory=dict)
    endpoints: list[EndpointReport] = field(default_factory=list)
    mechanisms: tuple[str, ...] = ()
    login: bool | None = None
    login_failure: WireError | None = None
    ping_duration: float | None = None
    peers: list[PeerReport] = field(default_factory=list)

    @property
    def all_peers(self) -> tuple[str, ...]:
        return self.prober.peers.get(self.config.domain, ())

    @property
    def timeouts(self) -> Timeouts:
        return Timeouts(self.config.timeouts.connect, self.config.timeouts.reply)

    async def run(self) -> WireError | None:
        """None, or why no address works."""
        lookups = Lookups(self.prober.network.resolver)
        try:
            clock = time.perf_counter()
            lookups.foresee(self.hosts)
            endpoints = await endpoints_of(lookups, self.config.domain, Party.CLIENT)
            self.phases["dns"] = time.perf_counter() - clock
        finally:
            await lookups.close()
        targets = targets_of(endpoints, self.config)
        addresses = [target.address for target in targets]
        async with self.prober.admission.enter(ProbeKind.AVAILABILITY, addresses) as self.waited:
            deadline = asyncio.get_running_loop().time() + self.config.timeouts.availability
            failures, _ = await together(
                self._look_at_all(endpoints, deadline), self._log_in(self.config.account, targets, deadline)
            )
        return None if None in failures else most_telling([failure for failure in failures if failure is not None])

    async def _look_at_all(self, endpoints: list[Endpoint], deadline: float) -> list[WireError | None]:
        """Fill in the endpoints' reports; the result has None for each address that works."""
        looks = [[self._look(target, deadline) for target in self._targets(endpoint)] for endpoint in endpoints]
        reports = await asyncio.gather(*(asyncio.gather(*group) for group in looks))
        failures: list[WireError | None] = []
        for endpoint, group in zip(endpoints, reports, strict=True):
            addresses = tuple(report for report, _failure in group)
            failures += [failure for _report, failure in group]
            self.endpoints.append(
                EndpointReport(
                    endpoint.service, endpoint.host, endpoint.port, addresses, endpoint.failure, endpoint.detail
                )
            )
        return failures

    def _targets(self, endpoint: Endpoint) -> list[Target]:
        return endpoint.targets(self.config.domain, self.config.allow_private_addresses)

    async def _look(self, target: Target, deadline: float) -> tuple[AddressReport, WireError | None]:
        stream = Stream(self.prober.network, target, self.timeouts, self.trace)
        failure: WireError | None = None
        try:
            async with asyncio.timeout_at(deadline), stream.open():
                self._note(stream)
        except CertificateRejected as error:
            failure = error
            stream = await self._inspect(target, deadline) or stream
        except WireError as error:
            failure = error
        except TimeoutError:
            failure = TimedOut(f"{target} did not get to its features within the probe's time limit")
        return _address_report(stream, failure), failure

    async def _inspect(self, target: Target, deadline: float) -> Stream | None:
        """The same stream without verification, so that the certificate's dates and the mechanisms are known."""
        stream = Stream(self.prober.network, target, self.timeouts, self.trace)
        try:
            async with asyncio.timeout_at(deadline), stream.open(verify=False):
                self.mechanisms = self.mechanisms or offered_mechanisms(stream.features)
        except (WireError, TimeoutError):
            return None
        return stream

    def _note(self, stream: Stream) -> None:
        """The first address that works stands for the server's phases and mechanisms."""
        if "connect" not in self.phases:
            self.phases |= {"connect": stream.times.connect or 0.0, "tls": stream.times.tls or 0.0}
            self.mechanisms = offered_mechanisms(stream.features)

    async def _log_in(self, account: Account | None, targets: list[Target], deadline: float) -> None:
        if account is None:
            return
        start = self.turn % len(targets)
        door = Door(self.prober.network, self.prober.backoff, self.timeouts, self.trace)
        had_its_time = False
        try:
            async with asyncio.timeout_at(deadline), self.prober.accounts.hold(account.jid) as had_its_time:
                session = await log_in(door, account, targets[start:] + targets[:start])
                try:
                    self.login = True
                    self.phases["auth"] = session.times["bind"] - session.times.get("tls", 0.0)
                    await self._ping(session)
                    peers = due(self.all_peers, self.config, self.turn)
                    await asyncio.gather(*(self._ping_peer(session, peer) for peer in peers))
                finally:
                    await session.close()
        except WireError as error:
            if self.login is None:
                self.login, self.login_failure = False, error
        except TimeoutError:
            # waiting for another probe of ours that used the account took time from the login, if it came to one at all
            if self.login is None and had_its_time:
                self.login, self.login_failure = False, TimedOut("the login did not end within the probe's time limit")

    async def _ping(self, session: Session) -> None:
        """XEP-0199; an error reply is an answer, too."""
        clock = time.perf_counter()
        with contextlib.suppress(StanzaError):
            await session.iq("get", "<ping xmlns='urn:xmpp:ping'/>", self.config.domain)
        self.ping_duration = time.perf_counter() - clock

    async def _ping_peer(self, session: Session, peer: str) -> None:
        """Whether the server reaches another; an answer that does not come says nothing."""
        with contextlib.suppress(WireError):
            pong = await ping_peer(session, peer)
            up = self.prober.is_up(peer)
            reached = None if pong.reached is False and up is False else pong.reached
            self.peers.append(PeerReport(peer, time.time(), reached, pong.duration, bool(up), pong.detail))


def _address_report(stream: Stream, failure: WireError | None) -> AddressReport:
    address, tls = stream.target.address, stream.tls
    return AddressReport(
        address=address,
        family="ipv6" if ":" in address else "ipv4",
        failure=failure.failure if failure else None,
        detail=failure.detail if failure else "",
        connect_duration=stream.times.connect,
        certificate_not_after=tls.not_after if tls else None,
        tls_version=tls.version if tls else None,
        tls_cipher=tls.cipher if tls else None,
    )
