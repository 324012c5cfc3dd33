"""One run of `xmpp-alerts report`: asks, then writes or sends."""

import asyncio
from collections.abc import Coroutine, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from xmpp_alerts.config import Alerts, Subscriber
from xmpp_alerts.report.dry import write
from xmpp_alerts.report.inquiry import Inquiry
from xmpp_alerts.report.ledger import DamagedLedger, Ledger
from xmpp_alerts.report.period import Period
from xmpp_alerts.report.progress import Bar, progress_bars
from xmpp_alerts.report.report import Report, report, wanted
from xmpp_alerts.report.sending import Outcome, Sending
from xmpp_alerts.report.windows import Calendar
from xmpp_badges.api import ApiError
from xmpp_badges.prometheus import Prometheus
from xmpp_exporter.files import FolderInUse, locked
from xmpp_exporter.serving import signals


@dataclass(frozen=True)
class Request:
    """What somebody wants to be done."""

    alerts: Alerts
    period: Period
    subscribers: Sequence[Subscriber]
    domains: Sequence[str]
    """All, if empty."""
    folder: Path
    dry_run: Path | None


@dataclass(frozen=True)
class _Line:
    """What is said in the end; complaints go to standard error."""

    text: str
    complains: bool = False


async def run(request: Request) -> int:
    """Do it, and return the exit code. A signal ends it after the report that is being sent."""
    if not request.subscribers:
        typer.echo("Nobody in the configuration has weekly_report: nothing to do.")
        return 0
    said: list[_Line] = []
    code = await _run(request, said)
    for line in said:  # when the bars are gone
        typer.echo(line.text, err=line.complains)
    return code


async def _run(request: Request, said: list[_Line]) -> int:
    def complain(message: str, code: int) -> int:
        said.append(_Line(f"error: {message}", complains=True))
        return code

    try:
        with progress_bars() as bar:
            work = _dry(request, bar, said) if request.dry_run else _send(request, bar, said)
            return await _until_a_signal(work)
    except ApiError as error:
        return complain(f"Prometheus could not be asked, nothing was sent: {error}", 1)
    except FolderInUse:
        return complain(f"{request.folder} is in use: the reports are being sent already", 1)
    except DamagedLedger as error:
        return complain(str(error), 2)
    except OSError as error:
        return complain(f"{request.dry_run or request.folder} can't be used: {error}", 2)


async def _until_a_signal(work: Coroutine[None, None, int]) -> int:
    """The exit code of `work`; after SIGTERM or SIGINT, which cancel it, that of a program which a signal ended."""

    async def ignore() -> None: ...

    working, stopping = asyncio.create_task(work), asyncio.create_task(signals.until_stopped(ignore))
    await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if working.done():
        stopping.cancel()
        await asyncio.wait({stopping})
        return working.result()
    working.cancel()
    await asyncio.wait({working})
    if not working.cancelled() and (error := working.exception()):
        raise error
    return 128 + stopping.result()


async def _dry(request: Request, bar: Bar, said: list[_Line]) -> int:
    assert request.dry_run is not None  # noqa: S101 - the caller has looked
    for each in await _reports(request, bar):
        paths = write(each, request.alerts, request.domains, request.dry_run)
        said += [_Line(str(path)) for path in paths]
    return 0


async def _send(request: Request, bar: Bar, said: list[_Line]) -> int:
    with locked(request.folder):
        ledger = Ledger(request.folder)
        reports = await _reports(request, bar)
        async with Sending(request.alerts, ledger, request.domains) as sending:
            try:
                with bar("sending", len(reports)) as step:
                    await sending.send_all(reports, step)
            finally:
                said += _lines(sending.outcome)
    return 1 if sending.outcome.failures else 0


async def _reports(request: Request, bar: Bar) -> list[Report]:
    """Of all subscribers, each server asked about once. Raises ApiError."""
    alerts, period, only = request.alerts, request.period, request.domains
    async with Prometheus(alerts.prometheus) as prometheus:
        inquiry = Inquiry(prometheus, period, Calendar(alerts.maintenance, period))
        servers = await inquiry.servers()
        chosen = {server for subscriber in request.subscribers for server in wanted(subscriber, servers, only)}
        with bar("asking Prometheus", len(chosen)) as step:
            found = await inquiry.findings(sorted(chosen), step)
    return [report(subscriber, alerts, period, found, only) for subscriber in request.subscribers]


def _lines(outcome: Outcome) -> Iterator[_Line]:
    for failure in outcome.failures:
        yield _Line(f"not sent to {failure}", complains=True)
    before = f", {len(outcome.before)} had theirs already" if outcome.before else ""
    yield _Line(f"{len(outcome.sent)} sent{before}.")
