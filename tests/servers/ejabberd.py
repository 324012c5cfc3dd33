"""ejabberd as a fixture: started from a configuration in YAML, driven and inspected through its HTTP API."""

import json
import re
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Any

import yaml

from tests.servers.program import Program, ProgramError

PORTS = (5222, 5223, 5269, 443)
API_PORT = 5380
API_LIMIT = 10

CAPTCHA = r"""#!/bin/sh
printf '\211PNG\r\n\032\n'
"""
"""What ejabberd may run for a picture of a captcha (`captcha_cmd`): it looks at the first bytes only."""


class Ejabberd(Program):
    """One ejabberd on `address`. `configuration` is its YAML; `$address`, `$directory` and `$certificates` are filled
    in, listeners without an address get this one, and one for the HTTP API is added. `ports` are those it must open
    before it counts as started. It finds other servers in the DNS of `name_server`, or in none.

    It runs Erlang itself rather than ejabberdctl, without distribution: no node name, no epmd and no port that other
    instances could clash with, and the process that we started is the one that serves.
    """

    name = "ejabberd"
    executable = "ejabberdctl"
    package = "ejabberd"

    def __init__(
        self,
        directory: Path,
        address: str,
        configuration: str,
        certificates: Path,
        ports: Sequence[int] = PORTS,
        name_server: str | None = None,
    ) -> None:
        super().__init__(directory, [(address, port) for port in (*ports, API_PORT)], "ejabberd", name_server)
        self.address = address
        self._certificates = certificates
        self._configuration = configuration

    @property
    def configuration_file(self) -> Path:
        return self.directory / "ejabberd.yml"

    def command(self) -> Sequence[str]:
        spool = f'"{self.directory / "spool"}"'
        return ["erl", "-noinput", "+K", "true", "-mnesia", "dir", spool, "-s", "ejabberd"]

    def environment(self) -> Mapping[str, str]:
        return {
            "ERL_LIBS": str(_erlang_libraries()),
            "EJABBERD_CONFIG_PATH": str(self.configuration_file),
            "EJABBERD_LOG_PATH": str(self.directory / "ejabberd.log"),
            "ERL_CRASH_DUMP_BYTES": "0",
            # Without it Erlang would read the machine's resolver configuration.
            "ERL_INETRC": str(self.directory / "inetrc"),
        }

    def prepare(self) -> None:
        text = Template(self._configuration).substitute(
            address=self.address, directory=self.directory, certificates=self._certificates
        )
        document = yaml.safe_load(text)
        for listener in document["listen"]:
            listener.setdefault("ip", self.address)
        document["listen"].append(
            {
                "port": API_PORT,
                "ip": self.address,
                "module": "ejabberd_http",
                "request_handlers": {"/api": "mod_http_api"},
            }
        )
        document.setdefault("api_permissions", {})["tests"] = {
            "who": {"ip": ["127.0.0.0/8", self.address]},
            "what": "*",
        }
        self.configuration_file.write_text(yaml.safe_dump(document, sort_keys=False))
        captcha = self.directory / "captcha"
        captcha.write_text(CAPTCHA)
        captcha.chmod(0o755)
        (self.directory / "inetrc").write_text(_inetrc(self.name_server))

    def reload(self, configuration: str) -> None:
        """Let the running server read another text, and wait for the ports that come with it. Raises ProgramError."""
        self._configuration = configuration
        self.prepare()
        self.give_away(self.configuration_file)
        self.api("reload_config")
        listeners = yaml.safe_load(self.configuration_file.read_text())["listen"]
        self.listens = tuple((self.address, each["port"]) for each in listeners if each.get("transport") != "udp")
        self.wait_until_ready()

    def api(self, command: str, /, **arguments: Any) -> Any:
        """Run a command of ejabberd's HTTP API, such as `muc_online_rooms` or `get_roster`; returns its decoded result.

        Raises ProgramError with the answer's text when ejabberd refuses.
        """
        url = f"http://{self.address}:{API_PORT}/api/{command}"
        request = urllib.request.Request(url, data=json.dumps(arguments).encode())
        try:
            with urllib.request.urlopen(request, timeout=API_LIMIT) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise ProgramError(f"ejabberd {command}: {error.read().decode(errors='replace')}") from error

    def add_account(self, user: str, domain: str, password: str) -> None:
        """Register an account; ejabberd must be running."""
        self.api("register", user=user, host=domain, password=password)

    def add_contact(self, user: str, domain: str, contact: str) -> None:
        """Give an account a contact that is subscribed both ways."""
        name, host = contact.split("@")
        self.api(
            "add_rosteritem",
            localuser=user,
            localhost=domain,
            user=name,
            host=host,
            nick=name,
            group="",
            subs="both",
        )

    def account_data(self, user: str, domain: str) -> dict[str, str]:
        """All that is stored for an account: for each table of the database its records that name the account.

        `last_activity` changes with every login, and `archive_msg` with every message.
        """
        file = self.directory / "spool" / "account_data.txt"
        self.api("dump", file=str(file))
        text = file.read_text(errors="replace")
        file.unlink()
        return _records_naming(user, domain, text)

    def rooms(self, service: str) -> set[str]:
        """The rooms that exist now on a group chat service of this server, hidden and temporary ones too."""
        return set(self.api("muc_online_rooms", service=service))


def _inetrc(name_server: str | None) -> str:
    """What Erlang's own resolver asks, which ejabberd uses for SRV records."""
    if name_server is None:
        return "{lookup, [file]}.\n{resolv_conf, []}.\n"
    return f"{{lookup, [file, dns]}}.\n{{resolv_conf, []}}.\n{{nameserver, {{{name_server.replace('.', ',')}}}}}.\n"


def _erlang_libraries() -> Path:
    """The folder that has ejabberd's application: Debian's multiarch folder."""
    found = sorted(Path("/usr/lib").glob("*/ejabberd-*/ebin"))
    if not found:
        raise ProgramError("ejabberd is not installed: apt-get install ejabberd")
    return found[0].parent.parent


def _records_naming(user: str, domain: str, dump: str) -> dict[str, str]:
    """The records of a text dump that name the account, joined by table: `{table,{<<"user">>,<<"domain">>},…}.`"""
    tables: dict[str, list[str]] = {}
    for record in re.findall(r"^\{.*?\}\.$", dump, re.MULTILINE | re.DOTALL):
        if f'<<"{user}">>' in record and f'<<"{domain}">>' in record:
            table = record[1 : record.index(",")]
            tables.setdefault(table, []).append(record)
    return {table: "\n".join(sorted(records)) for table, records in sorted(tables.items())}
