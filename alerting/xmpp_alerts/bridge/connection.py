"""Stays logged in: connects again whenever the connection is lost, and never in a hurry."""

import asyncio
import contextlib
import ipaddress
import time
import xml.etree.ElementTree as ET
from typing import NoReturn, Protocol

import structlog

from xmpp_alerts.bridge.acknowledgements import Acknowledgements
from xmpp_alerts.bridge.backoff import BackOff
from xmpp_alerts.bridge.stream import Stream
from xmpp_alerts.config import Chat
from xmpp_exporter import __version__
from xmpp_exporter.backoff import LoginBackoff
from xmpp_exporter.config import Account
from xmpp_exporter.config.values import jid_domain
from xmpp_exporter.login import Door, log_in_with
from xmpp_exporter.model import Failure
from xmpp_exporter.wire.dns import Lookups, Resolver
from xmpp_exporter.wire.endpoints import Endpoint, endpoints_of, starttls_service
from xmpp_exporter.wire.errors import LoginFailed, NotOffered, WireError
from xmpp_exporter.wire.network import Network, Party, Target, Timeouts
from xmpp_exporter.wire.session import Credentials
from xmpp_exporter.wire.tls import TlsContexts
from xmpp_exporter.wire.trace import Trace

FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
"""Seconds between attempts to connect. A refused password is tried again much later: see xmpp_exporter.backoff."""
STABLE = 60.0
"""Seconds after which a connection counts as one that works."""

_log = structlog.get_logger(__name__)


class Listener(Protocol):
    """Who hears of what happens on the connection."""

    def on_stanza(self, element: ET.Element) -> None:
        """A message or a presence has come."""

    def on_begin(self, stream: Stream) -> None:
        """We are logged in, and whatever was known of the login before is over."""

    def on_failure(self, failure: Failure) -> None:
        """We could not log in, or the connection is lost."""


class Connection:
    """The account's stream, whenever there is one. Raises OSError for an unusable `ca_file`."""

    def __init__(self, chat: Chat, listener: Listener, backoff: LoginBackoff) -> None:
        self._stream: Stream | None = None
        self._chat = chat
        self._listener = listener
        self._account = Account(
            jid=chat.jid, password_file=chat.password_file, credential=chat.credential, allow_plain=True
        )
        network = Network(Resolver(), TlsContexts(chat.ca_file), user_agent=f"xmpp-alerts/{__version__}")
        self._door = Door(network, backoff, Timeouts(), Trace())
        self._acknowledgements = Acknowledgements()
        self._up = asyncio.Event()
        self._hurry = asyncio.Event()
        self._told: tuple[Failure, str] | None = None
        """What the log says already of why there is no connection."""

    @property
    def stream(self) -> Stream | None:
        """The stream, if there is one now."""
        return None if self._stream is None or self._stream.over.is_set() else self._stream

    async def ready(self) -> Stream:
        """The stream, as soon as there is one."""
        while (stream := self.stream) is None:
            self._up.clear()
            await self._up.wait()
        return stream

    def try_now(self) -> None:
        """Connect without waiting any longer, if we are not connected."""
        self._hurry.set()

    async def run(self) -> NoReturn:
        """Stay logged in until cancelled."""
        waits = BackOff(FIRST_WAIT, LONGEST_WAIT)
        try:
            while True:
                began = time.monotonic()
                try:
                    await self._be_connected()
                except WireError as error:
                    self._tell(error)
                if time.monotonic() - began >= STABLE:
                    waits.reset()
                self._hurry.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(waits.next()):
                        await self._hurry.wait()
        finally:
            self._acknowledgements.lose()

    async def _be_connected(self) -> NoReturn:
        """One login, from its beginning to its end. Raises WireError."""
        stream = await self._log_in()
        try:
            await stream.begin()
            self._stream, self._told = stream, None
            self._up.set()
            _log.info("logged in", jid=stream.jid, server=str(stream.target), resumed=stream.resumed)
            if not stream.resumed:
                self._listener.on_begin(stream)
            await stream.watch()
        finally:
            self._stream = None
            await stream.close()
            if not self._acknowledgements.resumable:
                self._acknowledgements.lose()

    async def _log_in(self) -> Stream:
        resuming = self._acknowledgements.resumable
        targets = await self._targets()
        try:
            return await log_in_with(self._stream_at, self._door, self._account, targets)
        except WireError:
            # The server does not know the stream any more, as after a restart: that costs no wait.
            if not resuming or self._acknowledgements.resumable:
                raise
        return await log_in_with(self._stream_at, self._door, self._account, targets)

    def _stream_at(
        self, network: Network, target: Target, credentials: Credentials, timeouts: Timeouts, trace: Trace
    ) -> Stream:
        if not self._acknowledgements.resumable:
            self._acknowledgements.lose()
            self._acknowledgements = Acknowledgements()
        return Stream(network, target, credentials, timeouts, trace, self._acknowledgements, self._listener.on_stanza)

    async def _targets(self) -> list[Target]:
        """Where to connect to, in order of preference. Raises WireError."""
        domain = jid_domain(self._chat.jid)
        lookups = Lookups(self._door.network.resolver)
        try:
            if self._chat.host is None:
                endpoints = await endpoints_of(lookups, domain, Party.CLIENT)
            else:
                addresses = await _addresses(lookups, self._chat.host)
                service = starttls_service(Party.CLIENT)
                endpoints = [Endpoint(service, self._chat.host, self._chat.port, tuple(addresses))]
        finally:
            await lookups.close()
        if targets := [target for endpoint in endpoints for target in endpoint.targets(domain, allow_private=True)]:
            return targets
        raise next((each.error for each in endpoints if each.error), NotOffered(f"{domain} is not for clients"))

    def _tell(self, error: WireError) -> None:
        self._listener.on_failure(error.failure)
        if self._told == (error.failure, error.detail):
            return
        self._told = (error.failure, error.detail)
        say = _log.error if isinstance(error, LoginFailed) else _log.warning
        say("not connected", jid=self._chat.jid, reason=str(error.failure), detail=error.detail)


async def _addresses(lookups: Lookups, host: str) -> list[str]:
    with contextlib.suppress(ValueError):
        return [str(ipaddress.ip_address(host))]
    return await lookups.addresses(host)
