"""alerts.yml: who wants to hear of which servers, and by which way. One file for all commands of xmpp-alerts."""

import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from xmpp_badges.api import ApiSettings
from xmpp_exporter.config.values import Domain, Duration, Jid, WebUrl, parse_domain
from xmpp_exporter.serving.secret import Secret
from xmpp_exporter.serving.section import Fault, NearbyPath, Section, refuse
from xmpp_exporter.serving.yamlfile import load, validate

EVERYTHING = "*"
SUBMISSIONS = 465
"""The port on which TLS is there from the start (RFC 8314 §3.3); Alertmanager knows it by the number, too."""
_ID = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_MAIL = re.compile(r"[^@\s<>\"(),:;\\\[\]\x00-\x1f]{1,64}@[^@\s<>\"(),:;\\\[\]\x00-\x1f]{1,253}")


def _subscriber_id(text: str) -> str:
    if not _ID.fullmatch(text):
        raise ValueError("is no id: write lower-case letters, digits and hyphens, such as night-shift")
    return text


def _mail_address(text: str) -> str:
    if not _MAIL.fullmatch(text):
        raise ValueError("is no mail address: write it alone, such as ops@example.org")
    return text


def _domain_pattern(text: str) -> str:
    """A domain, `*.` and a domain for all below it, or `*` for all there are."""
    if text == EVERYTHING:
        return text
    return f"*.{parse_domain(text[2:])}" if text.startswith("*.") else parse_domain(text)


def _timezone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("is no time zone: write one of the IANA names, such as Europe/Berlin or UTC")
    return name


def _time_of_day(value: Any) -> Any:
    if not isinstance(value, str) or not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d|24:00", value):
        raise ValueError('is no time of day: write it in quotes, such as "02:30", up to "24:00"')
    return value


MailAddress = Annotated[str, AfterValidator(_mail_address)]
DomainPattern = Annotated[str, AfterValidator(_domain_pattern)]
TimeZone = Annotated[str, AfterValidator(_timezone)]
TimeOfDay = Annotated[str, BeforeValidator(_time_of_day)]
Severity = Literal["critical", "warning", "info"]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class Delivery(StrEnum):
    """When an alert is told: as soon as it fires, or once a day all that fire then."""

    AT_ONCE = "at_once"
    DAILY = "daily"


class Way(StrEnum):
    """How a subscriber is reached; also the key of a subscriber under which the address stands."""

    MAIL = "mail"
    CHAT = "jid"
    ROOM = "room"


