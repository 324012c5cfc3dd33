"""A temporary account leaves again, also where servers are odd about it."""

import secrets
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.account_state import logged_in
from tests.integration.probing import config_of, prober_of
from tests.servers.laboratory import PASSWORD, Laboratory, Server
from xmpp_exporter.cli import registration
from xmpp_exporter.cli.registration import Registrar
from xmpp_exporter.wire.errors import Disconnected, StanzaError
from xmpp_exporter.wire.registration import RegistrationRefused, remove_account
from xmpp_exporter.wire.session import Session
from xmpp_exporter.wire.trace import Trace

GOOD = "good.prosody.test"


@pytest.fixture
def warnings() -> list[str]:
    return []


@pytest.fixture
def registrar(
    laboratory: Laboratory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, warnings: list[str]
) -> Registrar:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return Registrar(prober_of(laboratory).network, config_of(laboratory, GOOD), Trace(), warnings.append)


def exists(server: Server, jid: str) -> bool:
    return any("accounts" in name for name in server.program.account_data(jid.partition("@")[0], server.domain))


def kept(folder: Path) -> list[str]:
    """What the notes of temporary accounts say."""
    return [path.read_text() for path in folder.rglob("xmpp-exporter-*") if path.is_file()]


async def test_a_server_that_ends_the_stream_instead_of_answering_has_removed_the_account(
    registrar: Registrar,
    warnings: list[str],
    monkeypatch: pytest.MonkeyPatch,
    server: Callable[[str], Server],
    tmp_path: Path,
) -> None:
    async def remove_and_hang_up(session: Session) -> None:
        await remove_account(session)
        raise Disconnected("stream error not-authorized: Account deleted")

    monkeypatch.setattr(registration, "remove_account", remove_and_hang_up)
    async with registrar.temporary_account() as account:
        assert exists(server(GOOD), account.jid)
    assert not exists(server(GOOD), account.jid)
    assert warnings == []
    assert kept(tmp_path) == []


async def test_an_account_that_the_server_keeps_is_told_remembered_and_removed_the_next_time(
    registrar: Registrar,
    warnings: list[str],
    monkeypatch: pytest.MonkeyPatch,
    server: Callable[[str], Server],
    tmp_path: Path,
) -> None:
    async def refuse(session: Session) -> None:
        raise StanzaError("not-allowed", "no")

    with monkeypatch.context() as patched:
        patched.setattr(registration, "remove_account", refuse)
        async with registrar.temporary_account() as account:
            pass
    (warning,) = warnings
    assert warning.startswith(f"the temporary account {account.jid} could not be removed: not-allowed: no;")
    assert str(tmp_path) in warning
    assert kept(tmp_path) == [f"{account.jid}\n{account.read_password()}\n"]
    assert exists(server(GOOD), account.jid)

    await registrar.remove_remains()
    assert not exists(server(GOOD), account.jid)
    assert kept(tmp_path) == []
    assert len(warnings) == 1


async def test_a_name_that_is_taken_is_nobody_s_to_remove(
    registrar: Registrar,
    laboratory: Laboratory,
    warnings: list[str],
    monkeypatch: pytest.MonkeyPatch,
    server: Callable[[str], Server],
    tmp_path: Path,
) -> None:
    there = server(GOOD)
    there.program.add_account("xmpp-exporter-taken", GOOD, PASSWORD)
    monkeypatch.setattr(secrets, "token_hex", lambda size: "taken")
    with pytest.raises(RegistrationRefused, match="conflict"):
        async with registrar.temporary_account():
            pytest.fail("two accounts of one name")
    assert warnings == []
    assert kept(tmp_path) == []
    async with logged_in(prober_of(laboratory), there, "xmpp-exporter-taken") as session:
        await remove_account(session)


async def test_a_form_that_the_server_refuses_means_closed(laboratory: Laboratory, warnings: list[str]) -> None:
    config = config_of(laboratory, "broken.prosody.test")
    with pytest.raises(RegistrationRefused, match="registration is closed: the server answers"):
        await Registrar(prober_of(laboratory).network, config, Trace(), warnings.append).form()
