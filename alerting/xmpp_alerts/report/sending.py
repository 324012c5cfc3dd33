"""Hands reports over, each by its subscriber's way, and notes each at once: whatever ends us, the next run goes on."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from xmpp_alerts.config import Alerts, Way
from xmpp_alerts.report.ledger import Ledger
from xmpp_alerts.report.mail import mail, message_name
from xmpp_alerts.report.report import Report
from xmpp_alerts.report.smtp import MailServer, NotSent, ServerAway
from xmpp_badges.api import Api, ApiError, ApiSettings, Away

CHAT_TIMEOUT = 15.0
"""Seconds: the bridge answers after seven at the latest."""


@dataclass
class Outcome:
    """What became of all reports."""

    sent: list[str] = field(default_factory=list)
    """Subscribers."""
    before: list[str] = field(default_factory=list)
    """Those who had theirs from an earlier run."""
    failures: list[str] = field(default_factory=list)
    """A sentence for each that was not sent."""


class Sending:
    """The ways by which subscribers are reached, for as long as the `async with` block lasts."""

    def __init__(self, alerts: Alerts, ledger: Ledger, only: Sequence[str]) -> None:
        self.outcome = Outcome()
        self._alerts, self._ledger, self._only = alerts, ledger, only
        self._closed: dict[Way, str] = {}
        """Ways that nothing goes by any more, and why."""
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        alerts = self._alerts
        if alerts.smtp is not None:
            self._mails = self._stack.enter_context(MailServer(alerts.smtp))
        if alerts.chat is not None:
            settings = ApiSettings(url=alerts.chat.webhook, timeout=CHAT_TIMEOUT, bearer=alerts.chat.token)
            self._bridge = await self._stack.enter_async_context(Api(settings))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def send_all(self, reports: Sequence[Report], on_done: Callable[[], None]) -> None:
        """Each once; `on_done` is called after each. Cancelled, it ends after the report that is underway."""
        for report in reports:
            task = asyncio.create_task(self._send(report))
            try:
                await asyncio.shield(task)
            except asyncio.CancelledError:
                await task  # or it would be sent and not noted
                raise
            on_done()

    async def _send(self, report: Report) -> None:
        subscriber, outcome = report.subscriber, self.outcome
        name = message_name(report, self._only)
        if self._ledger.has(name):
            outcome.before.append(subscriber.id)
            return
        way = Way.MAIL if subscriber.way is Way.MAIL else Way.CHAT
        try:
            if way in self._closed:
                raise NotSent(self._closed[way])
            await (self._mail if way is Way.MAIL else self._tell)(report, name)
        except (NotSent, ApiError) as error:
            outcome.failures.append(f"{subscriber.id}: {error}")
            if isinstance(error, (ServerAway, Away)):
                self._closed[way] = str(error)
        else:
            self._ledger.add(name)
            outcome.sent.append(subscriber.id)

    async def _mail(self, report: Report, name: str) -> None:
        assert self._alerts.smtp is not None  # noqa: S101 - the configuration was checked
        message = mail(report, self._alerts.smtp, name)
        await asyncio.to_thread(self._mails.send, message)

    async def _tell(self, report: Report, name: str) -> None:
        """Through the bridge, which answers when the XMPP server has it; the same id is the same message to it."""
        await self._bridge.tell(f"/notes/{report.subscriber.id}", {"id": name, "text": report.chat()})
