"""One subscriber's report: which servers are in it, and what its text, its HTML and its chat message say."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import jinja2

from xmpp_alerts.bridge.styling import fits, plain
from xmpp_alerts.config import EVERYTHING, Alerts, Subscriber
from xmpp_alerts.render.patterns import covers
from xmpp_alerts.report import words
from xmpp_alerts.report.findings import Findings, Server
from xmpp_alerts.report.news import news
from xmpp_alerts.report.period import Period
from xmpp_alerts.report.view import Reader, Section
from xmpp_alerts.unsubscribe import mailto

IN_FULL = 25
"""Servers that have a section of their own, those with news first; the others are in the table."""
IN_TABLE = 200
"""Servers in the table; a mail that is longer is cut by mail programs."""
IN_CHAT = 20
"""Servers with news that a chat message tells of."""
IN_SUBJECT = 3
"""Kinds of news."""


@dataclass(frozen=True)
class Report:
    """All that there is to say to one subscriber about one period."""

    subscriber: Subscriber
    period: Period
    sections: Sequence[Section]
    """All servers, those with news first."""
    missing: Sequence[str]
    """Domains that the subscriber names and nobody probed."""
    unsubscribe: str
    pages: str

    @property
    def subject(self) -> str:
        told = self._told()
        more = ", …" if len(told) > IN_SUBJECT else ""
        return f"XMPP servers {words.days_of(self.period)}: {', '.join(told[:IN_SUBJECT])}{more}"

    @property
    def summary(self) -> str:
        """What is new, in a few words."""
        return ", ".join(self._told())

    def text(self) -> str:
        return _rendered("report.txt.j2", self)

    def html(self, pictures: Sequence[str]) -> str:
        """`pictures`: the source of the chart of each section that is told in full."""
        return _rendered("report.html.j2", self, pictures=pictures)

    def chat(self) -> str:
        """A short one, of as many servers as fit into a message."""
        for shown in range(IN_CHAT, -1, -1):
            text = _rendered("report-chat.txt.j2", self, in_chat=shown)
            if fits(text):
                break
        return text

    @property
    def in_full(self) -> Sequence[Section]:
        return self.sections[:IN_FULL]

    @property
    def eventful(self) -> Sequence[Section]:
        return [section for section in self.sections if section.findings.eventful]

    def _told(self) -> list[str]:
        told = news(section.findings for section in self.sections)
        if self.missing:
            told.append(f"nothing known of {words.counted(len(self.missing), 'server')}")
        return told or ["nothing new" if self.sections else "no data"]


def wanted(subscriber: Subscriber, servers: Collection[Server], only: Collection[str]) -> list[Server]:
    """The servers that the subscriber wants to hear of; of those in `only`, unless that is empty."""
    return [
        server
        for server in servers
        if (not only or server.domain in only) and any(covers(pattern, server.domain) for pattern in subscriber.domains)
    ]


def report(
    subscriber: Subscriber, alerts: Alerts, period: Period, found: Mapping[Server, Findings], only: Collection[str]
) -> Report:
    """What `found` has for the subscriber."""
    servers = wanted(subscriber, found, only)
    jobs = Counter(server.domain for server in servers)
    reader = Reader(alerts, period)
    sections = [
        reader.section(found[server], name=_name(server, alone=jobs[server.domain] == 1))
        for server in sorted(servers, key=lambda server: (not found[server].eventful, server))
    ]
    return Report(
        subscriber=subscriber,
        period=period,
        sections=sections,
        missing=[domain for domain in _named(subscriber, only) if domain not in jobs],
        unsubscribe=(alerts.smtp.unsubscribe or "") if alerts.smtp else "",
        pages=alerts.pages.rstrip("/"),
    )


def _named(subscriber: Subscriber, only: Collection[str]) -> list[str]:
    """The domains that are asked for by their names."""
    patterns = subscriber.domains
    if only:
        return sorted(domain for domain in only if any(covers(pattern, domain) for pattern in patterns))
    return [pattern for pattern in patterns if pattern != EVERYTHING and not pattern.startswith("*.")]


def _name(server: Server, *, alone: bool) -> str:
    name = words.clean(server.domain)
    return name if alone else f"{name} (job {words.clean(server.job)})"


def _rendered(template: str, report: Report, **more: Any) -> str:
    values = {"report": report, "period": report.period, "in_table": IN_TABLE, **more}
    text = _environment().get_template(template).render(values)
    return text.strip() + "\n"


@cache
def _environment() -> jinja2.Environment:
    """What is in HTML is escaped, whoever it is from."""
    folder = files("xmpp_alerts") / "templates"
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(lambda name: (folder / name).read_text(encoding="utf-8")),
        autoescape=lambda name: name is not None and name.endswith(".html.j2"),  # noqa: S701 - the others are text
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["plain"] = lambda text: plain(text, words.MAX_NAME)
    environment.globals.update(days_of=words.days_of, counted=words.counted, mailto=mailto)
    return environment
