"""The bridge as a whole: its configuration, its connection, its rooms, and what goes to whom."""

import asyncio
import contextlib
import time
import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import NoReturn
from zoneinfo import ZoneInfo

import structlog

from xmpp_alerts.bridge.addresses import bare
from xmpp_alerts.bridge.alertmanager import Alertmanager
from xmpp_alerts.bridge.commands import Commands, Desk
from xmpp_alerts.bridge.connection import Connection
from xmpp_alerts.bridge.metrics import Tally, page
from xmpp_alerts.bridge.note import Note
from xmpp_alerts.bridge.outbox import Letter, Outbox, Reason, Undelivered
from xmpp_alerts.bridge.room import Room
from xmpp_alerts.bridge.stanzas import ids_of, is_error
from xmpp_alerts.bridge.status import is_monitored
from xmpp_alerts.bridge.stream import MESSAGE, Stream
from xmpp_alerts.bridge.styling import sendable
from xmpp_alerts.bridge.text import Places, text_of
from xmpp_alerts.bridge.webhook import Group
from xmpp_alerts.config import Alerts, Chat, Subscriber, Way, load_alerts
from xmpp_badges.api import ApiError
from xmpp_badges.prometheus import Prometheus
from xmpp_exporter.backoff import LoginBackoff
from xmpp_exporter.config.values import jid_domain
from xmpp_exporter.model import Failure
from xmpp_exporter.serving.secret import Secret
from xmpp_exporter.serving.yamlfile import YamlError
from xmpp_exporter.wire.stanza import stanza_error

LONGEST_MEMORY = 3600.0
"""Seconds for which a message that has arrived is not sent again; less, where reminders come more often."""
LOOK, LOOK_AGAIN = 3600.0, 60.0
"""Seconds between two looks whether our own server is monitored; the second where Prometheus did not answer."""

_log = structlog.get_logger(__name__)


class Unknown(Exception):
    """There is no such subscriber, or he is not told by chat."""


class ReloadError(Exception):
    """The configuration could not be loaded; the one before stays. The message is what is wrong, a line each."""


