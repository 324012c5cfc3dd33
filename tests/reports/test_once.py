"""Each report is sent once, whatever happens to the program that sends it."""

import asyncio
import os
import re
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.reports.sender import TOKEN, Sender, bridge, plain_smtp, settings_of
from tests.servers.mailbox import Mail, mailbox
from tests.servers.prometheus import Prometheus

FOUR: list[dict[str, Any]] = [
    {"id": f"n{number}", "mail": f"n{number}@example.org", "domains": ["well.test"]} for number in range(4)
]
ALL = [each["mail"] for each in FOUR]


async def test_a_second_run_sends_nothing_and_another_period_does(week: Prometheus, tmp_path: Path) -> None:
    async with mailbox() as box:
        sender = Sender(tmp_path, settings_of(week.url, FOUR, smtp=plain_smtp(box)))
        assert (await sender.run()).out == "4 sent.\n"
        assert (await sender.run()).out == "0 sent, 4 had theirs already.\n"
        assert (await sender.run("--period", "1d", "--to", "n1")).out == "1 sent.\n"
        assert (await sender.run("--domain", "well.test", "--to", "n1")).out == "1 sent.\n"
    assert [mail.recipient for mail in box.mails] == [*ALL, "n1@example.org", "n1@example.org"]
    assert len({mail.message["Message-ID"] for mail in box.mails}) == 6


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
async def test_killed_while_it_sends_it_goes_on_where_it_was(
    week: Prometheus, tmp_path: Path, number: signal.Signals
) -> None:
    """The signal comes when the server has the second mail, and the program does not know that yet."""
    async with mailbox() as box:
        sender = Sender(tmp_path, settings_of(week.url, FOUR, smtp=plain_smtp(box)))

        def kill(mail: Mail) -> None:
            if len(box.mails) == 2:
                os.kill(sender.pid, number)

        box.on_mail = kill
        killed = await sender.run()
        assert killed.code == (-number if number is signal.SIGKILL else 128 + number)
        sent = [mail.recipient for mail in box.mails]
        # asked to end, it may have begun the next one before it hears of it
        assert sent == ALL[: len(sent)] and len(sent) in ([2] if number is signal.SIGKILL else [2, 3])
        assert (await sender.run()).code == 0
    # killed, it could not know that the second was taken: that one comes again, under the same id
    again = 1 if number is signal.SIGKILL else 0
    assert [mail.recipient for mail in box.mails] == sent + ALL[len(sent) - again :]
    assert len({mail.message["Message-ID"] for mail in box.mails}) == len(FOUR)


async def test_two_at_once_do_not_send_the_same(week: Prometheus, tmp_path: Path) -> None:
    async with mailbox() as box:
        sender = Sender(tmp_path, settings_of(week.url, FOUR, smtp=plain_smtp(box)))
        results = await asyncio.gather(sender.run(), sender.run())
    assert sorted(mail.recipient for mail in box.mails) == ALL
    for result in results:
        assert "in use" in result.err or result.code == 0


