"""The report as its readers see it: all that the templates show, as text already."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote

from xmpp_alerts.config import Alerts
from xmpp_alerts.report import words
from xmpp_alerts.report.changes import Change, Fate
from xmpp_alerts.report.findings import Findings, Incident, Server, SuiteScore
from xmpp_alerts.report.news import news_of
from xmpp_alerts.report.period import Period
from xmpp_exporter.catalogue import checks
from xmpp_exporter.catalogue.suite import suites

INCIDENTS = 10
"""Of one server that are told, the latest; the others are counted."""
CHECKS = 40
"""Of one server and kind that are told."""
_FAR = 3650.0
"""Days from which on a date says nothing: it may be none that a calendar has."""


@dataclass(frozen=True)
class Row:
    """A check and what happened to it."""

    title: str
    when: str
    why: str = ""
    help: str = ""
    """A link."""


@dataclass(frozen=True)
class Section:
    """One server."""

    name: str
    findings: Findings
    news: str
    availability: str
    notes: Sequence[str]
    incidents: Sequence[str]
    scores: Sequence[tuple[str, str, str]]
    """Title, now, and before; none if there are no data at all."""
    lost: Sequence[Row]
    gained: Sequence[Row]
    unstable: Sequence[Row]
    certificate: str
    results: str
    dashboard: str


class Reader:
    """Makes sections of findings, with the links and in the time zone of alerts.yml."""

    def __init__(self, alerts: Alerts, period: Period) -> None:
        self._pages = alerts.pages.rstrip("/")
        self._grafana = alerts.grafana.rstrip("/") if alerts.grafana else ""
        self._period = period

    def section(self, findings: Findings, *, name: str) -> Section:
        rows = {fate: [self._row(change, findings) for change in findings.of(fate)] for fate in Fate}
        return Section(
            name=name,
            findings=findings,
            news=", ".join(news_of(findings)),
            availability=words.percent(findings.availability),
            notes=list(self._notes(findings)),
            incidents=self._incidents(findings.incidents),
            scores=_scores(findings.suites),
            lost=rows[Fate.LOST][-CHECKS:],
            gained=rows[Fate.GAINED][-CHECKS:],
            unstable=(rows[Fate.CAME_BACK] + rows[Fate.WENT_AGAIN])[-CHECKS:],
            certificate=self._certificate(findings),
            results=f"{self._pages}/server/{_path(findings.server.domain)}",
            dashboard=self._dashboard(findings.server),
        )

    def _notes(self, findings: Findings) -> Iterator[str]:
        """What is not known, and since when or why."""
        if findings.availability is None:
            yield "Nothing is known of it in this time."
        elif (since := findings.silent_since) is not None:
            yield f"No data since {words.moment(since, self._period)}."
        elif unknown := words.unknown_time(findings):
            yield f"No data for {unknown} of the time."
        if findings.login_fails:
            yield "The login failed at the end: what needs one is not known then."

    def _incidents(self, incidents: Sequence[Incident]) -> list[str]:
        more = len(incidents) - INCIDENTS
        before = [f"{words.counted(more, 'earlier incident')}"] if more > 0 else []
        return before + [self._incident(each) for each in incidents[-INCIDENTS:]]

    def _incident(self, incident: Incident) -> str:
        span, period = incident.span, self._period
        why = f": {words.reason(incident.reason)}" if incident.reason else ""
        lasted = words.duration(span.length)
        if span.end >= period.end:
            lasted += ", and still down at the end"
        if span.start <= period.start:
            return f"down already at the beginning, for another {lasted}{why}"
        return f"{words.moment(span.start, period)}, down for {lasted}{why}"

    def _row(self, change: Change, findings: Findings) -> Row:
        check = checks().get(change.check)
        if change.fate in (Fate.CAME_BACK, Fate.WENT_AGAIN):
            when = f"{words.counted(len(change.flips), 'change')}, the last on {words.moment(change.at, self._period)}"
        else:
            when = words.moment(change.at, self._period)
        failing = change.fate in (Fate.LOST, Fate.WENT_AGAIN)
        return Row(
            title=check.title if check else words.clean(change.check),
            when=when,
            why=words.reason(findings.reasons.get(change.check, "")) if failing else "",
            help=f"{self._pages}/help/{_help_folder(findings.software)}/{check.id}" if check and failing else "",
        )

    def _certificate(self, findings: Findings) -> str:
        days = findings.certificate_days
        if days is None or not findings.certificate_due:
            return ""
        if days < -_FAR:
            return "A certificate has expired long ago."
        at = words.moment(self._period.end + timedelta(days=days).total_seconds(), self._period)
        return f"A certificate {'expires' if days > 0 else 'has expired'} on {at}."

    def _dashboard(self, server: Server) -> str:
        if not self._grafana:
            return ""
        start, end = round(self._period.start * 1000), round(self._period.end * 1000)
        return f"{self._grafana}/d/xmpp-server?var-domain={_path(server.domain)}&from={start}&to={end}"


def _scores(suites: Sequence[SuiteScore]) -> list[tuple[str, str, str]]:
    if all(each.now is None and each.before is None for each in suites):
        return []
    return [(_suite_title(each.suite, each.level), words.score(each.now), words.score(each.before)) for each in suites]


def _suite_title(suite: str, level: str) -> str:
    """A suite's own words; with those of the level, if it has several."""
    known = suites().get(suite)
    if known is None:
        return f"{words.clean(suite)}, {words.clean(level)}"
    levels = {each.id: each.title for each in known.categories[0].levels}
    return known.title if len(levels) == 1 else f"{known.title}, {levels.get(level) or words.clean(level)}"


def _help_folder(software: str) -> str:
    return _path(software) if software not in ("", "other") else "general"


def _path(text: str) -> str:
    return quote(text, safe="")
