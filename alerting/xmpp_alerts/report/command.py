"""`xmpp-alerts report`: tell subscribers what a period brought."""

import asyncio
import os
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from xmpp_alerts.config import Alerts, Subscriber
from xmpp_alerts.options import ConfigFile, alerts_or_exit
from xmpp_alerts.report.period import Period, last_complete, parse_days
from xmpp_exporter.config.values import parse_domain

EXAMPLES = """
\b
Examples:
  xmpp-alerts report --config.file alerts.yml
      tell all who have weekly_report of the last week, Monday to Sunday
  xmpp-alerts report --config.file alerts.yml --dry-run reports
      send nothing: write the reports as files, to be looked at
  xmpp-alerts report --config.file alerts.yml --to admins --domain example.org --until 2026-07-16
      one subscriber, one server, and the seven days before that day

\b
Exit codes:
  0  everybody has the report
  1  somebody has none yet, or Prometheus could not be asked; run it again, and it goes on where it was
  2  wrong usage or configuration, or a folder that can't be used
"""


def report(
    config_file: ConfigFile = Path("alerts.yml"),
    period: Annotated[
        str, typer.Option("--period", metavar="DURATION", help="Whole days; 7d are the weeks from Monday to Sunday.")
    ] = "7d",
    until: Annotated[
        str,
        typer.Option(
            "--until",
            metavar="DATE",
            help="The day before which the period ends, such as 2026-07-16.",
            show_default="the last period that is over",
        ),
    ] = "",
    domain: Annotated[
        list[str] | None,
        typer.Option(metavar="DOMAIN", help="Tell of these servers alone. Repeatable.", show_default=False),
    ] = None,
    to: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ID",
            help="Tell these subscribers alone, also those without weekly_report. Repeatable.",
            show_default=False,
        ),
    ] = None,
    dry_run: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Send nothing: write the reports there.", show_default=False)
    ] = None,
    storage: Annotated[
        Path | None,
        typer.Option(
            "--storage.path",
            metavar="FOLDER",
            help="Where is noted what was sent.",
            show_default="$STATE_DIRECTORY, or data",
        ),
    ] = None,
) -> None:
    """Tell each subscriber with weekly_report what the week brought for his servers, by mail or XMPP.

    Availability without maintenance, incidents, checks lost and gained, scores, and certificates that are due, all from
    Prometheus. Each subscriber gets each report once, however often this runs.
    """
    alerts = alerts_or_exit(config_file)
    about = _period(period, until, ZoneInfo(alerts.timezone))
    from xmpp_alerts.report.running import Request, run  # what draws and asks is loaded for this command alone

    request = Request(
        alerts=alerts,
        period=about,
        subscribers=_subscribers(alerts, to),
        domains=_domains(domain or ()),
        folder=storage or Path(os.environ.get("STATE_DIRECTORY", "data").split(":")[0]),
        dry_run=dry_run,
    )
    raise typer.Exit(asyncio.run(run(request)))


def _period(text: str, until: str, zone: ZoneInfo) -> Period:
    today = datetime.now(zone).date()
    try:
        days = parse_days(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text} {error}", param_hint="--period") from None
    if not until:
        return last_complete(days, today, zone)
    try:
        day = date.fromisoformat(until)
    except ValueError:
        raise typer.BadParameter(f"{until} is no date: write 2026-07-16", param_hint="--until") from None
    if day > today:
        raise typer.BadParameter(f"{until} is still to come", param_hint="--until")
    return Period(days, day, zone)


def _subscribers(alerts: Alerts, to: Sequence[str] | None) -> list[Subscriber]:
    if to is None:
        return [subscriber for subscriber in alerts.subscribers if subscriber.weekly_report]
    known = {subscriber.id: subscriber for subscriber in alerts.subscribers}
    for each in to:
        if each not in known:
            raise typer.BadParameter(f"no subscriber has the id {each}: write one of alerts.yml", param_hint="--to")
    return [known[each] for each in dict.fromkeys(to)]


def _domains(given: Sequence[str]) -> list[str]:
    domains = []
    for text in given:
        try:
            domains.append(parse_domain(text))
        except ValueError as error:
            raise typer.BadParameter(f"{text} {error}", param_hint="--domain") from None
    return sorted(set(domains))
