"""What comes by mail from a real Alertmanager with the configuration and the templates that we render."""

import ssl
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.integration.alerting import SOON, Alert, alert, alertmanager, over, plain_smtp
from tests.integration.command import until
from tests.integration.reading import assert_readable
from tests.servers.certificates import CertificateAuthority
from tests.servers.mailbox import Mail, Mailbox, mailbox

OPS = "ops@example.org"
OPERATOR = f"subscribers:\n  - {{id: operator, mail: {OPS}, severities: [critical, warning, info]}}\n"
SCRIPT = "<script>alert(1)</script>"


def lost() -> Alert:
    """An alert that began now: what is new in a mail goes by its age, so that it is none for the whole module."""
    firing = alert(
        "XmppCheckLost",
        summary="Message Archive Management no longer works",
        description="not_offered: urn:xmpp:mam:2 is not among the account's features",
        check="xep0313",
    )
    firing["annotations"]["runbook_url"] = "https://xmpp.example.org/help/prosody/xep0313"
    return firing


class Page(HTMLParser):
    """What somebody sees of an HTML mail, what it links to, and what it is made of."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: dict[str, str] = {}
        self.tags: set[str] = set()
        self.words: list[str] = []
        self._link: str | None = None
        self.feed(html)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self._link = dict(attributes).get("href") if tag == "a" else None

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if self._link is not None:
            self.links.setdefault(data, self._link)
            self._link = None


TOGETHER = SOON.replace("group_interval: 300ms", "group_interval: 3s")
"""Time for alerts that are posted together to be told together, however busy the machine is."""


async def mails(box: Mailbox, count: int, recipient: str = OPS) -> list[Mail]:
    """The first mails to somebody, as soon as they are there."""
    await until(lambda: len(box.to(recipient)) >= count, f"mail {count} to {recipient}")
    return box.to(recipient)


async def mail_with(box: Mailbox, subject: str, words: str = "") -> Mail:
    """The first mail whose subject begins so and whose text has the words."""

    def found() -> list[Mail]:
        return [mail for mail in box.to(OPS) if mail.subject.startswith(subject) and words in mail.text]

    await until(lambda: bool(found()), f"a mail {subject!r}")
    return found()[0]


async def test_a_mail_says_what_broke_since_when_why_and_how_to_fix_it(open_folder: Path) -> None:
    broken = lost()
    text = "pages: https://xmpp.example.org/\ngrafana: https://grafana.example.org\n"
    async with mailbox() as box:
        with alertmanager(open_folder, text + plain_smtp(box) + SOON + OPERATOR) as running:
            running.post(broken)
            (mail,) = await mails(box, 1)
    page = Page(mail.html)
    assert (mail.sender, mail.encrypted, mail.login) == ("alerts@example.org", False, None)
    assert mail.subject == "[critical] a.test: Message Archive Management no longer works"
    assert mail.message["Auto-Submitted"] == "auto-generated"
    assert "List-Unsubscribe" not in mail.message
    since = f"alerted since {broken['startsAt'][:16].replace('T', ' ')} UTC"
    for part in (mail.text, page.text):
        for words in (broken["annotations"]["description"], since, "xep0313", "as the subscriber operator"):
            assert words in part
    silence = page.links.pop("Silence")
    assert page.links == {
        "How to fix it": "https://xmpp.example.org/help/prosody/xep0313",
        "Results": "https://xmpp.example.org/server/a.test",
        "Dashboard": "https://grafana.example.org/d/xmpp-server?var-domain=a.test",
    }
    assert parse_qs(urlsplit(silence).fragment.partition("?")[2])["filter"] == [
        '{alertname="XmppCheckLost",check="xep0313",domain="a.test",job="xmpp",severity="critical"}'
    ]
    assert {f"{name}: {link}" for name, link in page.links.items()} <= set(mail.text.splitlines())
    assert page.tags.isdisjoint({"script", "img", "link", "iframe"})


async def test_what_changed_stands_first_and_what_ended_is_no_longer_alerted(open_folder: Path) -> None:
    broken = lost()
    known = alert("XmppCertificateExpiring", "warning", summary="The certificate expires in 6 days", age=90000)
    ended = alert("XmppCheckLost", "warning", summary="Carbons no longer work", age=7200, check="xep0280")
    async with mailbox() as box:
        with alertmanager(open_folder, plain_smtp(box) + TOGETHER + OPERATOR) as running:
            running.post(known, ended)
            await mail_with(box, "", "Carbons")  # alerts that are old are told at once, perhaps one before the other
            running.post(broken, over(ended))
            mail = await mail_with(
                box, "[critical] a.test: Message Archive Management no longer works and 2 more", "no longer alerted"
            )
            running.post(over(broken), over(known))
            last = await mail_with(box, "[no longer alerted] a.test: ")
    for part in (mail.text, Page(mail.html).text):
        places = [part.index(words) for words in ("Archive", "no longer alerted", "Carbons", "certificate")]
        assert places == sorted(places)
        assert "recovered" not in part
        assert "not always “repaired”" in part.replace('"repaired"', "“repaired”")
    assert "Silence" not in last.text + last.html
    assert "How to fix" not in last.text + last.html


async def test_what_works_again_has_recovered(open_folder: Path) -> None:
    broken = lost()
    async with mailbox() as box:
        with alertmanager(open_folder, plain_smtp(box) + SOON + OPERATOR) as running:
            running.post(broken)
            await mails(box, 1)
            again = over(broken)
            words = {"description": "Message Archive Management (xep0313) on a.test works again.", "recovered": "yes"}
            running.post({**again, "annotations": broken["annotations"] | words})
            mail = await mail_with(box, "[recovered] a.test: Message Archive Management no longer works")
    for part in (mail.text, Page(mail.html).text):
        assert "recovered" in part and "works again." in part
        assert "no longer alerted" not in part.lower() and "How to fix" not in part


async def test_the_end_of_news_is_no_news(open_folder: Path) -> None:
    gained = alert("XmppCheckGained", "info", summary="Carbons works now", check="xep0280")
    problem = alert("XmppLoginFailing", "warning", summary="The login fails", domain="b.test")
    async with mailbox() as box:
        smtp = plain_smtp(box).replace("}", ", unsubscribe: leave@example.org}")
        with alertmanager(open_folder, smtp + SOON + OPERATOR) as running:
            running.post(gained)
            news = await mail_with(box, "[info] a.test: Carbons works now")
            running.post(over(gained))
            # what is told later ends later, and its end is told
            running.post(problem)
            await mail_with(box, "[warning] b.test")
            running.post(over(problem))
            await mail_with(box, "[no longer alerted] b.test")
    assert [mail.subject for mail in box.mails if "Carbons" in mail.text] == ["[info] a.test: Carbons works now"]
    assert "as the subscriber operator of" in news.text and "as the subscriber operator of" in Page(news.html).text
    assert Page(news.html).links["leave@example.org"].endswith("?subject=unsubscribe%20operator")
    assert news.message["List-Unsubscribe"].endswith("?subject=unsubscribe%20operator>")


async def test_a_mail_can_be_read_on_every_screen(open_folder: Path, tmp_path: Path) -> None:
    broken, long = lost(), f"{'a' * 60}.{'b' * 60}.example.org"
    other = alert("XmppEndpointAddressesDown", "warning", summary=f"Some addresses of {long} are down", host=long)
    again = over(broken) | {"annotations": broken["annotations"] | {"recovered": "yes"}}
    ended = alert("XmppCheckLost", "warning", summary="Carbons no longer work", check="xep0280")
    text = "grafana: https://grafana.example.org\n"
    async with mailbox() as box:
        smtp = plain_smtp(box).replace("}", ", unsubscribe: leave@example.org}")
        with alertmanager(open_folder, text + smtp + TOGETHER + OPERATOR) as running:
            running.post(broken, ended)
            await mail_with(box, "", "Carbons")
            running.post(other, again, over(ended))
            mail = await mail_with(box, "", "recovered")
    assert all(words in mail.text for words in (long, "[warning]", "[no longer alerted]"))
    page = tmp_path / "mail.html"
    page.write_text(mail.html)
    await assert_readable(page, tmp_path)


async def test_a_server_s_alerts_come_together_and_each_server_s_alone(open_folder: Path) -> None:
    async with mailbox() as box:
        with alertmanager(open_folder, plain_smtp(box) + SOON + OPERATOR) as running:
            others = [alert("XmppCheckLost", summary=f"check {n} is lost", check=f"xep000{n}") for n in range(1, 4)]
            running.post(*others, alert("XmppLoginFailing", domain="b.test", summary="The login fails"))
            await mails(box, 2)
    assert sorted(mail.subject for mail in box.mails) == [
        "[critical] a.test: check 1 is lost and 2 more",
        "[critical] b.test: The login fails",
    ]


async def test_each_subscriber_gets_his_own_and_nothing_twice(open_folder: Path) -> None:
    subscribers = OPERATOR + (
        "  - {id: twice, mail: twice@example.org, domains: [a.test, '*.test']}\n"
        "  - {id: other, mail: other@example.org, domains: [b.test]}\n"
    )
    async with mailbox() as box:
        with alertmanager(open_folder, plain_smtp(box) + SOON + subscribers) as running:
            running.post(lost())
            await mails(box, 1, "twice@example.org")
            running.post(alert("XmppCheckLost", domain="b.test", check="xep0313"))
            await mails(box, 1, "other@example.org")
            await mails(box, 2, "twice@example.org")
            await mails(box, 2)
    assert sorted(mail.recipient for mail in box.mails) == [*[OPS] * 2, "other@example.org", *["twice@example.org"] * 2]


@pytest.mark.parametrize("key", ["summary", "description", "runbook_url", "domain", "check"])
async def test_what_a_server_says_is_only_words(open_folder: Path, key: str) -> None:
    nasty = f"{SCRIPT}\"'><img src=x>\r\nBcc: evil@example.org\n\n{{{{ .ExternalURL }}}} \u202eback"
    broken = alert("XmppCheckLost", summary="It is lost", description="No reason", check="xep0313")
    place = "labels" if key in broken["labels"] else "annotations"
    broken[place] = broken[place] | {key: nasty}
    async with mailbox() as box:
        with alertmanager(open_folder, "grafana: https://g.test\n" + plain_smtp(box) + SOON + OPERATOR) as running:
            running.post(broken)
            (mail,) = await mails(box, 1)
    page = Page(mail.html)
    assert "Bcc" not in mail.message and mail.message["To"] == OPS
    assert not {"\r", "\n", "\u202e"} & set(mail.subject)
    assert page.tags.isdisjoint({"script", "img"})
    assert "\u202e" not in mail.text + page.text
    assert not [line for line in mail.text.splitlines() if line.startswith("Bcc")]
    assert ("{{ .ExternalURL }}" in mail.text) == (SCRIPT in mail.text)
    if key != "runbook_url":
        assert SCRIPT in page.text
        assert SCRIPT in mail.text


async def test_a_link_that_is_no_web_page_is_none(open_folder: Path) -> None:
    evil = alert("XmppCheckLost", summary="It is lost")
    evil["annotations"]["runbook_url"] = "javascript:alert(1)"
    async with mailbox() as box:
        with alertmanager(open_folder, plain_smtp(box) + SOON + OPERATOR) as running:
            running.post(evil)
            (mail,) = await mails(box, 1)
    assert not Page(mail.html).links["How to fix it"].startswith("javascript")


async def test_an_alert_with_nothing_but_a_name_is_told(open_folder: Path) -> None:
    bare = {"labels": {"alertname": "XmppExporterDown", "severity": "critical"}}
    async with mailbox() as box:
        with alertmanager(open_folder, plain_smtp(box) + SOON + OPERATOR) as running:
            running.post(bare)
            (mail,) = await mails(box, 1)
    assert mail.subject == "[critical] XmppExporterDown"
    assert list(Page(mail.html).links) == ["Silence"]
    assert "no value" not in mail.text + mail.html


@pytest.mark.parametrize("way", ["starttls", "tls"])
async def test_mails_are_sent_over_tls_with_the_password_of_the_file(open_folder: Path, way: str) -> None:
    authority = CertificateAuthority(open_folder / "certificates")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(authority.issue("localhost"))
    (open_folder / "smtp.pw").write_text("correct horse")
    smtp = (
        "smtp:\n  host: localhost\n  from: alerts@example.org\n  unsubscribe: leave@example.org\n"
        f"  ca_file: {authority.ca_file}\n  login: {{username: alerts, password_file: {open_folder}/smtp.pw}}\n"
    )
    wrapped = {"starttls": context} if way == "starttls" else {"tls": context, "port": 465}
    async with mailbox("127.0.0.1", passwords={"alerts": "correct horse"}, **wrapped) as box:
        with alertmanager(open_folder, f"{smtp}  port: {box.port}\n" + SOON + OPERATOR) as running:
            running.post(lost())
            (mail,) = await mails(box, 1)
    assert (mail.encrypted, mail.login, box.refused) == (True, "alerts", [])
    assert mail.message["List-Unsubscribe"] == "<mailto:leave@example.org?subject=unsubscribe%20operator>"
    assert Page(mail.html).links["leave@example.org"] == "mailto:leave@example.org?subject=unsubscribe%20operator"
    assert "write to leave@example.org" in mail.text


async def test_the_newline_that_we_warn_of_is_taken_for_a_part_of_the_password(open_folder: Path) -> None:
    authority = CertificateAuthority(open_folder / "certificates")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(authority.issue("localhost"))
    (open_folder / "smtp.pw").write_text("correct horse\n")
    smtp = (
        f"smtp:\n  host: localhost\n  from: alerts@example.org\n  ca_file: {authority.ca_file}\n"
        f"  login: {{username: alerts, password_file: {open_folder}/smtp.pw}}\n"
    )
    async with mailbox(starttls=context, passwords={"alerts": "correct horse"}) as box:
        with alertmanager(open_folder, f"{smtp}  port: {box.port}\n" + SOON + OPERATOR) as running:
            running.post(lost())
            await until(lambda: bool(box.refused), "the login")
    assert box.refused[0] == "correct horse\n"
    assert box.mails == []
