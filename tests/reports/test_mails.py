"""What a subscriber gets by mail about the week, from the real program."""

import asyncio
import io
import ssl
from email.message import EmailMessage
from pathlib import Path

import pytest
from PIL import Image

from tests.integration.reading import assert_readable
from tests.integration.test_alertmanager_mails import Page
from tests.reports.sender import Sender, plain_smtp, settings_of
from tests.reports.week import NASTY
from tests.servers.certificates import CertificateAuthority
from tests.servers.mailbox import Mail, mailbox
from tests.servers.prometheus import Prometheus

OPS = {"id": "ops", "mail": "ops@example.org", "domains": ["*", "gone.test"]}
SUNDAYS = {
    "domains": ["busy.test", "resting.test"],
    "timezone": "Europe/Berlin",
    "windows": [{"weekdays": ["sunday"], "start": "02:00", "end": "04:00"}],
}
TOLD = {
    "availability, without maintenance and what is not known": "98.68 %",
    "incident": "Tue 14 July 14:00, down for 2 h 5 min: timeout",
    "from before": "down already at the beginning, for another 3 h",
    "until after": "Sun 19 July 22:00, down for 2 h, and still down at the end",
    "check lost": "Message Archive Management",
    "its date": "Wed 15 July 10:30",
    "its reason": "not offered",
    "check gained": "Message Carbons",
    "its date, too": "Fri 17 July 09:00",
    "check that came back": "2 changes, the last on Tue 14 July 09:00",
    "score now": "92 % (23 of 25, 1 not decided)",
    "score a week ago": "96 % (24 of 25)",
    "certificate due": "A certificate expires on Wed 29 July 12:00.",
    "certificate expired": "A certificate has expired on Sun 19 July 00:00.",
    "login": "The login failed at the end: what needs one is not known then.",
    "silence": "No data since Sat 18 July 12:0",
    "nothing known": "Nothing is known of it in this time.",
    "not probed": "no data. Nobody probed it in this time.",
    "nothing decided": "nothing decided (26 requirements)",
    "why it came": "You get this report as the subscriber ops of this monitoring.",
}


@pytest.fixture(scope="module")
def ops(week: Prometheus, tmp_path_factory: pytest.TempPathFactory) -> Mail:
    """The mail about all servers."""

    async def sent() -> Mail:
        async with mailbox() as box:
            settings = settings_of(week.url, [OPS], smtp=plain_smtp(box), maintenance=[SUNDAYS])
            result = await Sender(tmp_path_factory.mktemp("ops"), settings).run()
        assert (result.code, result.out, result.err) == (0, "1 sent.\n", "")
        [mail] = box.mails
        return mail

    return asyncio.run(sent())


@pytest.mark.parametrize("what", TOLD)
def test_text_and_html_tell_of_everything(ops: Mail, what: str) -> None:
    for text in (" ".join(ops.text.split()), Page(ops.html).text):
        assert TOLD[what] in text


def test_the_subject_says_what_is_new(ops: Mail) -> None:
    assert ops.subject == "XMPP servers 13 to 19 July 2026: 3 checks lost, 4 incidents, 2 certificates due, …"


def test_links_lead_to_pages_help_and_the_dashboard_of_the_week(ops: Mail) -> None:
    page = Page(ops.html)
    assert page.links["busy.test"] == "https://xmpp.example.org/server/busy.test"
    assert page.links["how to fix it"] == "https://xmpp.example.org/help/prosody/xep0313"
    assert "/d/xmpp-server?var-domain=busy.test&from=1783893600000&to=1784498400000" in ops.text


def test_what_does_not_count_is_not_told(ops: Mail) -> None:
    for text in (ops.text, ops.html):
        assert "In-Band Registration" not in text
        assert "xep0352" not in text and "Client State" not in text


def test_that_nothing_is_known_is_told_once(ops: Mail) -> None:
    told = [line for line in ops.text.splitlines() if line.startswith(("- resting", "- silent"))]
    assert told == ["- resting.test: no data", "- silent.test: 100 % · no data at the end"]


def test_what_a_label_says_is_only_words(ops: Mail) -> None:
    page = Page(ops.html)
    assert "script" not in page.tags
    assert ops.html.count("<img") == len(charts(ops.message))
    assert NASTY in page.text and "<img src=x>" in page.text


def charts(message: EmailMessage) -> dict[str, bytes]:
    """The pictures by their ids."""
    parts = [part for part in message.walk() if part.get_content_type() == "image/png"]
    return {part["Content-ID"].strip("<>"): part.get_content() for part in parts}


def test_charts_come_with_the_mail_one_for_each_server(ops: Mail) -> None:
    pictures = charts(ops.message)
    assert len(pictures) == 6
    for content_id, content in pictures.items():
        assert f'src="cid:{content_id}"' in ops.html
        picture = Image.open(io.BytesIO(content))
        assert picture.size == (1200, 108)
        assert len(content) < 15_000
    assert "http" not in {link.partition(":")[0] for link in ops.html.split('src="')[1:]}


