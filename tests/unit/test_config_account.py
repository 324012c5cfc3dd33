"""The account of a server: where its password is, and what reading it can meet."""

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from xmpp_exporter.config import Account, PasswordError, PromptedAccount, ServerConfig


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "probe.pw"


def account(file: Path) -> Account:
    return Account(jid="probe@example.org", password_file=file)


@pytest.mark.parametrize(
    ("content", "password"),
    [
        (b"s3cret", "s3cret"),
        (b"s3cret\n", "s3cret"),
        (b"s3cret\r\n", "s3cret"),
        (b" s3 cret \n", " s3 cret "),
        ("пароль\n".encode(), "пароль"),
    ],
)
def test_a_password_is_the_files_text_without_the_newline_at_its_end(file: Path, content: bytes, password: str) -> None:
    file.write_bytes(content)
    assert account(file).read_password() == password


def test_a_password_is_read_again_at_each_login(file: Path) -> None:
    file.write_text("old\n")
    probe = account(file)
    assert probe.read_password() == "old"
    file.write_text("new\n")
    assert probe.read_password() == "new"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"s3cret\n\n", "more than one line"),
        (b"s3cret\nother", "more than one line"),
        (b"s3cret\xff", "is not UTF-8"),
        (b"s3cret" * 1000, "longer than 1024 bytes"),
    ],
)
def test_what_is_no_password_is_refused_without_telling_it(file: Path, content: bytes, message: str) -> None:
    file.write_bytes(content)
    with pytest.raises(PasswordError, match=message) as raised:
        account(file).read_password()
    assert str(file) in str(raised.value)
    assert "s3cret" not in repr(raised.value)
    assert raised.value.__context__ is None


def test_a_missing_password_file_is_named(file: Path) -> None:
    with pytest.raises(PasswordError, match=r"probe\.pw: cannot be read: No such file"):
        account(file).read_password()


def test_a_credential_is_a_file_that_systemd_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (tmp_path / "probe").write_text("s3cret\n")
    probe = Account(jid="probe@example.org", credential="probe")
    assert probe.password_path() == tmp_path / "probe"
    assert probe.read_password() == "s3cret"


def test_a_credential_without_systemd_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    with pytest.raises(PasswordError, match=r"credential probe: \$CREDENTIALS_DIRECTORY is not set"):
        Account(jid="probe@example.org", credential="probe").read_password()


@pytest.mark.parametrize("name", ["", ".", "..", "../shadow", "a/b", "a b", "ä"])
def test_a_credential_is_a_name_not_a_path(name: str) -> None:
    with pytest.raises(ValidationError, match="is no credential's name"):
        Account(jid="probe@example.org", credential=name)


def test_an_account_has_one_source_for_its_password(file: Path) -> None:
    with pytest.raises(ValidationError, match="has no password: write password_file"):
        Account(jid="probe@example.org")
    with pytest.raises(ValidationError, match="both password_file and credential"):
        Account(jid="probe@example.org", password_file=file, credential="probe")


def test_a_typed_password_appears_nowhere() -> None:
    probe = PromptedAccount(jid="probe@example.org", given=SecretStr("s3cret"))
    server = ServerConfig(domain="example.org", relation="permitted", account=probe)
    assert server.account is not None
    assert server.account.read_password() == "s3cret"
    for text in (
        repr(server),
        str(server),
        server.model_dump_json(),
        str(server.model_dump()),
        probe.model_dump_json(),
    ):
        assert "s3cret" not in text
    with pytest.raises(PasswordError, match="was typed"):
        server.account.password_path()
