"""Reports as files, to be looked at: nothing is sent."""

from collections.abc import Sequence
from pathlib import Path

from xmpp_alerts.config import Alerts, Way
from xmpp_alerts.report.chart import chart
from xmpp_alerts.report.mail import mail, message_name
from xmpp_alerts.report.report import Report


def write(report: Report, alerts: Alerts, only: Sequence[str], folder: Path) -> list[Path]:
    """What the subscriber would get: a mail also as a page with its pictures, and as text. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    who = report.subscriber.id
    if report.subscriber.way is not Way.MAIL or alerts.smtp is None:
        return [_write(folder / f"{who}.txt", report.chat().encode())]
    pictures = [f"{who}-{number}.png" for number in range(1, len(report.in_full) + 1)]
    for name, section in zip(pictures, report.in_full, strict=True):
        _write(folder / name, chart(section.findings, report.period))
    return [
        _write(folder / f"{who}.eml", mail(report, alerts.smtp, message_name(report, only)).as_bytes()),
        _write(folder / f"{who}.html", report.html(pictures).encode()),
        _write(folder / f"{who}.txt", report.text().encode()),
    ]


def _write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path
