"""The arguments of `check`: which server, account and checks they mean, and what is said when they mean nothing."""

import getpass
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.servers.certificates import CertificateAuthority
from xmpp_exporter.catalogue import checks
from xmpp_exporter.cli import target as module
from xmpp_exporter.cli.errors import CannotRun, ExitCode
from xmpp_exporter.cli.target import Arguments, Request, parse_resolver, parse_target, request_of, wanted_checks
from xmpp_exporter.config import HostPort

CONFIG = """
resolver: {nameservers: [192.0.2.53]}
contact: https://ops.test/
servers:
- domain: a.test
  relation: own
  exclude: [turn]
  allow_private_addresses: true
  account: {jid: probe@a.test, password_file: a.pw, allow_contacts: true}
- domain: b.test
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "a.pw").write_text("from the configuration\n")
    (tmp_path / "exporter.yml").write_text(CONFIG)
    return tmp_path / "exporter.yml"


@pytest.fixture
def password(tmp_path: Path) -> Path:
    (tmp_path / "password").write_text("from the command line\n")
    return tmp_path / "password"


def refusal(target: str = "a.test", **arguments: Any) -> str:
    with pytest.raises(CannotRun) as refused:
        request_of(Arguments(target, **arguments))
    assert refused.value.exit_code is ExitCode.USAGE
    return str(refused.value)


def password_of(request: Request) -> str:
    assert request.server.account is not None
    return request.server.account.read_password()


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("example.org", ("example.org", None)),
        ("Example.ORG.", ("example.org", None)),
        ("bücher.example", ("xn--bcher-kva.example", None)),
        ("probe@Example.org", ("example.org", "probe@example.org")),
    ],
)
def test_a_target_is_a_domain_or_an_account(text: str, meant: tuple[str, str | None]) -> None:
    assert parse_target(text) == meant


@pytest.mark.parametrize("text", ["", "https://example.org", "192.0.2.1", "@example.org", "probe@", "a@b.test/home"])
def test_anything_else_is_told_what_to_write(text: str) -> None:
    assert refusal(text).endswith("write a domain such as example.org, or probe@example.org")


def test_without_an_account_the_server_is_a_strangers() -> None:
    server = request_of(Arguments("a.test")).server
    assert (server.domain, server.relation, server.account) == ("a.test", "foreign", None)


def test_an_account_means_permission(password: Path) -> None:
    request = request_of(Arguments("probe@a.test", password_file=password))
    assert (request.server.relation, password_of(request)) == ("permitted", "from the command line")


def test_the_account_of_the_configuration_is_used(config: Path) -> None:
    request = request_of(Arguments("a.test", config_file=config))
    assert password_of(request) == "from the configuration"
    assert (request.server.relation, request.server.exclude) == ("own", ("turn",))
    assert request.config.resolver.nameservers == ("192.0.2.53",)
    assert request.config.contact == "https://ops.test/"


def test_an_account_named_in_full_may_be_the_one_of_the_configuration(config: Path) -> None:
    assert password_of(request_of(Arguments("probe@a.test", config_file=config))) == "from the configuration"


def test_the_password_file_of_the_command_line_wins(config: Path, password: Path) -> None:
    request = request_of(Arguments("probe@a.test", config_file=config, password_file=password))
    assert password_of(request) == "from the command line"
    assert request.server.account is not None
    assert request.server.account.allow_contacts


def test_another_account_than_the_configured_one_is_just_itself(config: Path, password: Path) -> None:
    request = request_of(Arguments("other@a.test", config_file=config, password_file=password))
    assert request.server.account is not None
    assert (request.server.account.jid, request.server.account.allow_contacts) == ("other@a.test", False)
    assert request.server.exclude == ("turn",)


@pytest.mark.parametrize(("target", "second"), [("a.test", "other@a.test"), ("other@a.test", None)])
def test_the_second_account_of_the_configuration_is_used_unless_it_is_the_first(
    tmp_path: Path, password: Path, target: str, second: str | None
) -> None:
    accounts = "".join(
        f"    {key}: {{jid: {name}@a.test, password_file: {password}}}\n"
        for key, name in (("account", "probe"), ("second_account", "other"))
    )
    config = tmp_path / "two.yml"
    config.write_text(f"servers:\n  - domain: a.test\n    relation: own\n{accounts}")
    given = password if "@" in target else None
    server = request_of(Arguments(target, config_file=config, password_file=given)).server
    assert (server.second_account.jid if server.second_account else None) == second


def test_an_account_at_a_server_that_is_foreign_in_the_configuration_means_permission(
    config: Path, password: Path
) -> None:
    request = request_of(Arguments("probe@b.test", config_file=config, password_file=password))
    assert (request.server.relation, password_of(request)) == ("permitted", "from the command line")


def test_a_server_that_the_configuration_lacks_has_default_settings_and_is_said_to(config: Path) -> None:
    request = request_of(Arguments("c.test", config_file=config))
    assert request.server.relation == "foreign"
    assert request.config.resolver.nameservers == ("192.0.2.53",)
    assert request.notes == (f"{config} has no server c.test: it is checked with default settings",)


def test_resolver_and_authorities_of_the_command_line_win(config: Path, tmp_path: Path) -> None:
    ca_file = CertificateAuthority(tmp_path / "ca").ca_file
    request = request_of(Arguments("a.test", config_file=config, resolver="127.0.0.1:5353", ca_file=ca_file))
    assert request.config.resolver.nameservers == ("127.0.0.1",)
    assert request.config.resolver.port == 5353
    assert request.config.tls.ca_file == ca_file


def test_private_addresses_are_followed_on_demand(config: Path) -> None:
    assert not request_of(Arguments("b.test", config_file=config)).server.allow_private_addresses
    assert request_of(Arguments("b.test", allow_private_addresses=True)).server.allow_private_addresses


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("192.0.2.53", HostPort("192.0.2.53", 53)),
        ("192.0.2.53:5353", HostPort("192.0.2.53", 5353)),
        ("2001:db8::53", HostPort("2001:db8::53", 53)),
        ("[2001:db8::53]:5353", HostPort("2001:db8::53", 5353)),
    ],
)
def test_a_resolver_is_an_address_with_or_without_port(text: str, meant: HostPort) -> None:
    assert parse_resolver(text) == meant


def test_a_resolver_that_is_none_is_refused() -> None:
    assert "write ADDRESS or ADDRESS:PORT" in refusal(resolver="dns.example.org")
    assert "write ADDRESS or ADDRESS:PORT" in refusal(resolver="192.0.2.53:99999")


def test_a_file_without_certificates_is_refused(password: Path) -> None:
    assert refusal(ca_file=password) == f"--ca-file: {password}: has no certificates in PEM form"


def test_a_password_file_without_an_account_is_refused(password: Path) -> None:
    assert refusal(password_file=password).endswith("write NAME@a.test")


def test_a_password_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    assert "none: cannot be read" in refusal("probe@a.test", password_file=tmp_path / "none")


def test_registering_needs_no_account(password: Path) -> None:
    assert "write a.test alone" in refusal("probe@a.test", register=True)
    assert "write a.test alone" in refusal("a.test", register=True, password_file=password)


def test_a_temporary_account_takes_the_place_of_the_configured_one(config: Path) -> None:
    server = request_of(Arguments("b.test", config_file=config, register=True)).server
    assert (server.relation, server.account) == ("permitted", None)


def test_without_a_terminal_nobody_can_be_asked_for_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False)
    assert refusal("probe@a.test").endswith("write --password-file FILE")


def test_a_typed_password_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr(getpass, "getpass", lambda prompt, stream: " typed ")
    request = request_of(Arguments("probe@a.test"))
    assert password_of(request) == " typed "
    assert "typed" not in repr(request)


def test_no_password_is_asked_for_where_none_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_ask_password", lambda jid: pytest.fail("asked for a password"))
    assert request_of(Arguments("probe@a.test", only=["xep0368"])).server.account is None


def test_all_checks_are_wanted_unless_told() -> None:
    assert wanted_checks([], []) == tuple(checks().values())


def test_checks_are_named_with_commas_or_one_at_a_time() -> None:
    assert [check.id for check in wanted_checks(["xep0280,xep0313", "turn"], ["xep0313"])] == ["xep0280", "turn"]


def test_excluding_leaves_the_rest() -> None:
    assert {check.id for check in wanted_checks([], ["turn, stun"])} == set(checks()) - {"turn", "stun"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"only": ["xep313"]}, "--only: no check is called 'xep313'; did you mean xep0313?"),
        ({"exclude": ["XEP0313"]}, "--exclude: no check is called 'XEP0313'; did you mean xep0313?"),
        ({"suites": ["cs2022"]}, "--suite: no suite is called 'cs2022'; did you mean cs2023?"),
        ({"suites": ["all"]}, "--suite: no suite is called 'all'; there are conversations and cs2023"),
        ({"only": ["omemo!"]}, "--only: no check is called 'omemo!'; `xmpp-exporter checks` lists them"),
        ({"only": ["turn"], "exclude": ["turn"]}, "--exclude leaves no check to run: name fewer there"),
    ],
)
def test_unknown_checks_are_refused_with_the_nearest_known_one(arguments: dict[str, Any], message: str) -> None:
    assert refusal(**arguments).startswith(message)
