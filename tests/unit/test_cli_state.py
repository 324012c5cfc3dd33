"""What the command line keeps between two runs: journals and temporary accounts."""

import os
import threading
import time
from pathlib import Path

import pytest

from xmpp_exporter.cli.errors import CannotRun
from xmpp_exporter.cli.remains import note, notes_of
from xmpp_exporter.cli.state import account_journal, state_folder


@pytest.fixture(autouse=True)
def state_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path


def test_the_state_is_for_its_user_alone(state_home: Path) -> None:
    assert state_folder() == state_home / "xmpp-exporter"
    assert state_folder().stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("value", ["", "relative/path"])
def test_without_a_usable_variable_the_state_is_below_home(
    value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_STATE_HOME", value)
    assert state_folder() == tmp_path / "home" / ".local" / "state" / "xmpp-exporter"


def test_a_journal_lasts_from_one_run_to_the_next() -> None:
    with account_journal("probe@a.test") as journal:
        entry = journal.note("probe@a.test", "room", "r@muc.a.test")
    with account_journal("probe@a.test") as journal:
        assert journal.left("probe@a.test") == [entry]


def test_each_account_has_a_journal_of_its_own() -> None:
    with account_journal("probe@a.test") as one, account_journal("probe@b.test") as other:
        one.note("probe@a.test", "room", "r@muc.a.test")
        assert not other.left("probe@a.test")


def test_a_journal_is_one_process_s_at_a_time(capsys: pytest.CaptureFixture[str]) -> None:
    order = []

    def second() -> None:
        with account_journal("probe@a.test"):
            order.append("second")

    other = threading.Thread(target=second)
    with account_journal("probe@a.test"):
        other.start()
        said = ""
        deadline = time.monotonic() + 10
        while not said.endswith("\n") and time.monotonic() < deadline:  # it may come in pieces
            said += capsys.readouterr().err
        order.append("first")
    other.join(10)
    assert order == ["first", "second"]
    assert said == "note: waiting for another check of probe@a.test to end\n"


def test_the_longest_localpart_fits() -> None:
    with account_journal("x" * 1023 + "@a.test") as journal:
        assert journal.left("probe@a.test") == []


def test_a_folder_that_cannot_be_made_is_told_with_what_to_do(
    state_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (state_home / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(state_home / "file"))
    with (
        pytest.raises(CannotRun, match="set XDG_STATE_HOME to a folder that you may write to"),
        account_journal("a@b.c"),
    ):
        pass
    with pytest.raises(CannotRun, match="set XDG_STATE_HOME"):
        note("xmpp-exporter-1@a.test", "secret")


def test_a_temporary_account_in_use_is_nobody_else_s() -> None:
    with note("xmpp-exporter-1@a.test", "secret") as remains:
        assert list(notes_of("a.test")) == []
        assert remains.path.stat().st_mode & 0o777 == 0o600


def test_a_temporary_account_is_remembered_until_it_is_gone() -> None:
    with note("xmpp-exporter-1@a.test", "secret"), note("xmpp-exporter-2@b.test", "secret"):
        pass
    (remains,) = notes_of("a.test")
    with remains:
        assert (remains.jid, remains.password) == ("xmpp-exporter-1@a.test", "secret")
        assert "secret" not in repr(remains)
        remains.forget()
    assert list(notes_of("a.test")) == []
    (other,) = notes_of("b.test")
    with other:
        assert other.jid == "xmpp-exporter-2@b.test"


def test_a_note_that_was_never_finished_is_left_alone() -> None:
    with note("xmpp-exporter-1@a.test", "secret") as remains:
        os.truncate(remains.path, 0)
    assert list(notes_of("a.test")) == []
