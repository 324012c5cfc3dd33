"""What people may tell the bridge in a chat: only those whom the configuration names, and only in private."""

import asyncio
import time
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

import structlog

from xmpp_alerts.bridge.addresses import bare
from xmpp_alerts.bridge.alertmanager import Alertmanager
from xmpp_alerts.bridge.stanzas import DELAY, body_of, message
from xmpp_alerts.bridge.status import is_monitored, status_of, status_of_all
from xmpp_alerts.bridge.stream import Stream
from xmpp_alerts.bridge.styling import plain, sendable
from xmpp_alerts.bridge.text import moment
from xmpp_badges.api import ApiError, Away
from xmpp_badges.prometheus import Prometheus
from xmpp_exporter.config.values import parse_domain, parse_duration
from xmpp_exporter.wire.errors import WireError

HELP = """\
status — all servers and all alerts
status DOMAIN — one server: what does not work there
silence DOMAIN 2h [why] — no alerts about it for so long (30m, 2h, 1d; up to 30 days)
help — this"""
LONGEST_SILENCE = 30 * 86400.0
LIMIT = 20.0
"""Seconds for one answer."""
STALE = 300.0
"""Seconds after which a command that waited for us is not obeyed any more."""
AT_ONCE = 4
"""Commands that are worked on; who sends more at once gets no answer to those."""
MAX_COMMAND = 1000
"""Characters."""

_log = structlog.get_logger(__name__)


class Misunderstood(Exception):
    """What was wrong with a command, as the answer to it."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What commands work with."""

    prometheus: Prometheus
    alertmanager: Alertmanager
    zone: tzinfo


Command = Callable[[Desk, Sequence[str], str], Awaitable[str]]
"""Given the words behind its name and the bare JID of who says them: the answer. Raises Misunderstood and ApiError."""


async def _help(desk: Desk, words: Sequence[str], author: str) -> str:
    return HELP


async def _status(desk: Desk, words: Sequence[str], author: str) -> str:
    if not words:
        return await status_of_all(desk.prometheus, desk.alertmanager, desk.zone)
    if len(words) > 1:
        raise Misunderstood("Write: status, or: status DOMAIN")
    return await status_of(desk.prometheus, desk.alertmanager, _domain(words[0]), desk.zone)


async def _silence(desk: Desk, words: Sequence[str], author: str) -> str:
    if len(words) < 2:
        raise Misunderstood("Write: silence DOMAIN 2h, and why if you like")
    domain, seconds = _domain(words[0]), _seconds(words[1])
    try:
        if not await is_monitored(desk.prometheus, domain):
            raise Misunderstood(f"{domain} is not monitored: nothing was silenced.")
    except Away:
        pass  # all the more reason to obey
    comment = " ".join(words[2:]) or "by chat"
    silence_id, ends = await desk.alertmanager.silence(domain, seconds, author, plain(comment, 200))
    _log.info("silenced", domain=domain, seconds=seconds, by=author, silence=silence_id)
    return f"No alerts about {domain} until {moment(ends, desk.zone)} (silence {plain(silence_id, 50)})."


COMMANDS: dict[str, Command] = {"help": _help, "status": _status, "silence": _silence}


def _domain(word: str) -> str:
    try:
        return parse_domain(word)
    except ValueError as error:
        raise Misunderstood(f"{plain(word, 100)} {plain(str(error), 200)}") from error


def _seconds(word: str) -> float:
    try:
        seconds = parse_duration(word)
    except ValueError as error:
        raise Misunderstood(f"{plain(word, 100)} {error}") from error
    if seconds > LONGEST_SILENCE:
        raise Misunderstood("That is longer than 30 days.")
    return seconds


async def answer_to(text: str, author: str, desk: Desk) -> str:
    """What to say to somebody who may ask."""
    words = text.split()
    command = COMMANDS.get(words[0].lower() if words else "help")
    if command is None:
        return f"I do not know {plain(words[0], 50)}.\n{HELP}"
    try:
        async with asyncio.timeout(LIMIT):
            return await command(desk, words[1:], author)
    except Misunderstood as error:
        return str(error)
    except ApiError as error:
        return f"That did not work: {plain(str(error), 300)}"
    except TimeoutError:
        return "That did not work: it took too long."


class Commands:
    """Hears what is written to us. `allowed` are bare JIDs."""

    def __init__(self, stream: Callable[[], Stream | None]) -> None:
        self.allowed: frozenset[str] = frozenset()
        self.desk: Desk | None = None
        self._stream = stream
        self._answering: set[asyncio.Task[None]] = set()

    def on_message(self, element: ET.Element) -> None:
        """A message that is no error. Nobody else is answered, nor learns that anybody is."""
        sender, text = element.get("from", ""), body_of(element)[:MAX_COMMAND]
        author = bare(sender)
        if element.get("type") in ("groupchat", "headline") or author not in self.allowed or not text.strip():
            return
        if self.desk is None or len(self._answering) >= AT_ONCE:
            return
        task = asyncio.create_task(self._answer(sender, author, text, _age(element), self.desk))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    async def close(self) -> None:
        for task in self._answering:
            task.cancel()
        await asyncio.gather(*self._answering, return_exceptions=True)

    async def _answer(self, to: str, author: str, text: str, age: float, desk: Desk) -> None:
        if age > STALE:
            answer = "I was away when you wrote that, and did not do it. Please write it again."
        else:
            answer = await answer_to(text, author, desk)
        stream = self._stream()
        if stream is None:
            return
        try:
            stream.send(message("chat", to, uuid.uuid4().hex, sendable(answer)))
        except WireError as error:
            _log.warning("a command was not answered", jid=author, error=error.detail)


def _age(element: ET.Element) -> float:
    """How long the message waited for us, in seconds (XEP-0203)."""
    stamps = [delay.get("stamp", "") for delay in element.iterfind(DELAY)]
    return max((_since(stamp) for stamp in stamps), default=0.0)


def _since(stamp: str) -> float:
    try:
        moment_ = datetime.fromisoformat(stamp)
    except ValueError:
        return STALE + 1  # it waited, nobody knows how long
    return time.time() - moment_.replace(tzinfo=moment_.tzinfo or UTC).timestamp()