async def test_what_one_subscriber_cannot_get_does_not_keep_others_from_theirs(
    week: Prometheus, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text(TOKEN)
    people: list[dict[str, Any]] = [
        {"id": "room", "room": "ops@rooms.example.org"},
        FOUR[0],
        {"id": "juliet", "jid": "juliet@example.org", "domains": ["busy.test"]},
    ]
    async with mailbox() as box, bridge() as taking:
        chat = {"jid": "a@example.org", "password_file": "pw", "token": {"password_file": "token"}}
        settings = settings_of(week.url, people, smtp=plain_smtp(box), chat=chat | {"webhook": taking.url})
        sender = Sender(tmp_path, settings)
        taking.statuses = [503]
        first = await sender.run()
        second = await sender.run()
    assert (first.code, first.out) == (1, "2 sent.\n")
    assert first.err.startswith("not sent to room: ") and "503" in first.err and TOKEN not in first.err
    assert (second.code, second.out) == (0, "1 sent, 2 had theirs already.\n")
    assert [subscriber for subscriber, _note in taking.notes] == ["juliet", "room"]
    assert len(box.mails) == 1
    [juliet, room] = [note for _subscriber, note in taking.notes]
    assert juliet["id"] == "xmpp-report.juliet.2026-07-13.7d"
    assert "busy.test: 9" in juliet["text"] and "down.test" not in juliet["text"]
    assert "lost Wed 15 July 10:30: Message Archive Management" in juliet["text"]
    assert "subscriber juliet of this monitoring" in juliet["text"]
    assert "1 server without news: https://xmpp.example.org" in room["text"]
    assert "- silent.test: 100 % available, no data at the end\n" in room["text"]
    assert len(room["text"].encode()) < 9000


async def test_who_watches_sees_how_far_it_is(week: Prometheus, tmp_path: Path) -> None:
    async with mailbox() as box:
        sender = Sender(tmp_path, settings_of(week.url, FOUR, smtp=plain_smtp(box)))
        result = await sender.run_on_terminal()
    assert (result.code, result.out) == (0, "4 sent.\n")
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", result.err)
    assert re.search(r"asking Prometheus \S+ 1/1 ", shown)
    assert re.search(r"sending +\S+ 4/4 ", shown)
    assert result.err.endswith("\x1b[2K")  # and it is gone


async def test_a_mail_server_that_is_away_is_asked_once_and_all_is_sent_later(week: Prometheus, tmp_path: Path) -> None:
    async with mailbox() as box:
        settings = settings_of(week.url, FOUR, smtp=plain_smtp(box))
    sender = Sender(tmp_path, settings)
    away = await sender.run()
    assert (away.code, away.out) == (1, "0 sent.\n")
    assert [line.partition(":")[0] for line in away.err.splitlines()] == [
        f"not sent to n{number}" for number in range(4)
    ]
    async with mailbox(port=box.port) as box:
        assert (await sender.run()).out == "4 sent.\n"
    assert [mail.recipient for mail in box.mails] == ALL


async def test_a_prometheus_that_is_away_sends_nothing(tmp_path: Path) -> None:
    async with mailbox() as box:
        result = await Sender(tmp_path, settings_of("http://127.0.0.1:9", FOUR, smtp=plain_smtp(box))).run()
    assert result.code == 1
    assert result.err.startswith("error: Prometheus could not be asked, nothing was sent: http://127.0.0.1:9 ")
    assert box.mails == []


async def test_a_damaged_note_of_what_was_sent_sends_nothing(week: Prometheus, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "reports.json").write_text('{"sent": ')
    async with mailbox() as box:
        result = await Sender(tmp_path, settings_of(week.url, FOUR, smtp=plain_smtp(box))).run()
    assert result.code == 2
    assert "reports.json is damaged" in result.err
    assert box.mails == []


async def test_a_dry_run_writes_files_sends_nothing_and_remembers_nothing(week: Prometheus, tmp_path: Path) -> None:
    people: list[dict[str, Any]] = [*FOUR[:1], {"id": "room", "room": "ops@rooms.example.org"}]
    async with mailbox() as box:
        chat = {"jid": "a@example.org", "password_file": "pw", "token": {"password_file": "token"}}
        sender = Sender(tmp_path, settings_of(week.url, people, smtp=plain_smtp(box), chat=chat))
        result = await sender.run("--dry-run", str(tmp_path / "look"))
        assert (result.code, result.err) == (0, "")
    assert box.mails == []
    written = sorted(path.name for path in (tmp_path / "look").iterdir())
    assert written == ["n0-1.png", "n0.eml", "n0.html", "n0.txt", "room.txt"]
    assert 'src="n0-1.png"' in (tmp_path / "look" / "n0.html").read_text()
    assert not (tmp_path / "state").exists()
