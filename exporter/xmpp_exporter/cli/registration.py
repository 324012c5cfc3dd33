"""`check --register`: a temporary account for one check, made with consent and removed in every outcome."""

import asyncio
import contextlib
import secrets
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

import typer
from pydantic import SecretStr

from xmpp_exporter.backoff import LoginBackoff
from xmpp_exporter.checks.server import finish
from xmpp_exporter.cli.errors import CannotRun, ExitCode
from xmpp_exporter.cli.remains import Remains, note, notes_of
from xmpp_exporter.config import PromptedAccount, ServerConfig
from xmpp_exporter.login import Door, log_in
from xmpp_exporter.model import Failure
from xmpp_exporter.printable import printable
from xmpp_exporter.targets import targets_of
from xmpp_exporter.wire.dns import Lookups
from xmpp_exporter.wire.endpoints import endpoints_of
from xmpp_exporter.wire.errors import LoginFailed, StanzaError, TimedOut, Unreachable, WireError
from xmpp_exporter.wire.network import Network, Party, Target, Timeouts
from xmpp_exporter.wire.registration import (
    RegistrationForm,
    RegistrationRefused,
    register,
    registration_form,
    remove_account,
)
from xmpp_exporter.wire.stream import Stream
from xmpp_exporter.wire.trace import Trace

REMOVAL_LIMIT = 60.0
"""Seconds for removing the account, even while the user wants to leave."""

_GONE = frozenset({Failure.BAD_PASSWORD, Failure.ACCOUNT_DISABLED})
"""How a server refuses the login of an account that does not exist."""


@dataclass(frozen=True)
class Registrar:
    """Registration at one server."""

    network: Network
    config: ServerConfig
    trace: Trace
    warn: Callable[[str], None]
    """Called with a sentence for each account that could not be removed."""

    @property
    def _timeouts(self) -> Timeouts:
        return Timeouts(self.config.timeouts.connect, self.config.timeouts.reply)

    async def form(self) -> RegistrationForm:
        """What the server asks. Raises WireError; RegistrationRefused where no program may register."""
        async with self._stream(await self._targets()) as stream:
            return await registration_form(stream)

    async def remove_remains(self) -> None:
        """Remove the accounts that earlier runs had to leave; `warn` is told of those that are still there."""
        for remains in notes_of(self.config.domain):
            with remains:
                await self._give_back(await self._targets(), remains)

    @contextlib.asynccontextmanager
    async def temporary_account(self) -> AsyncIterator[PromptedAccount]:
        """An account of a random name for the time of the context. Raises WireError when it cannot be made.

        If it cannot be removed, `warn` is told, and the next registration at the domain tries again.
        """
        targets = await self._targets()
        name, password = f"xmpp-exporter-{secrets.token_hex(4)}", secrets.token_urlsafe(24)
        with note(f"{name}@{self.config.domain}", password) as remains:
            try:
                async with self._stream(targets) as stream:
                    await register(stream, await registration_form(stream), name, password)
                yield _account(remains)
            except RegistrationRefused:
                remains.forget()
                raise
            finally:
                if not remains.forgotten:
                    await finish(self._give_back(targets, remains), 2 * REMOVAL_LIMIT)

    async def _give_back(self, targets: Sequence[Target], remains: Remains) -> None:
        """Remove the account, or say that it is still there."""
        try:
            async with asyncio.timeout(REMOVAL_LIMIT):
                await self._remove(targets, remains)
        except WireError as error:
            self.warn(_still_there(remains, error.detail))
        except TimeoutError:
            self.warn(_still_there(remains, "it took too long"))

    async def _remove(self, targets: Sequence[Target], remains: Remains) -> None:
        door = Door(self.network, LoginBackoff(), self._timeouts, self.trace)
        last: WireError = Unreachable("no endpoint to log in at")
        for _attempt in range(2):  # some servers end the stream instead of answering: the login then shows it is gone
            try:
                session = await log_in(door, _account(remains), targets)
            except LoginFailed as error:
                if error.failure not in _GONE:
                    raise
                remains.forget()
                return
            try:
                await remove_account(session)
            except StanzaError:
                raise
            except WireError as error:
                last = error
                continue
            finally:
                await session.close()
            remains.forget()
            return
        raise last

    async def _targets(self) -> list[Target]:
        lookups = Lookups(self.network.resolver)
        try:
            return targets_of(await endpoints_of(lookups, self.config.domain, Party.CLIENT), self.config)
        finally:
            await lookups.close()

    @contextlib.asynccontextmanager
    async def _stream(self, targets: Sequence[Target]) -> AsyncIterator[Stream]:
        """A stream without login over TLS with a verified certificate: a password will go over it."""
        limit = asyncio.get_running_loop().time() + 2 * self._timeouts.connect + 4 * self._timeouts.reply
        last: WireError = Unreachable("no endpoint to connect to")
        for target in targets:
            opened = Stream(self.network, target, self._timeouts).open()
            try:
                stream = await opened.__aenter__()
            except WireError as error:
                last = error
                continue
            try:
                async with asyncio.timeout_at(limit):
                    yield stream
            except TimeoutError:
                raise TimedOut(f"{target} did not finish the registration in time") from None
            finally:
                await opened.__aexit__(None, None, None)
            return
        raise last


def ask_consent(domain: str, form: RegistrationForm, yes: bool) -> None:
    """Say what is about to happen, show the server's words, and ask unless `yes`. Raises CannotRun without consent."""
    typer.echo(
        f"--register makes a temporary account at {domain} and removes it after the check.\n"
        "The server's operator may be told of it, and some servers never give the name to anybody again.",
        err=True,
    )
    if form.instructions:
        typer.echo("The server says:", err=True)
        for line in form.instructions.splitlines():
            typer.echo(f"  {printable(line)}", err=True)
    if yes:
        return
    if not sys.stdin.isatty():
        raise CannotRun("there is no terminal to ask whether to make the account: write --yes if you agree")
    typer.echo("Make the account? [y/N] ", err=True, nl=False)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise CannotRun("no account was made, and nothing was checked", ExitCode.NOT_PROBED)


def _account(remains: Remains) -> PromptedAccount:
    return PromptedAccount(jid=remains.jid, given=SecretStr(remains.password))


def _still_there(remains: Remains, why: str) -> str:
    return (
        f"the temporary account {remains.jid} could not be removed: {printable(why)}; "
        f"the next check --register tries again, and its password is in {remains.path}"
    )
