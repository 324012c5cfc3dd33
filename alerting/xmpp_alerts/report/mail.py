"""A report as a mail: text and HTML, with the charts inside, and headers by which programs know what it is."""

import hashlib
from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, localtime

from xmpp_alerts.config import Smtp
from xmpp_alerts.report.chart import chart
from xmpp_alerts.report.report import Report
from xmpp_alerts.unsubscribe import mailto

MAX_LINE = 998
"""Characters (RFC 5322 §2.1.1)."""


def mail(report: Report, smtp: Smtp, name: str) -> EmailMessage:
    """The whole mail. `name` becomes its Message-ID (RFC 5322 §3.6.4): the same for the same report."""
    subscriber = report.subscriber
    message = EmailMessage(SMTP)
    message["From"] = smtp.sender
    message["To"] = subscriber.address
    message["Subject"] = report.subject
    message["Date"] = format_datetime(localtime())
    message["Message-ID"] = f"<{name}@{smtp.domain}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834 §5: nobody's holiday shall answer
    if smtp.unsubscribe:
        message["List-Unsubscribe"] = f"<{mailto(smtp.unsubscribe, subscriber.id)}>"
    charts = [chart(section.findings, report.period) for section in report.in_full]
    ids = [f"chart-{number}.{name}@{smtp.domain}" for number in range(1, len(charts) + 1)]
    message.set_content(report.text(), cte="quoted-printable")
    message.add_alternative(report.html([f"cid:{each}" for each in ids]), subtype="html", cte="quoted-printable")
    if charts:
        _add(message, charts, ids)
    # a header without blanks that is longer than a line would be encoded otherwise, and List-Unsubscribe not be read
    message.policy = SMTP.clone(max_line_length=MAX_LINE)
    return message


def _add(message: EmailMessage, charts: Sequence[bytes], ids: Sequence[str]) -> None:
    """The pictures beside the HTML that shows them (RFC 2387, RFC 2392)."""
    html = message.get_body(("html",))
    assert isinstance(html, EmailMessage)  # noqa: S101 - it was added just now
    for number, (picture, content_id) in enumerate(zip(charts, ids, strict=True), 1):
        html.add_related(
            picture, "image", "png", cid=f"<{content_id}>", disposition="inline", filename=f"chart-{number}.png"
        )


def message_name(report: Report, only: Sequence[str]) -> str:
    """One name for all ways and attempts: subscriber, period, and which domains if not all were asked for.

    It is fit for a Message-ID and for a note's id, however many domains there are.
    """
    parts = ["xmpp-report", report.subscriber.id, report.period.id]
    if only:
        parts.append(hashlib.sha256(" ".join(sorted(only)).encode()).hexdigest()[:16])
    return ".".join(parts)
