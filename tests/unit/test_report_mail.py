"""A report as a mail: headers that programs can read, whatever is asked for and however long addresses are."""

from email import message_from_bytes
from email.policy import SMTP

from tests.unit.test_report_text import ALERTS, PERIOD, found
from xmpp_alerts.bridge.note import Note
from xmpp_alerts.config import Smtp
from xmpp_alerts.report.mail import mail, message_name
from xmpp_alerts.report.report import Report, report
from xmpp_alerts.unsubscribe import mailto

LONG = "the-night-shift-of-the-team-that-looks-after-all-of-our-servers"
SMTP_SETTINGS = Smtp.model_validate(
    {
        "host": "mail.example.org",
        "from": "reports@monitoring.example.org",
        "unsubscribe": "xmpp-administration@monitoring.example.org",
    }
)


def a_report() -> Report:
    """To somebody with a long id."""
    subscriber = ALERTS.subscribers[0].model_copy(update={"id": LONG})
    server = found("a.test", lost=1)
    return report(subscriber, ALERTS, PERIOD, {server.server: server}, ())


def test_headers_that_programs_read_are_written_as_they_are_however_long() -> None:
    written = mail(a_report(), SMTP_SETTINGS, message_name(a_report(), ())).as_bytes()
    link = f"<mailto:xmpp-administration@monitoring.example.org?subject=unsubscribe%20{LONG}>"
    lines = written.split(b"\r\n")
    assert f"List-Unsubscribe: {link}".encode() in lines
    assert f"Message-ID: <xmpp-report.{LONG}.2026-07-13.7d@monitoring.example.org>".encode() in lines
    assert max(map(len, lines)) <= 998
    assert written.count(b"=\r\n") > 10, "lines of quoted-printable stay short"
    assert message_from_bytes(written, policy=SMTP)["List-Unsubscribe"] == link


def test_a_report_about_many_domains_has_a_name_that_is_not_too_long_and_its_own() -> None:
    domains = [f"{LONG}.{number}.example.org" for number in range(100)]
    name = message_name(a_report(), domains)
    assert Note(id=name, text="It fits.").id == name
    assert name == message_name(a_report(), domains[::-1])
    assert len({name, message_name(a_report(), domains[1:]), message_name(a_report(), ())}) == 3


def test_a_link_for_unsubscribing_is_one_whatever_the_address_has() -> None:
    assert mailto("a?b&c%d@example.org", "ops") == "mailto:a%3Fb%26c%25d@example.org?subject=unsubscribe%20ops"