class Bridge:
    """One bridge. Raises YamlError for a bad configuration, and OSError for a bad `ca_file`."""

    def __init__(self, config_file: Path) -> None:
        self._config_file = config_file
        self.alerts, self._chat = _load(config_file)
        self.tally = Tally()
        self._backoff = LoginBackoff()
        self._connection = Connection(self._chat, self, self._backoff)
        self._outbox = Outbox(lambda: self._connection, self.tally.on_sent)
        self._commands = Commands(lambda: self._connection.stream)
        self._rooms: dict[str, tuple[Room, asyncio.Task[NoReturn]]] = {}
        self._reloading = asyncio.Lock()

    @property
    def connected(self) -> bool:
        return self._connection.stream is not None

    @property
    def token(self) -> Secret:
        """What the webhook is shown."""
        return self._chat.token

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Logged in, as far as that is possible, from here to the end."""
        async with contextlib.AsyncExitStack() as self._stack, asyncio.TaskGroup() as self._tasks:
            self._connecting = self._tasks.create_task(self._connection.run())
            await self._heed()
            self._looking = self._tasks.create_task(self._look_at_account())
            try:
                yield
            finally:
                await self._commands.close()
                await self._outbox.close()
                for task in (self._looking, self._connecting, *(task for _room, task in self._rooms.values())):
                    task.cancel()

    async def reload(self) -> None:
        """Load the configuration again. Raises ReloadError, and then all stays as it was."""
        async with self._reloading:
            try:
                alerts, chat = await asyncio.to_thread(_load, self._config_file)
                connection = self._connection_for(chat)
            except (YamlError, OSError) as error:
                self.tally.reloaded = False
                errors = error.errors if isinstance(error, YamlError) else [str(error)]
                for line in errors:
                    _log.error("the configuration was not reloaded", error=line)
                raise ReloadError("\n".join(errors)) from error
            self.alerts, self._chat = alerts, chat
            if connection is not self._connection:
                self._connecting.cancel()
                self._connection = connection
                self._connecting = self._tasks.create_task(connection.run())
                self._stay_in(())
            await self._heed()
            self._looking.cancel()
            self._looking = self._tasks.create_task(self._look_at_account())
            self._backoff.forget()
            self._connection.try_now()
            self.tally.reloaded, self.tally.loaded_at = True, time.time()
            _log.info("the configuration was reloaded", subscribers=len(alerts.subscribers))

    async def tell(self, subscriber_id: str, group: Group) -> None:
        """Tell a subscriber of a group of alerts. Raises Unknown and Undelivered."""
        subscriber = self._subscriber(subscriber_id)
        text = text_of(group, Places(self.alerts.pages.rstrip("/"), self._desk.zone))
        await self._deliver(subscriber, group.message_id(self.alerts.repeat), text)

    async def pass_on(self, subscriber_id: str, note: Note) -> None:
        """Send a subscriber a ready text. Raises Unknown and Undelivered."""
        await self._deliver(self._subscriber(subscriber_id), note.message_id, sendable(note.text))

    def metrics(self) -> bytes:
        """The page of /metrics."""
        rooms = [room for room, _task in self._rooms.values()]
        joined = sum(room.joined.is_set() for room in rooms) if self.connected else 0
        return page(lambda: self.tally.values(self.connected, len(rooms), joined))

    # what the connection tells us

    def on_begin(self, stream: Stream) -> None:
        for room, _task in self._rooms.values():
            room.left()

    def on_failure(self, failure: Failure) -> None:
        self.tally.connection_failures[str(failure)] += 1

    def on_stanza(self, element: ET.Element) -> None:
        sender = bare(element.get("from", ""))
        if sender in self._rooms:
            self._rooms[sender][0].on_stanza(element)
        elif element.tag == MESSAGE and is_error(element):
            self._on_bounce(sender, element)
        elif element.tag == MESSAGE:
            self._commands.on_message(element)

    def _on_bounce(self, sender: str, element: ET.Element) -> None:
        error = stanza_error(element)
        if self._outbox.on_bounce(sender, ids_of(element), error):
            self.tally.failed[str(Reason.BOUNCED)] += 1
            _log.warning("a message that the server had taken came back", jid=sender, error=error.detail)

    # what the configuration says

    async def _heed(self) -> None:
        """Do what the configuration says, but for the connection."""
        alerts, chat = self.alerts, self._chat
        prometheus, alertmanager = await self._programs()
        self._desk = self._commands.desk = Desk(prometheus, alertmanager, ZoneInfo(alerts.timezone))
        self._commands.allowed = frozenset(filter(None, map(bare, chat.commands_from)))
        self._outbox.remember = min(LONGEST_MEMORY, alerts.repeat / 2)
        self._stay_in(tuple(subscriber.address for subscriber in alerts.by(Way.ROOM)))

    async def _programs(self) -> tuple[Prometheus, Alertmanager]:
        """Those that are asked. The ones of before stay open to the end: somebody may still be using them."""
        desk, alerts = self._commands.desk, self.alerts
        if desk and (desk.prometheus.settings, desk.alertmanager.settings) == (alerts.prometheus, alerts.alertmanager):
            return desk.prometheus, desk.alertmanager
        return (
            await self._stack.enter_async_context(Prometheus(alerts.prometheus)),
            await self._stack.enter_async_context(Alertmanager(alerts.alertmanager)),
        )

    def _stay_in(self, jids: Iterable[str]) -> None:
        wanted = {bare(jid) for jid in jids}
        for jid in self._rooms.keys() - wanted:
            self._rooms.pop(jid)[1].cancel()
        for jid in wanted - self._rooms.keys():
            room = Room(jid, self._chat.nick, self._connection)
            self._rooms[jid] = room, self._tasks.create_task(room.run())

    def _connection_for(self, chat: Chat) -> Connection:
        """The connection that we have, or a new one where the account is another."""
        settings = {"jid", "password_file", "credential", "host", "port", "ca_file", "nick"}
        if chat.model_dump(include=settings) == self._chat.model_dump(include=settings):
            return self._connection
        return Connection(chat, self, self._backoff)

    def _subscriber(self, subscriber_id: str) -> Subscriber:
        for subscriber in self.alerts.by(Way.CHAT, Way.ROOM):
            if subscriber.id == subscriber_id:
                return subscriber
        raise Unknown(subscriber_id)

    async def _deliver(self, subscriber: Subscriber, message_id: str, text: str) -> None:
        to = bare(subscriber.address)
        room = self._rooms[to][0] if subscriber.way is Way.ROOM else None
        try:
            await self._outbox.deliver(Letter(message_id, to, text, room))
        except Undelivered as error:
            self.tally.failed[str(error.reason)] += 1
            _log.warning("not delivered", subscriber=subscriber.id, reason=str(error.reason), detail=str(error))
            raise

    async def _look_at_account(self) -> NoReturn:
        """Whoever is told by the server that is down is not told that it is."""
        asked, self.tally.account_monitored = True, None
        while True:
            domain = jid_domain(self._chat.jid)
            try:
                monitored = await is_monitored(self._desk.prometheus, domain)
            except ApiError as error:
                if asked:
                    _log.warning("cannot tell whether our own server is monitored", error=str(error))
                asked, self.tally.account_monitored = False, None
                await asyncio.sleep(LOOK_AGAIN)
                continue
            if monitored and not self.tally.account_monitored:
                _log.warning("the account is on a monitored server: nobody is told when that is down", domain=domain)
            asked, self.tally.account_monitored = True, monitored
            await asyncio.sleep(LOOK)


def _load(config_file: Path) -> tuple[Alerts, Chat]:
    """Raises YamlError."""
    alerts = load_alerts(config_file)
    if alerts.chat is None:
        raise YamlError([f"{config_file}: chat: is missing: the bridge needs an account to write with"])
    return alerts, alerts.chat