class Subscriber(Section):
    """Somebody who wants to know, at exactly one address."""

    id: Annotated[str, AfterValidator(_subscriber_id)]
    """Names the receiver in Alertmanager."""
    mail: MailAddress | None = None
    jid: Jid | None = None
    room: Jid | None = None
    """A group chat."""
    domains: tuple[DomainPattern, ...] = (EVERYTHING,)
    severities: tuple[Severity, ...] = ("critical", "warning")
    delivery: Delivery = Delivery.AT_ONCE
    weekly_report: bool = False

    @model_validator(mode="after")
    def _has_one_address(self) -> Self:
        if sum(value is not None for value in (self.mail, self.jid, self.room)) != 1:
            raise ValueError("needs exactly one of mail, jid and room")
        return self

    @field_validator("domains", "severities")
    @classmethod
    def _wants_something(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        if not values:
            raise ValueError("is empty: leave the key out for the default")
        return tuple(dict.fromkeys(values))

    @property
    def way(self) -> Way:
        return Way.MAIL if self.mail else Way.CHAT if self.jid else Way.ROOM

    @property
    def address(self) -> str:
        return self.mail or self.jid or self.room or ""


class Window(Section):
    """A time of the week in which servers may be down."""

    weekdays: tuple[Weekday, ...] = ()
    """Every day, if empty."""
    start: TimeOfDay
    end: TimeOfDay

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.end <= self.start:
            raise ValueError("ends before it starts: write two windows for one that goes past midnight")
        return self


class Maintenance(Section):
    """When alerts about these servers are held back."""

    domains: tuple[DomainPattern, ...]
    windows: tuple[Window, ...]
    timezone: TimeZone = "UTC"

    @field_validator("domains", "windows")
    @classmethod
    def _holds_something_back(cls, values: tuple[Any, ...]) -> tuple[Any, ...]:
        if not values:
            raise ValueError("is empty: nothing would be held back")
        return values


class SmtpLogin(Secret):
    """The account at the mail server."""

    username: str


class Smtp(Section):
    """The mail server that takes what we send."""

    host: str
    port: int = Field(default=587, ge=1, le=65535)
    sender: Annotated[MailAddress, Field(alias="from")]
    hello: Domain | None = None
    """The name to greet with; the sender's domain, unless told."""
    starttls: bool = True
    """Whether TLS is required; without it neither user nor password is sent. On port 465 it is there from the start."""
    ca_file: NearbyPath | None = None
    """PEM; replaces the system's authorities."""
    login: SmtpLogin | None = None
    unsubscribe: MailAddress | None = None
    """Where a mail is written to for not getting any more (List-Unsubscribe)."""

    @model_validator(mode="after")
    def _keeps_the_password(self) -> Self:
        if self.login is not None and not self.starttls:
            raise ValueError("sends no password without TLS: set starttls, or leave login out")
        return self

    @property
    def domain(self) -> str:
        """That of the sender."""
        return self.sender.rpartition("@")[2]

    @property
    def greeting(self) -> str:
        """The name to greet with."""
        return self.hello or self.domain

    @property
    def implicit_tls(self) -> bool:
        return self.port == SUBMISSIONS


class Chat(Secret):
    """The account by which the bridge writes, and the webhook by which Alertmanager reaches it."""

    jid: Jid
    nick: str = Field(default="xmpp-alerts", min_length=1, max_length=64)
    """In group chats."""
    host: str | None = None
    """Where to connect, in the place of what the SRV records of the account's domain say."""
    port: int = Field(default=5222, ge=1, le=65535)
    ca_file: NearbyPath | None = None
    webhook: WebUrl = "http://127.0.0.1:15224"
    """The bridge as Alertmanager reaches it."""
    token: Secret
    """What Alertmanager shows it (Authorization: Bearer)."""
    commands_from: tuple[Jid, ...] = ()
    """Who may ask for the status and silence alerts."""


class Alerts(Section):
    """The whole file."""

    pages: WebUrl = "http://localhost:15223"
    """The result and help pages (xmpp-badges), as readers reach them."""
    grafana: WebUrl | None = None
    prometheus: ApiSettings = ApiSettings(url="http://localhost:9090")
    alertmanager: ApiSettings = ApiSettings(url="http://localhost:9093")
    smtp: Smtp | None = None
    chat: Chat | None = None
    daily_at: TimeOfDay = "08:00"
    timezone: TimeZone = "UTC"
    group_wait: Duration = 30.0
    """How long the first alert of a server waits for others, to be told together."""
    group_interval: Duration = 300.0
    """After which time what is new about that server is told."""
    repeat: Duration = 86400.0
    """After which time an alert that still fires is told again."""
    watchdog: WebUrl | None = None
    """A dead man's switch: who is called there all the time, and raises the alarm when no call comes."""
    subscribers: tuple[Subscriber, ...] = ()
    maintenance: tuple[Maintenance, ...] = ()

    @field_validator("subscribers")
    @classmethod
    def _are_told_apart(cls, subscribers: tuple[Subscriber, ...]) -> tuple[Subscriber, ...]:
        seen: set[str] = set()
        faults = []
        for position, subscriber in enumerate(subscribers):
            if subscriber.id in seen:
                faults.append(Fault(position, f"the id {subscriber.id} is there already"))
            seen.add(subscriber.id)
        refuse(*faults)
        return subscribers

    @model_validator(mode="after")
    def _can_reach_everybody(self) -> Self:
        if self.smtp is None and any(subscriber.way is Way.MAIL for subscriber in self.subscribers):
            raise ValueError("has subscribers by mail, but no smtp")
        if self.chat is None and any(subscriber.way is not Way.MAIL for subscriber in self.subscribers):
            raise ValueError("has subscribers by XMPP, but no chat")
        return self

    def by(self, *ways: Way) -> Iterator[Subscriber]:
        """The subscribers who are reached so."""
        return (subscriber for subscriber in self.subscribers if subscriber.way in ways)


def load_alerts(path: Path) -> Alerts:
    """Read alerts.yml. Raises serving.yamlfile.YamlError with all that is wrong, each with its file, line and key."""
    document = load(path)
    return validate(document, Alerts, context={"directory": path.parent.absolute()})
