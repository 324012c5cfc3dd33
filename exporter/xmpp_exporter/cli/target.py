"""From the arguments of `check` to the server, the account and the checks that are meant."""

import getpass
import sys
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError

from xmpp_exporter.catalogue import Check, checks
from xmpp_exporter.catalogue.suite import Suite, suites
from xmpp_exporter.cli.config import check_config
from xmpp_exporter.cli.errors import CannotRun
from xmpp_exporter.config import (
    Account,
    Config,
    HostPort,
    PasswordError,
    PromptedAccount,
    Resolver,
    ServerConfig,
    Tls,
    parse_domain,
    parse_jid,
)
from xmpp_exporter.config.values import jid_domain, parse_address, parse_host_port
from xmpp_exporter.serving.yamlmodel import problems

_LISTED = "`xmpp-exporter checks` lists them"

_ACCOUNTS = {"account", "second_account"}
"""Keys of a server that the command line decides on."""


@dataclass(frozen=True)
class Arguments:
    """What the user wrote."""

    target: str
    password_file: Path | None = None
    register: bool = False
    config_file: Path | None = None
    ca_file: Path | None = None
    resolver: str = ""
    allow_private_addresses: bool = False
    only: Collection[str] = ()
    exclude: Collection[str] = ()
    suites: Collection[str] = ()


@dataclass(frozen=True)
class Request:
    """What it means."""

    config: Config
    server: ServerConfig
    checks: tuple[Check, ...]
    suites: tuple[Suite, ...] = ()
    notes: tuple[str, ...] = field(default=())
    """What the user should know before it starts."""


def request_of(arguments: Arguments) -> Request:
    """Asks for the password if there is none yet. Raises CannotRun for whatever is wrong."""
    domain, jid = parse_target(arguments.target)
    if arguments.register and (jid is not None or arguments.password_file is not None):
        raise CannotRun(f"--register makes an account of its own: write {domain} alone, without --password-file")
    if arguments.password_file is not None and jid is None:
        raise CannotRun(f"--password-file needs to know whose password it is: write NAME@{domain}")
    wanted = wanted_checks(arguments.only, arguments.exclude)
    shown = wanted_suites(arguments.suites)
    config = _config(arguments)
    known = config.server(domain)
    notes = []
    if arguments.config_file is not None and known is None:
        notes.append(f"{arguments.config_file} has no server {domain}: it is checked with default settings")
    settings: dict[str, Any] = {"domain": domain} if known is None else known.model_dump(exclude=_ACCOUNTS)
    if arguments.allow_private_addresses:
        settings["allow_private_addresses"] = True
    needed = not arguments.register and any(check.needs for check in wanted)
    account = _account(jid, arguments.password_file, known.account if known else None) if needed else None
    if account is not None or arguments.register:
        # whoever has an account there may use it
        settings |= {"account": account} | ({"relation": "permitted"} if settings.get("relation") != "own" else {})
    second = known.second_account if known else None
    if account is not None and second is not None and second.jid != account.jid:
        settings["second_account"] = second
    return Request(config, ServerConfig.model_validate(settings), wanted, shown, tuple(notes))


def parse_target(text: str) -> tuple[str, str | None]:
    """The domain, and the account's bare JID if one is named. Raises CannotRun."""
    try:
        if "@" not in text:
            return parse_domain(text), None
        jid = parse_jid(text)
    except ValueError as error:
        raise CannotRun(f"{text!r} {error}; write a domain such as example.org, or probe@example.org") from error
    return jid_domain(jid), jid


def wanted_check(text: str) -> Check:
    """The check with this id. Raises CannotRun."""
    [known] = _ids("CHECK", [text], "check", checks(), _LISTED) or [""]
    if not known:
        raise CannotRun(f"CHECK: no check is named; {_LISTED}")
    return checks()[known]


