"""Reports and the catalogue as people and programs see them."""

import io
import re
from typing import Any

import pytest
from rich.console import Console

from xmpp_exporter.catalogue import checks, topics
from xmpp_exporter.catalogue.suite import suites
from xmpp_exporter.cli.table import NARROW, print_catalogue, print_report, print_suite
from xmpp_exporter.cli.terminal import stdout_console
from xmpp_exporter.model import CheckResult, Outcome, ProbeKind, ProbeReport, Reason, Software, Verdict
from xmpp_exporter.printable import printable

HOSTILE = "\x1b]0;owned\x07\x9b2J\u202egnp.exe [bold]not markup[/bold]\nsecond line"


def report(*results: tuple[str, Outcome], **more: Any) -> ProbeReport:
    done = tuple(CheckResult(check, outcome, 0.1) for check, outcome in results)
    return ProbeReport("a.test", ProbeKind.COMPLIANCE, 0.0, 1.5, True, checks=done, **more)


REPORT = report(
    ("xep0368", Outcome(Verdict.SUPPORTED, None, "both addresses")),
    ("xep0077", Outcome(Verdict.UNSUPPORTED, Reason.NOT_OFFERED, "closed")),
    ("xep0280", Outcome(Verdict.BROKEN, Reason.STANZA_ERROR, "answered with the error item-not-found")),
    ("xep0313", Outcome(Verdict.UNKNOWN, Reason.TIMEOUT, "x" * 300)),
    software=Software("Prosody", "0.12.3"),
)


def piped(some: ProbeReport, capsys: pytest.CaptureFixture[str]) -> str:
    print_report(some, stdout_console())
    return capsys.readouterr().out


