"""All server configurations behind one door: certificates, DNS and the real servers, started when first asked for."""

import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from tests.servers.certificates import CertificateAuthority
from tests.servers.configurations import CONFIGURATIONS, PROCESSES, Configuration, Software, ejabberd, prosody
from tests.servers.coturn import Coturn
from tests.servers.dns import FakeDns
from tests.servers.ejabberd import Ejabberd
from tests.servers.knot import Knot
from tests.servers.loopback import Addresses, LoopbackNetwork
from tests.servers.program import Program, ProgramError
from tests.servers.prosody import Prosody
from tests.servers.unbound import Unbound

PASSWORD = "correct horse battery staple"
PROBE, PEER, POPULAR = "probe", "peer", "popular"
"""The accounts of every domain. `popular` has `peer` as a contact, subscribed both ways; the others have nobody."""

PROGRAMS: tuple[type[Program], ...] = (Prosody, Ejabberd, Coturn, Knot, Unbound)

ProcessKey = tuple[Software, str]


def missing_packages() -> list[str]:
    """The Debian packages that a laboratory needs and that are not installed."""
    return [package for program in PROGRAMS for package in program.missing_packages()]


@dataclass(frozen=True, slots=True)
class Server:
    """One domain that is being served."""

    configuration: Configuration
    program: Prosody | Ejabberd

    @property
    def domain(self) -> str:
        return self.configuration.domain

    @property
    def address(self) -> str:
        return self.program.address

    def jid(self, user: str = PROBE) -> str:
        return f"{user}@{self.domain}"


class Laboratory:
    """Between `with` and its end: `certificates`, `dns` and any of the domains in `configurations`.

    Launch servers from a thread that lives as long as they shall: they die with it. They are put on loopback addresses
    that nobody else uses, or on those of `addresses`.
    """

    def __init__(
        self, configurations: Mapping[str, Configuration] = CONFIGURATIONS, addresses: Addresses | None = None
    ) -> None:
        self.configurations = configurations
        self._given_addresses = addresses
        self._programs: dict[ProcessKey, list[Program]] = {}
        self._servers: dict[ProcessKey, Prosody | Ejabberd] = {}
        self._name_server: FakeDns | None = None
        self._stack = ExitStack()

    def __enter__(self) -> "Laboratory":
        if os.geteuid() != 0:
            raise ProgramError("the real servers run as users of their own and on port 443: run this as root")
        with ExitStack() as stack:
            self._addresses = self._given_addresses or stack.enter_context(LoopbackNetwork())
            # Not pytest's temporary folder: other users could not enter it.
            self.directory = Path(tempfile.mkdtemp(prefix="xmpp-laboratory-"))
            stack.callback(shutil.rmtree, self.directory, ignore_errors=True)
            self.directory.chmod(0o755)
            self.certificates = CertificateAuthority(self.directory / "certificates")
            for each in self.configurations.values():
                self.certificates.issue(each.domain, each.components, each.flaw)
            self.password_file = self.directory / "password"
            self.password_file.write_text(PASSWORD + "\n")
            self._zones = {domain: each.zone(self._address(each)) for domain, each in self.configurations.items()}
            self.dns = stack.enter_context(FakeDns(self._zones, self._addresses.address(0)))
            stack.callback(lambda: self._kill(self._programs))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def ca_file(self) -> Path:
        return self.certificates.ca_file

    @property
    def programs(self) -> list[Program]:
        """All that runs now, coturn too."""
        return [program for programs in self._programs.values() for program in programs]

    def server(self, domain: str) -> Server:
        """The server of `domain`, running."""
        return self.start(domain)[0]

    def start(self, *domains: str) -> list[Server]:
        """Start the servers of these domains side by side, those that do not run yet, and wait for them."""
        wanted = [self.configurations[domain] for domain in domains]
        fresh = [key for key in dict.fromkeys(_key(each) for each in wanted) if key not in self._servers]
        try:
            for key in fresh:
                self._launch(key)
            for key in fresh:
                for program in self._programs[key]:
                    program.wait_until_ready()
                if key[0] == "ejabberd":
                    self._add_accounts(key)
        except BaseException:
            self._kill(fresh)
            raise
        return [Server(each, self._servers[_key(each)]) for each in wanted]

    def _launch(self, key: ProcessKey) -> None:
        software, process = key
        domains = self._domains(key)
        directory = self.directory / f"{software}-{process}"
        address = self._address(domains[0])
        ports = PROCESSES[key].ports
        name_server = self._dns_of_servers() if PROCESSES[key].federates else None
        files = self.certificates.directory
        programs = self._programs[key] = []
        if any(each.turn for each in domains):
            programs.append(Coturn(self.directory / f"{software}-{process}-coturn", address))
        if software == "prosody":
            server: Prosody | Ejabberd = Prosody(directory, address, prosody.text(process), files, ports, name_server)
        else:
            server = Ejabberd(directory, address, ejabberd.text(process), files, ports, name_server)
        programs.append(server)
        self._servers[key] = server
        if software == "prosody":
            # It needs no running server for it, and a file is written faster than a command is run.
            self._add_accounts(key)
        for program in programs:
            program.launch()

    def _dns_of_servers(self) -> str:
        """The address of the DNS by which servers find each other: the same records on port 53, where they look."""
        if self._name_server is None:
            self._name_server = self._stack.enter_context(FakeDns(self._zones, self._addresses.address(0), 53))
        return self._name_server.address

    def _add_accounts(self, key: ProcessKey) -> None:
        server = self._servers[key]
        for each in self._domains(key):
            for user in (PROBE, PEER, POPULAR):
                server.add_account(user, each.domain, PASSWORD)
            server.add_contact(POPULAR, each.domain, f"{PEER}@{each.domain}")

    def _domains(self, key: ProcessKey) -> list[Configuration]:
        return [each for each in self.configurations.values() if _key(each) == key]

    def _address(self, configuration: Configuration) -> str:
        return self._addresses.address(1 + list(PROCESSES).index(_key(configuration)))

    def _kill(self, keys: Iterable[ProcessKey]) -> None:
        # Nothing they have written is wanted any more: no need to wait for an orderly end.
        for key in list(keys):
            self._servers.pop(key, None)
            for program in self._programs.pop(key, []):
                program.kill()


def _key(configuration: Configuration) -> ProcessKey:
    return configuration.software, configuration.process
