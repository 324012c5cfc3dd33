"""The journal forgets nothing that is still to be removed, whatever happens to the process or the file."""

import errno
import itertools
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xmpp_exporter import journal as module
from xmpp_exporter.journal import Entry, Journal

ME = "probe@example.test"

names = st.text(max_size=20) | st.sampled_from(
    ["a\nb", "a\u2028b", "a\x85b", "\x0c", '"', "\\", "\N{SNOWMAN}", "\ud800", "{}", ""]
)


@given(
    steps=st.lists(st.tuples(st.sampled_from(["note", "note", "remove", "restart"]), names, names), max_size=40),
    compact_after=st.sampled_from([0, 3, 10_000]),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
def test_a_journal_has_what_was_noted_and_not_removed(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str, str]], compact_after: int
) -> None:
    path = tmp_path_factory.mktemp("journal") / "journal"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "COMPACT_AFTER", compact_after)
        journal = Journal(path)
        expected: list[Entry] = []
        for step, address, item in steps:
            if step == "note":
                expected.append(journal.note(ME, "room", address, item))
            elif step == "remove" and expected:
                journal.removed(expected.pop(len(address) % len(expected)))
            elif step == "restart":
                journal = Journal(path)
            assert journal.left(ME) == expected
        assert Journal(path).left(ME) == expected
        assert [entry.address for entry in expected] == [entry.address for entry in Journal(path).left(ME)]


def test_accounts_are_kept_apart(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    mine, yours = journal.note(ME, "node", "a"), journal.note("other@example.test", "node", "a")
    assert (journal.left(ME), journal.left("other@example.test")) == ([mine], [yours])


def test_without_a_file_it_lasts_as_long_as_the_process() -> None:
    journal = Journal()
    entry = journal.note(ME, "node", "a")
    assert journal.left(ME) == [entry]
    journal.removed(entry)
    assert journal.left(ME) == []


DYING = """
import itertools, sys
from pathlib import Path
from xmpp_exporter.journal import Journal
journal = Journal(Path(sys.argv[1]))
for number in itertools.count():
    entry = journal.note("probe@example.test", "room", f"room{number}")
    print(number, flush=True)
    if number % 3 == 0:
        journal.removed(entry)
        print(-number, flush=True)
"""


def test_what_a_killed_process_noted_is_still_there(tmp_path: Path) -> None:
    """SIGKILL at any moment: what it said it had noted is there, what it said was removed is not."""
    path = tmp_path / "journal"
    with subprocess.Popen([sys.executable, "-c", DYING, path], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = [int(line) for line in itertools.islice(process.stdout, 300)]
        process.send_signal(signal.SIGKILL)
        said += [int(line) for line in process.stdout if line.endswith("\n")]
    left = {entry.address for entry in Journal(path).left(ME)}
    noted = {number for number in said if number > 0}
    assert {f"room{number}" for number in noted if number % 3} <= left
    assert not {f"room{-number}" for number in said if number < 0} & left
    assert len(left) <= len({number for number in noted if number % 3}) + 2


@pytest.mark.parametrize(
    "damage",
    [
        b"\x00\xff\xfe",
        b"{",
        b"[]",
        b"5",
        b"null",
        b'"removed"',
        b'{"removed": []}',
        b'{"removed": 5}',
        b'{"id": "1"}',
        b'{"id": 1, "account": "a", "kind": "b", "address": "c"}',
        b'{"id": "1", "account": "a", "kind": "b", "address": "c", "more": "d"}',
        b"[" * 100_000,
        b"\n\n",
    ],
)
def test_a_damaged_line_costs_no_other(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "journal"
    journal = Journal(path)
    first, gone, last = (journal.note(ME, "node", address) for address in "abc")
    journal.removed(gone)
    lines = path.read_bytes().splitlines()
    path.write_bytes(b"\n".join([lines[0], damage, *lines[1:], damage]))
    assert Journal(path).left(ME) == [first, last]
    assert Journal(path).left(ME) == [first, last], "and the damage is gone"


@given(cut=st.integers(0, 400))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
def test_a_line_cut_short_costs_no_other(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    path = tmp_path_factory.mktemp("journal") / "journal"
    journal = Journal(path)
    entries = [journal.note(ME, "node", address) for address in "abc"]
    whole = path.read_bytes()
    path.write_bytes(whole[:cut])
    left = Journal(path)
    ends = itertools.accumulate(len(line) + 1 for line in whole.splitlines())
    survivors = sum(cut >= end - 1 for end in ends)  # a line is whole without its line break, too
    assert left.left(ME) == entries[:survivors]
    entry = left.note(ME, "node", "new")
    assert Journal(path).left(ME)[-1] == entry


def test_a_full_disk_tears_no_line_but_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "journal"
    journal = Journal(path)
    first = journal.note(ME, "node", "first")

    class FullDisk:
        """Half of the line fits."""

        def __init__(self, *_arguments: Any, **_options: Any) -> None:
            self.file = os.open(path, os.O_WRONLY | os.O_APPEND)

        def __enter__(self) -> "FullDisk":
            return self

        def __exit__(self, *_exception: object) -> None:
            os.close(self.file)

        def write(self, text: str) -> None:
            os.write(self.file, text.encode()[: len(text) // 2])
            raise OSError(errno.ENOSPC, "no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(type(path), "open", FullDisk)
        with pytest.raises(OSError, match="no space left"):
            journal.note(ME, "node", "too much")
    assert journal.left(ME) == [first], "what could not be noted must not be made"
    second = journal.note(ME, "node", "second")
    assert Journal(path).left(ME) == [first, second]


def test_the_file_stays_short_while_things_come_and_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "COMPACT_AFTER", 20)
    path = tmp_path / "journal"
    journal = Journal(path)
    stays = journal.note(ME, "node", "stays")
    for _ in range(200):
        journal.removed(journal.note(ME, "node", "comes and goes"))
        assert path.read_bytes().count(b"\n") < 30
    assert Journal(path).left(ME) == [stays]
