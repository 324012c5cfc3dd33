"""Reports about very many servers stay readable, and servers are told apart."""

from datetime import date
from zoneinfo import ZoneInfo

from xmpp_alerts.bridge.styling import JOINER, fits
from xmpp_alerts.config import Alerts
from xmpp_alerts.report.availability import Segment, State
from xmpp_alerts.report.changes import Change, Flip
from xmpp_alerts.report.findings import Findings, Incident, Server
from xmpp_alerts.report.period import Period, Span
from xmpp_alerts.report.report import IN_CHAT, IN_FULL, IN_TABLE, Report, report

PERIOD = Period(7, date(2026, 7, 20), ZoneInfo("UTC"))
WHOLE = Span(PERIOD.start, PERIOD.end)
ALERTS = Alerts.model_validate(
    {
        "smtp": {"host": "mail.example.org", "from": "a@example.org"},
        "subscribers": [
            {"id": "all", "mail": "a@example.org"},
            {"id": "some", "mail": "a@example.org", "domains": ["*.b.test", "a.test", "c.test"]},
        ],
    }
)


def found(domain: str, job: str = "xmpp", lost: int = 0, incidents: int = 0) -> Findings:
    """A server that was up, with so many checks that got lost, and incidents that are told of."""
    return Findings(
        server=Server(domain, job),
        segments=[Segment(State.UP, WHOLE)],
        incidents=[
            Incident(Span(WHOLE.start + hour * 3600, WHOLE.start + hour * 3660), "") for hour in range(incidents)
        ],
        suites=[],
        changes=[Change(f"check-{number}", (Flip(WHOLE.start, False),)) for number in range(lost)],
        reasons={},
        certificate_days=None,
        login_fails=False,
        software="",
    )


def report_of(*servers: Findings, subscriber: int = 0, only: tuple[str, ...] = ()) -> Report:
    return report(ALERTS.subscribers[subscriber], ALERTS, PERIOD, {each.server: each for each in servers}, only)


def test_of_very_many_servers_those_with_news_come_first_and_the_rest_is_counted() -> None:
    quiet = [found(f"a{number:04}.test") for number in range(1000)]
    many = report_of(*quiet, found("z.test", lost=1, incidents=2))
    assert many.summary == "1 check lost, 2 incidents"
    assert many.in_full[0].name == "z.test"
    text, html = many.text(), many.html(["cid:x"] * IN_FULL)
    assert text.count("Results: ") == html.count("<img") == IN_FULL
    assert text.count(": 100 %\n") == IN_TABLE - 1 + IN_FULL
    for each in (text, html):
        assert f"and {1001 - IN_TABLE} more servers" in each
        assert len(each) < 100_000
    assert "1000 servers without news: " in many.chat()


def test_a_chat_message_tells_of_as_many_servers_as_fit_into_it() -> None:
    label = "x" * 60
    many = report_of(*(found(f"{number}.{label}.{label}.{label}.test", lost=40) for number in range(100)))
    text = many.chat()
    assert fits(text)
    told = text.count("40 checks lost") - text.partition("\n\n")[0].count("40 checks lost")
    assert 0 < told <= IN_CHAT
    assert f"and {100 - told} more servers with news" in text
    few = report_of(*(found(f"{number}.test", lost=40) for number in range(100))).chat()
    assert f"and {100 - IN_CHAT} more servers with news" in few


def test_names_of_others_are_no_styling() -> None:
    assert f"- {JOINER}*a*.test: 100 %" in report_of(found("*a*.test", lost=1)).chat()


def test_a_server_of_two_jobs_is_called_by_both() -> None:
    names = [section.name for section in report_of(found("a.test", "one"), found("a.test", "two")).sections]
    assert names == ["a.test (job one)", "a.test (job two)"]


def test_a_subscriber_hears_of_the_domains_that_he_wants() -> None:
    servers = [found(domain) for domain in ("a.test", "x.b.test", "b.test", "d.test")]
    some = report_of(*servers, subscriber=1)
    assert [section.name for section in some.sections] == ["a.test", "x.b.test"]
    assert some.missing == ["c.test"]
    one = report_of(*servers, subscriber=1, only=("y.b.test", "x.b.test", "d.test"))
    assert [section.name for section in one.sections] == ["x.b.test"]
    assert one.missing == ["y.b.test"]


def test_incidents_of_an_unsteady_server_are_counted_beyond_a_bound() -> None:
    [section] = report_of(found("a.test", incidents=50)).sections
    assert section.incidents[0] == "40 earlier incidents"
    assert len(section.incidents) == 11