def wanted_checks(only: Iterable[str], exclude: Iterable[str]) -> tuple[Check, ...]:
    """The catalogue's checks that are left. Each value is an id, or several with commas. Raises CannotRun."""
    chosen, left_out = (
        _ids(option, values, "check", checks(), _LISTED)
        for option, values in (("--only", only), ("--exclude", exclude))
    )
    wanted = tuple(
        check for check in checks().values() if (not chosen or check.id in chosen) and check.id not in left_out
    )
    if not wanted:
        raise CannotRun("--exclude leaves no check to run: name fewer there, or more with --only")
    return wanted


def wanted_suites(values: Iterable[str]) -> tuple[Suite, ...]:
    """The suites to tell of, in the order of the catalogue. Raises CannotRun."""
    chosen = _ids("--suite", values, "suite", suites(), f"there are {' and '.join(suites())}")
    return tuple(suite for suite in suites().values() if suite.id in chosen)


def _ids(option: str, values: Iterable[str], what: str, known: Collection[str], otherwise: str) -> set[str]:
    """The ids in `values`. Raises CannotRun with what might be meant by one that is not known, or with `otherwise`."""
    ids = {part.strip() for value in values for part in value.split(",") if part.strip()}
    for unknown in sorted(ids - set(known)):
        close = get_close_matches(unknown.lower(), known, n=1, cutoff=0.6)
        hint = f"did you mean {close[0]}?" if close else otherwise
        raise CannotRun(f"{option}: no {what} is called {unknown!r}; {hint}")
    return ids


def _config(arguments: Arguments) -> Config:
    """The configuration file, or the defaults, with what the command line says instead."""
    config = Config() if arguments.config_file is None else check_config(arguments.config_file)
    instead: dict[str, Resolver | Tls] = {}
    if arguments.resolver:
        try:
            server = parse_resolver(arguments.resolver)
        except ValueError as error:
            raise CannotRun(f"--resolver: {arguments.resolver!r} {error}") from error
        instead["resolver"] = Resolver(nameservers=(server.host,), port=server.port)
    if arguments.ca_file is not None:
        written = {"ca_file": arguments.ca_file}
        try:
            instead["tls"] = Tls.model_validate(written)
        except ValidationError as error:
            raise CannotRun(f"--ca-file: {problems(error, written, Tls)[0].message}") from error
    return config.model_copy(update=instead)


def parse_resolver(text: str) -> HostPort:
    """`192.0.2.53`, `192.0.2.53:5353`, `2001:db8::53` or `[2001:db8::53]:5353`; raises ValueError."""
    try:
        return HostPort(parse_address(text), 53)
    except ValueError:
        try:
            server = parse_host_port(text)
            return HostPort(parse_address(server.host), server.port)
        except ValueError:
            raise ValueError("is no name server: write ADDRESS or ADDRESS:PORT, such as 127.0.0.1:5353") from None


def _account(jid: str | None, password_file: Path | None, known: Account | None) -> Account | None:
    """The account to log in with, its password readable. Raises CannotRun."""
    same = known if known is not None and jid in (None, known.jid) else None
    if jid is not None and password_file is not None:
        account: Account = Account(
            jid=jid,
            password_file=password_file,
            allow_plain=same is not None and same.allow_plain,
            allow_contacts=same is not None and same.allow_contacts,
        )
    elif same is not None:
        account = same
    elif jid is not None:
        return PromptedAccount(jid=jid, given=SecretStr(_ask_password(jid)))
    else:
        return None
    try:
        account.read_password()
    except PasswordError as error:
        raise CannotRun(f"{error}; it must hold the password of {account.jid} and nothing else") from error
    return account


def _ask_password(jid: str) -> str:
    if not sys.stdin.isatty():
        raise CannotRun(f"there is no terminal to ask for the password of {jid}: write --password-file FILE")
    try:
        password = getpass.getpass(f"Password of {jid}: ", sys.stderr)
    except EOFError:
        password = ""
    if not password:
        raise CannotRun(f"no password was given for {jid}: type it, or write --password-file FILE")
    return password
