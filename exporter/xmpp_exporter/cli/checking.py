"""What `check` does once it knows what is meant: it probes the server while somebody watches."""

import logging
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

import typer

from xmpp_exporter.cli.progress import Bar, progress_bar
from xmpp_exporter.cli.registration import Registrar, ask_consent
from xmpp_exporter.cli.running import run
from xmpp_exporter.cli.target import Request
from xmpp_exporter.cli.terminal import stderr_console
from xmpp_exporter.config import ServerConfig
from xmpp_exporter.journal import Journal
from xmpp_exporter.model import ProbeKind, ProbeReport
from xmpp_exporter.network_setup import network_of
from xmpp_exporter.printable import printable
from xmpp_exporter.probe import probe_compliance
from xmpp_exporter.prober import Prober
from xmpp_exporter.serving import log
from xmpp_exporter.wire.errors import WireError
from xmpp_exporter.wire.network import Network
from xmpp_exporter.wire.registration import RegistrationForm
from xmpp_exporter.wire.trace import Trace

Result = TypeVar("Result")


@dataclass(frozen=True)
class Checking:
    """One `check`. With `verbose` a trace goes to stderr, in the place of the progress bar."""

    request: Request
    journal: Journal = field(default_factory=Journal)
    verbose: bool = False

    def run(self) -> ProbeReport:
        """Probe the server as requested. Raises Interrupted."""

        async def probe(bar: Bar) -> ProbeReport:
            return await self._probe(network_of(self.request.config), self.request.server, bar)

        return self._watched(probe)

    def run_with_temporary_account(self, *, yes: bool) -> ProbeReport:
        """The same with an account made for it, after consent or with `yes`. Raises CannotRun and Interrupted."""
        started = time.time()
        try:
            ask_consent(self.request.server.domain, self._watched(self._prepare), yes)
            return self._watched(self._probe_with_temporary_account)
        except WireError as error:
            return ProbeReport(
                domain=self.request.server.domain,
                probe=ProbeKind.COMPLIANCE,
                started=started,
                duration=time.time() - started,
                success=False,
                failure=error.failure,
                detail=error.detail,
            )

    async def _prepare(self, _bar: Bar) -> RegistrationForm:
        registrar = self._registrar(network_of(self.request.config))
        await registrar.remove_remains()
        return await registrar.form()

    async def _probe_with_temporary_account(self, bar: Bar) -> ProbeReport:
        network = network_of(self.request.config)
        async with self._registrar(network).temporary_account() as account:
            return await self._probe(network, self.request.server.model_copy(update={"account": account}), bar)

    async def _probe(self, network: Network, server: ServerConfig, bar: Bar) -> ProbeReport:
        config = self.request.config
        return await probe_compliance(
            Prober(network, self.journal, peers=config.federation.pairs([*config.servers, server])),
            server,
            only={check.id for check in self.request.checks},
            trace=self._trace(),
            progress=bar.advance,
        )

    def _registrar(self, network: Network) -> Registrar:
        return Registrar(network, self.request.server, self._trace(), _warn)

    def _trace(self) -> Trace:
        return Trace(lambda line: typer.echo(printable(line), err=True)) if self.verbose else Trace()

    def _watched(self, work: Callable[[Bar], Coroutine[Any, Any, Result]]) -> Result:
        domain, total = self.request.server.domain, len(self.request.checks)
        with progress_bar(stderr_console(), domain, total, shown=not self.verbose) as bar:

            def leave() -> None:
                bar.clear()
                typer.echo("cleaning up on the server; the same signal again leaves at once", err=True)

            return run(work(bar), leave)


def configure_logs(*, verbose: bool) -> None:
    """Our own warnings go to stderr, libraries' words only with `verbose`: they would spoil what a person reads."""
    log.configure(log.Level.INFO if verbose else log.Level.WARN)
    if not verbose:
        logging.getLogger().setLevel(logging.CRITICAL + 1)
        logging.getLogger("xmpp_exporter").setLevel(logging.WARNING)


def _warn(text: str) -> None:
    typer.echo(f"warning: {text}", err=True)