def test_a_chart_shows_outages_gaps_and_maintenance(ops: Mail) -> None:
    [busy] = [each for number, each in enumerate(charts(ops.message).values()) if number == 1]
    picture = Image.open(io.BytesIO(busy)).convert("RGBA")

    def at(hours: float) -> tuple[int, ...]:
        pixel = picture.getpixel((round(hours / 168 * 1200), 44))
        assert isinstance(pixel, tuple)
        return pixel

    green, red, blue, nothing = (38, 134, 74, 255), (216, 59, 59, 255), (53, 121, 184, 255), (0, 0, 0, 0)
    assert [at(hours) for hours in (12, 39, 60)] == [green, red, green]
    assert at(131.1) == red  # a minute
    assert picture.getpixel((round(75 / 168 * 1200), 30)) == nothing  # not known: only a line in the middle
    assert picture.getpixel((round(147 / 168 * 1200), 40)) == blue


async def test_a_report_can_be_read_on_every_screen(week: Prometheus, tmp_path: Path) -> None:
    smtp = {"host": "mail.example.org", "from": "reports@example.org", "unsubscribe": "leave@example.org"}
    settings = settings_of(week.url, [OPS], smtp=smtp, maintenance=[SUNDAYS])
    assert (await Sender(tmp_path, settings).run("--dry-run", str(tmp_path / "look"))).code == 0
    await assert_readable(tmp_path / "look" / "ops.html", tmp_path)


async def test_a_mail_can_be_told_apart_and_left(week: Prometheus, tmp_path: Path) -> None:
    authority = CertificateAuthority(tmp_path / "certificates")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(authority.issue("localhost"))
    (tmp_path / "smtp.pw").write_text("correct horse\n")
    smtp = {
        "host": "localhost",
        "from": "reports@example.org",
        "unsubscribe": "leave@example.org",
        "ca_file": str(authority.ca_file),
        "login": {"username": "reports", "password_file": "smtp.pw"},
    }
    async with mailbox(starttls=context, passwords={"reports": "correct horse"}) as box:
        settings = settings_of(week.url, [OPS | {"domains": ["well.test"]}], smtp=smtp | {"port": box.port})
        sender = Sender(tmp_path, settings)
        assert (await sender.run()).code == 0
        (tmp_path / "smtp.pw").write_text("wrong")
        refused = await sender.run("--period", "1d")
    [mail] = box.mails
    assert (mail.encrypted, mail.login, mail.recipient) == (True, "reports", "ops@example.org")
    assert mail.message["Message-ID"] == "<xmpp-report.ops.2026-07-13.7d@example.org>"
    assert mail.message["Auto-Submitted"] == "auto-generated"
    assert mail.message["List-Unsubscribe"] == "<mailto:leave@example.org?subject=unsubscribe%20ops>"
    assert Page(mail.html).links["leave@example.org"] == "mailto:leave@example.org?subject=unsubscribe%20ops"
    assert mail.subject == "XMPP servers 13 to 19 July 2026: nothing new"
    assert refused.code == 1
    assert "not sent to ops: localhost:" in refused.err and "535" in refused.err
    assert "wrong" not in refused.err + refused.out


async def test_on_port_465_tls_is_there_from_the_start(week: Prometheus, tmp_path: Path) -> None:
    authority = CertificateAuthority(tmp_path / "certificates")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(authority.issue("localhost"))
    (tmp_path / "smtp.pw").write_text("correct horse")
    login = {"username": "reports", "password_file": "smtp.pw"}
    async with mailbox("127.0.0.1", tls=context, port=465, passwords={"reports": "correct horse"}) as box:
        smtp = {"host": "localhost", "from": "a@example.org", "port": 465, "ca_file": str(authority.ca_file)}
        result = await Sender(tmp_path, settings_of(week.url, [OPS], smtp=smtp | {"login": login})).run()
    assert (result.code, result.err) == (0, "")
    assert [(mail.encrypted, mail.login) for mail in box.mails] == [(True, "reports")]


async def test_no_password_is_sent_without_tls(week: Prometheus, tmp_path: Path) -> None:
    (tmp_path / "smtp.pw").write_text("correct horse")
    async with mailbox() as box:
        smtp = plain_smtp(box, starttls=True, login={"username": "reports", "password_file": "smtp.pw"})
        result = await Sender(tmp_path, settings_of(week.url, [OPS], smtp=smtp)).run()
    assert result.code == 1
    assert "STARTTLS" in result.err
    assert box.mails == [] and box.refused == []


async def test_no_data_at_all_is_said(empty: Prometheus, tmp_path: Path) -> None:
    named = {"id": "named", "mail": "named@example.org", "domains": ["a.test"]}
    everything = {"id": "everything", "mail": "everything@example.org"}
    async with mailbox() as box:
        settings = settings_of(empty.url, [named, everything], smtp=plain_smtp(box))
        assert (await Sender(tmp_path, settings).run()).code == 0
    [one], [all_] = box.to("named@example.org"), box.to("everything@example.org")
    assert one.subject == "XMPP servers 13 to 19 July 2026: nothing known of 1 server"
    assert "a.test: no data" in one.text
    assert all_.subject == "XMPP servers 13 to 19 July 2026: no data"
    assert "there are no data" in all_.text
    for mail in box.mails:
        assert "%" not in mail.text and "0 " not in mail.text.replace("2026", "")
