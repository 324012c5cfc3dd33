"""Log lines: one format for everybody, and no secrets, stanzas or control characters in them."""

import io
import json
import logging
import warnings
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import structlog
from aiohttp.http_exceptions import BadStatusLine

from xmpp_exporter.serving.log import Format, Level, configure


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, slixmpp_level = root.handlers[:], root.level, logging.getLogger("slixmpp").level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.getLogger("slixmpp").setLevel(slixmpp_level)
    logging.captureWarnings(False)
    structlog.reset_defaults()


def configured(level: Level = Level.INFO, log_format: Format = Format.LOGFMT) -> io.StringIO:
    stream = io.StringIO()
    configure(level, log_format, stream)
    return stream


def without_ts(stream: io.StringIO) -> list[str]:
    return [line.partition(" ")[2] for line in stream.getvalue().splitlines()]


def test_an_event_is_a_line_of_logfmt_that_begins_with_time_level_and_message() -> None:
    stream = configured()
    structlog.get_logger("a").info("probe done", domain="example.org", checks=26, quiet=False, software=None)
    head, _, rest = stream.getvalue().partition(" ")
    assert rest == 'level=info msg="probe done" domain=example.org checks=26 quiet=false software=\n'
    time = datetime.fromisoformat(head.removeprefix("ts="))
    assert time.utcoffset() == timedelta(0)
    assert head.endswith("Z")


def test_json_has_the_same_keys() -> None:
    stream = configured(log_format=Format.JSON)
    structlog.get_logger("a").warning("late", by=timedelta(seconds=1))
    event = json.loads(stream.getvalue())
    assert list(event) == ["ts", "level", "msg", "by"]
    assert (event["level"], event["msg"], event["by"]) == ("warn", "late", "0:00:01")


@pytest.mark.parametrize(
    ("level", "seen"),
    [
        (Level.DEBUG, ["debug", "info", "warn", "error"]),
        (Level.INFO, ["info", "warn", "error"]),
        (Level.WARN, ["warn", "error"]),
        (Level.ERROR, ["error"]),
    ],
)
def test_the_level_decides_what_is_written(level: Level, seen: list[str]) -> None:
    stream = configured(level)
    log = structlog.get_logger("a")
    for write in (log.debug, log.info, log.warning, log.error):
        write("x")
    assert [line.split()[0] for line in without_ts(stream)] == [f"level={each}" for each in seen]


def test_a_loggers_configuration_counts_for_loggers_made_before() -> None:
    log = structlog.get_logger("a")
    configured(Level.ERROR)
    stream = configured(Level.INFO)
    log.info("x")
    assert without_ts(stream) == ["level=info msg=x"]


def test_libraries_speak_in_the_same_format_from_warnings_on() -> None:
    stream = configured()
    logging.getLogger("aioice.ice").info("chatter")
    logging.getLogger("asyncio").warning("slow %s", "callback")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old", DeprecationWarning, stacklevel=1)
    lines = without_ts(stream)
    assert lines[0] == 'level=warn logger=asyncio msg="slow callback"'
    assert "logger=py.warnings" in lines[1]
    assert len(lines) == 2


def test_slixmpp_is_silent_unless_the_level_is_debug() -> None:
    stream = configured(Level.INFO)
    logging.getLogger("slixmpp.xmlstream.xmlstream").critical("SEND: %s", "<body>secret</body>")
    assert stream.getvalue() == ""


@pytest.mark.parametrize(
    ("template", "arguments", "said"),
    [
        ("SEND: %s", ("<body>secret</body>",), "SEND"),
        ("enabling outgoing SM: <enable secret='1'/>", (), '"enabling outgoing SM"'),
        ("roster: {'secret@example.org': 1}", (), "roster"),
    ],
)
def test_slixmpp_says_no_stanza_even_at_debug(template: str, arguments: tuple[str, ...], said: str) -> None:
    stream = configured(Level.DEBUG)
    logging.getLogger("slixmpp.xmlstream").debug(template, *arguments)
    assert without_ts(stream) == [f"level=debug logger=slixmpp.xmlstream msg={said}"]


def test_an_exception_of_slixmpp_is_told_by_its_kind_only() -> None:
    stream = configured(Level.DEBUG)
    try:
        raise ValueError("<body>secret</body>")
    except ValueError:
        logging.getLogger("slixmpp.xmlstream").exception("Error reading <x/>")
    assert without_ts(stream) == ['level=error logger=slixmpp.xmlstream msg="Error reading (ValueError)"']


def test_a_clients_malformed_request_is_told_at_debug_only() -> None:
    def report() -> None:
        try:
            raise BadStatusLine("GET /\x1b[2J")
        except BadStatusLine:
            logging.getLogger("aiohttp.server").exception("Error handling request")

    stream = configured(Level.INFO)
    report()
    assert stream.getvalue() == ""
    stream = configured(Level.DEBUG)
    report()
    assert "Error handling request" in stream.getvalue()


def test_a_traceback_stays_in_its_line() -> None:
    stream = configured()
    try:
        raise RuntimeError("first\nsecond")
    except RuntimeError:
        structlog.get_logger("a").exception("failed")
    assert len(stream.getvalue().splitlines()) == 1
    assert r"RuntimeError: first\nsecond" in stream.getvalue()


@pytest.mark.parametrize("log_format", list(Format))
def test_secrets_are_hidden_at_any_depth_and_in_urls(log_format: Format) -> None:
    stream = configured(log_format=log_format)
    structlog.get_logger("a").info(
        "x",
        password="hunter2",
        db_password="hunter2",
        Authorization="Basic hunter2",
        request={"headers": [{"Cookie": "hunter2"}]},
        url="https://probe:hunter2@example.org/",
        password_file="/run/secret",
    )
    assert "hunter2" not in stream.getvalue()
    assert stream.getvalue().count("<hidden>") == 5
    assert "/run/secret" in stream.getvalue()


def test_control_characters_cannot_forge_lines_or_reach_a_terminal() -> None:
    stream = configured()
    structlog.get_logger("a").info(
        "x", software='Evil\x1b[2J\r\nts=0 level=info msg="forged"', error=ValueError("\x9b")
    )
    assert len(stream.getvalue().splitlines()) == 1
    assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in stream.getvalue().rstrip("\n"))