def on_terminal(some: ProbeReport, width: int, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.delenv("NO_COLOR", raising=False)
    file = io.StringIO()
    print_report(some, Console(file=file, width=width, force_terminal=True, color_system="standard"))
    return file.getvalue()


def test_a_pipe_gets_a_line_for_each_check_below_its_topic(capsys: pytest.CaptureFixture[str]) -> None:
    assert re.sub(" {2,}", " | ", piped(REPORT, capsys)).splitlines() == [
        "a.test · Prosody 0.12.3 · 1.50 s",
        "",
        "Check | Verdict | Title | Reason and detail",
        "",
        "Connections",
        "xep0368 | supported | SRV records for XMPP over TLS | both addresses",
        "",
        "Registration",
        "xep0077 | unsupported | In-Band Registration (info) | not_offered: closed",
        "",
        "Messaging",
        "xep0280 | broken | Message Carbons | stanza_error: answered with the error item-not-found",
        "",
        "History",
        f"xep0313 | unknown | Message Archive Management | timeout: {'x' * 300}",
        "",
        "Score 1/2 · 1 not decided",
    ]


def test_a_pipe_gets_no_escape_codes_and_no_blanks_at_the_end_of_lines(capsys: pytest.CaptureFixture[str]) -> None:
    text = piped(REPORT, capsys)
    assert "\x1b" not in text
    assert all(line == line.rstrip() for line in text.splitlines())


@pytest.mark.parametrize("width", [80, NARROW - 1, NARROW, 200])
def test_a_terminal_gets_colours_within_its_width(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    text = on_terminal(REPORT, width, monkeypatch)
    assert "\x1b[32msupported" in text
    lines = re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines()
    assert max(map(len, lines)) <= width
    assert "item-not-found" in re.sub(r"\s+", " ", " ".join(lines))


@pytest.mark.parametrize("width", [80, 200])
def test_what_a_server_says_cannot_command_the_terminal(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = Outcome(Verdict.BROKEN, Reason.STANZA_ERROR, HOSTILE)
    text = on_terminal(report(("xep0280", outcome), software=Software(HOSTILE)), width, monkeypatch)
    rest = re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", rest)
    assert "[bold]not markup[/bold]" in re.sub(r"\s+", " ", rest)


def test_printable_keeps_what_can_be_read() -> None:
    assert printable("Grüße, 世界 🙂\tend") == "Grüße, 世界 🙂 end"
    assert printable(HOSTILE).count("\ufffd") == 4


def test_without_an_account_the_table_says_how_to_get_the_rest(capsys: pytest.CaptureFixture[str]) -> None:
    some = report(("xep0280", Outcome(Verdict.UNKNOWN, Reason.NO_ACCOUNT, "needs an account on the server")))
    assert piped(some, capsys).splitlines()[-1] == (
        "Score 0/0 · 1 not decided · for the rest, name an account: xmpp-exporter check NAME@a.test"
    )


def test_a_suite_is_told_by_category_and_level(capsys: pytest.CaptureFixture[str]) -> None:
    core = ("srv_c2s", "c2s_stream", "login", "srv_s2s", "s2s_stream", "starttls_c2s", "tls_required", "xep0030")
    mobile = ("tls_versions_c2s", "cert_chain_c2s", "cert_name_c2s", "starttls_s2s", "xep0198", "xep0352", "xep0357")
    some = report(
        *((check, Outcome(Verdict.SUPPORTED)) for check in core + mobile),
        ("xep0368", Outcome(Verdict.BROKEN, Reason.TLS, "no")),
    )
    print_suite(suites()["cs2023"], some, stdout_console())
    rows = [re.sub(" {2,}", " | ", line) for line in capsys.readouterr().out.splitlines()]
    assert rows[:5] == [
        "",
        "XMPP Compliance Suites 2023",
        "https://xmpp.org/extensions/xep-0479.html",
        "",
        "Category | Level | Verdict | Met | Missing and undecided",
    ]
    assert rows[5] == "Core | Server | compliant | 3/3"
    assert rows[6] == (
        "Core | Advanced Server | not compliant | 3/4 | missing: Direct TLS (xep0368); "
        "undecided: Feature broadcasts (xep0115, pep_notify), Event publishing (xep0163, pep_notify)"
    )
    assert "Web | Server | undecided | 3/3 | undecided: Web connection mechanisms (websocket, bosh)" in rows
    assert "Mobile | Server | compliant | 5/5" in rows
    assert (
        "Mobile | Advanced Server | not compliant | 6/7 | missing: Core: Direct TLS; "
        "undecided: Core: Feature broadcasts, Core: Event publishing"
    ) in rows
    assert len(rows) == 15


@pytest.mark.parametrize("width", [80, 200])
def test_a_suite_fits_on_a_terminal(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    file = io.StringIO()
    console = Console(file=file, width=width, force_terminal=True, color_system="standard")
    print_suite(suites()["cs2023"], REPORT, console)
    assert "\x1b[33mundecided" in file.getvalue()
    assert max(map(len, re.sub(r"\x1b\[[0-9;]*m", "", file.getvalue()).splitlines())) <= width


def test_the_catalogue_has_every_check_and_topic(capsys: pytest.CaptureFixture[str]) -> None:
    print_catalogue(stdout_console())
    rows = [re.split(" {2,}", line) for line in capsys.readouterr().out.splitlines() if line]
    assert [row[0] for row in rows if len(row) == 1] == list(topics().values())
    table = {row[0]: row[1:] for row in rows[1:] if len(row) > 1}
    assert table.keys() == checks().keys()
    assert table["xep0384"] == ["0384", "OMEMO Encryption", "yes", "account no contacts", "removable"]
    assert table["roster_versioning"][0] == "RFC"
    assert table["xep0368"][2:] == ["yes", "-", "nothing"]


def test_a_narrow_terminal_gets_the_catalogue_s_titles_unbroken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    file = io.StringIO()
    print_catalogue(Console(file=file, width=60, force_terminal=True))
    lines = [line.rstrip() for line in re.sub(r"\x1b\[[0-9;]*m", "", file.getvalue()).splitlines()]
    assert max(map(len, lines)) <= 60
    assert "xep0368               0368  SRV records for XMPP over TLS" in lines
    assert "ipv6                  RFC   IPv6 (info)" in lines
    entry = next(index for index, line in enumerate(lines) if line.startswith("xep0384 "))
    assert re.sub(r"\s+", " ", " ".join(lines[entry : entry + 3])).startswith(
        "xep0384 0384 OMEMO Encryption · needs account no contacts · leaves removable "
    )
