"""One compliance probe of one server, from DNS to the last check."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field

from xmpp_exporter.catalogue import Check, checks
from xmpp_exporter.checks import Server, functions, run
from xmpp_exporter.checks.software import recognised
from xmpp_exporter.checks.verdicts import unknown
from xmpp_exporter.config import Account, ServerConfig
from xmpp_exporter.front import front_stream
from xmpp_exporter.login import Door, log_in
from xmpp_exporter.memo import all_of, together
from xmpp_exporter.model import CheckResult, Failure, Outcome, ProbeKind, ProbeReport, Reason, Software
from xmpp_exporter.prober import Prober
from xmpp_exporter.sessions_ahead import begin_sessions
from xmpp_exporter.standing import standing, to_keep
from xmpp_exporter.targets import targets_of
from xmpp_exporter.wire.dns import Lookups
from xmpp_exporter.wire.endpoints import Endpoint, endpoints_of
from xmpp_exporter.wire.errors import ProberLimit, TimedOut, WireError
from xmpp_exporter.wire.http import Http
from xmpp_exporter.wire.negotiation import offered_mechanisms
from xmpp_exporter.wire.network import Party, Target, Timeouts
from xmpp_exporter.wire.session import Session
from xmpp_exporter.wire.stream import Stream
from xmpp_exporter.wire.trace import Trace

Progress = Callable[[CheckResult], None]


async def probe_compliance(
    prober: Prober,
    config: ServerConfig,
    *,
    only: Collection[str] | None = None,
    previous: ProbeReport | None = None,
    trace: Trace | None = None,
    progress: Progress | None = None,
) -> ProbeReport:
    """Run the catalogue, or the checks `only`, on one server.

    `previous` is its last compliance report. `progress` is called with each result as it comes. Never raises for what
    the server does: that is in the report, which has no results for a server that is down. Cancelled, it cleans up on
    the server first.
    """
    wanted = [check for check in checks().values() if only is None or check.id in only]
    probe = _Probe(prober, config, trace or Trace(), previous, progress or (lambda result: None))
    return await probe.report(wanted)


@dataclass
class _Probe:
    """One probe while it runs."""

    prober: Prober
    config: ServerConfig
    trace: Trace
    previous: ProbeReport | None
    progress: Progress
    phases: dict[str, float] = field(default_factory=dict)
    waited: float = 0.0
    results: dict[str, CheckResult] = field(default_factory=dict)
    login_failure: WireError | None = None
    session: Session | None = None
    software: Software | None = None
    mechanisms: tuple[str, ...] = ()
    services: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def timeouts(self) -> Timeouts:
        return Timeouts(self.config.timeouts.connect, self.config.timeouts.reply)

    @property
    def _door(self) -> Door:
        return Door(self.prober.network, self.prober.backoff, self.timeouts, self.trace)

    async def report(self, wanted: list[Check]) -> ProbeReport:
        started, clock = time.time(), time.perf_counter()
        error: WireError | None = None
        try:
            async with contextlib.AsyncExitStack() as stack:
                await self._run(stack, wanted)
        except WireError as failure:
            error = failure
        return ProbeReport(
            domain=self.config.domain,
            probe=ProbeKind.COMPLIANCE,
            started=started,
            duration=time.perf_counter() - clock - self.waited,
            success=error is None,
            failure=error.failure if error else None,
            detail=error.detail if error else "",
            phases=self.phases,
            login=True if self.session else False if self.login_failure else None,
            login_failure=self.login_failure.failure if self.login_failure else None,
            login_detail=self.login_failure.detail if self.login_failure else "",
            software=self.software,
            mechanisms=self.mechanisms,
            services=self.services,
            kept=to_keep(wanted, self.results, self.previous, started),
            checks=tuple(self.results[check.id] for check in wanted if check.id in self.results),
        )

    async def _run(self, stack: contextlib.AsyncExitStack, wanted: list[Check]) -> None:
        """Open what the checks need and run them; `stack` cleans up. Raises WireError when the server is down."""
        lookups = Lookups(self.prober.network.resolver)
        stack.push_async_callback(lookups.close)
        clock = time.perf_counter()
        endpoints = await endpoints_of(lookups, self.config.domain, Party.CLIENT)
        self.phases["dns"] = time.perf_counter() - clock
        targets = targets_of(endpoints, self.config)
        self.waited = await stack.enter_async_context(
            self.prober.admission.enter(ProbeKind.COMPLIANCE, [target.address for target in targets])
        )
        old = standing(wanted, self.config, self.previous, time.time())
        fresh = [check for check in wanted if check.id not in old]
        account = self.config.account if any(check.needs for check in fresh) else None
        if account is not None:
            await self._hold(stack, account)
        deadline = asyncio.get_running_loop().time() + self.config.timeouts.compliance
        try:
            async with asyncio.timeout_at(deadline):
                server = await self._enter(stack, lookups, endpoints, account, fresh)
        except TimeoutError:
            raise TimedOut("the server did not let us in within the probe's time limit") from None
        clock = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._ask_software(server, deadline))
            for check in fresh:
                group.create_task(self._check(check, server, deadline))
            for result in old.values():
                self._take(result)
        self.phases["checks"] = time.perf_counter() - clock
        if asyncio.get_running_loop().time() >= deadline:
            raise TimedOut(f"the probe did not end within {self.config.timeouts.compliance:g} s")

    async def _hold(self, stack: contextlib.AsyncExitStack, account: Account) -> None:
        """Keep the account until `stack` ends. The time of the server does not run while we wait for ourselves."""
        limit, clock = self.config.timeouts.compliance, time.perf_counter()
        try:
            async with asyncio.timeout(limit):
                await stack.enter_async_context(self.prober.accounts.hold(account.jid))
        except TimeoutError:
            raise ProberLimit(f"another probe has used the account for {limit:g} s") from None
        finally:
            self.waited += time.perf_counter() - clock

    async def _enter(
        self,
        stack: contextlib.AsyncExitStack,
        lookups: Lookups,
        endpoints: list[Endpoint],
        account: Account | None,
        fresh: list[Check],
    ) -> Server:
        """The server with all that checks share; `stack` closes it."""
        network = self.prober.network
        targets = targets_of(endpoints, self.config)
        ahead = begin_sessions(self._door, self.config, account, targets[0], fresh) if account is not None else []
        for each in ahead:
            stack.push_async_callback(each.close)
        front, _ = await together(
            stack.enter_async_context(front_stream(network, targets, self.timeouts, self.trace)),
            self._log_in(stack, account, targets),
        )
        if self.session is None:  # nobody will ask for those that wait, which keep connections from other checks
            await all_of(each.close() for each in ahead)
            ahead.clear()
        self.mechanisms = offered_mechanisms(front.features)
        self._note_phases(front)
        http = Http(network, lookups, self.timeouts, self.config.allow_private_addresses, self.trace)
        stack.push_async_callback(http.close)
        server = Server(
            config=self.config,
            network=network,
            lookups=lookups,
            http=http,
            journal=self.prober.journal,
            endpoints=endpoints,
            front=front,
            trace=self.trace,
            login=self.session,
            no_session=self._no_session(),
            login_failure=self.login_failure,
            ahead=ahead,
            log_in_second=self._second(stack, targets),
            running=frozenset(check.id for check in fresh),
            previous=self.previous,
            services=self.services,
            peers=self.prober.peers.get(self.config.domain, ()),
        )
        stack.push_async_callback(server.close)
        if self.session is not None:
            await server.sweep()
        return server

    async def _log_in(self, stack: contextlib.AsyncExitStack, account: Account | None, targets: list[Target]) -> None:
        if account is None:
            return
        try:
            self.session = await log_in(self._door, account, targets)
            stack.push_async_callback(self.session.close)
        except WireError as error:
            self.login_failure = error

    def _second(
        self, stack: contextlib.AsyncExitStack, targets: list[Target]
    ) -> Callable[[], Awaitable[Session]] | None:
        """How the second account is logged in, if there is one; `stack` ends its session."""
        account = self.config.second_account
        if account is None:
            return None

        async def log_in_second() -> Session:
            await stack.enter_async_context(self.prober.accounts.hold(account.jid))
            session = await log_in(self._door, account, targets)
            stack.push_async_callback(session.close)
            return session

        return log_in_second

    def _no_session(self) -> Outcome | None:
        """The outcome of checks that need a login, when there is none."""
        if self.login_failure is None:
            return unknown(Reason.NO_ACCOUNT, "needs an account on the server")
        failure = self.login_failure.failure
        reason = Reason.PROBER_LIMIT if failure is Failure.PROBER_LIMIT else Reason.LOGIN_FAILED
        return unknown(reason, f"the login failed ({failure}): {self.login_failure.detail}")

    def _note_phases(self, front: Stream) -> None:
        times = front.times
        self.phases |= {"connect": times.connect or 0.0, "tls": times.tls or 0.0}
        if self.session is not None:
            reached = self.session.times
            self.phases["auth"] = reached.get("bind", 0.0) - reached.get("tls", 0.0)

    async def _check(self, check: Check, server: Server, deadline: float) -> None:
        self._take(await run(check, functions()[check.id], server, deadline))

    def _take(self, result: CheckResult) -> None:
        self.results[result.check] = result
        self.progress(result)

    async def _ask_software(self, server: Server, deadline: float) -> None:
        """Who neither says nor reveals it is asked again next time."""
        if server.login is None:
            return
        with contextlib.suppress(WireError, TimeoutError):
            async with asyncio.timeout_at(deadline):
                self.software = await recognised(server)
