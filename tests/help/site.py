"""A real server with its DNS and its certificates, whose files can be changed as a page of help asks for it."""

import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from tests.help import ejabberd_file, prosody_file, zone_file
from tests.help.bases import (
    ADDRESS,
    BASES,
    DOCUMENTS,
    DOMAIN,
    NEIGHBOUR_DOMAIN,
    PEER,
    PEER_DOMAIN,
    Base,
)
from tests.help.other_service import OtherService
from tests.help.shell import Shell
from tests.servers.certificates import CertificateAuthority
from tests.servers.coturn import Coturn
from tests.servers.dns import FakeDns
from tests.servers.ejabberd import Ejabberd
from tests.servers.loopback import LoopbackNetwork
from tests.servers.program import Program, ProgramError
from tests.servers.prosody import Prosody
from tests.servers.web import Apache, Nginx, WebServer
from xmpp_exporter.catalogue.help_page import Page, Snippet, Variant
from xmpp_exporter.config import Account, ServerConfig
from xmpp_exporter.journal import Journal
from xmpp_exporter.model import ProbeReport
from xmpp_exporter.probe import probe_compliance
from xmpp_exporter.prober import Prober
from xmpp_exporter.wire.dns import Resolver
from xmpp_exporter.wire.network import Network
from xmpp_exporter.wire.tls import TlsContexts

PASSWORD = "correct horse battery staple"
USERS = ("probe", "peer")
CONFIGURATION = {
    "/etc/prosody/prosody.cfg.lua": prosody_file.change,
    "/etc/ejabberd/ejabberd.yml": ejabberd_file.change,
}

WEB_ROOT = "/var/www/example.org"
WEB_SERVERS = {"/etc/nginx/sites-available/example.org": Nginx, "/etc/apache2/sites-available/example.org.conf": Apache}
OLD_OPENSSL = """
openssl_conf = main
[main]
ssl_conf = tls
[tls]
system_default = any
[any]
CipherString = DEFAULT:@SECLEVEL=0
"""


class Site:
    """One server of `software`. After `reset` it is that of a base, on which `apply` makes the changes of a page."""

    def __init__(self, software: str) -> None:
        self._software = software
        self._stack = ExitStack()
        self._server: Prosody | Ejabberd | None = None
        self._configuration = ""
        self._hosts: list[str] = []
        self._base = Base()
        self._beside: list[Program | OtherService] = []
        self._words: dict[str, str] = {}

    def __enter__(self) -> "Site":
        with ExitStack() as stack:
            network = stack.enter_context(LoopbackNetwork())
            self._address, self._peer_address = network.address(1), network.address(2)
            self._directory = Path(tempfile.mkdtemp(prefix="xmpp-help-"))
            stack.callback(shutil.rmtree, self._directory, ignore_errors=True)
            self._directory.chmod(0o755)
            self._authority = CertificateAuthority(self._directory / "certificates")
            self._password_file = self._directory / "password"
            self._password_file.write_text(PASSWORD + "\n")
            server = self._directory / "server"
            self._shell = Shell(self._directory, self._authority, server / "prosody.cfg.lua")
            self._places = {
                "-connect xmpp.example.org": f"-connect {self._address}",
                "/etc/letsencrypt": str(self._directory / "letsencrypt"),
                "/etc/ejabberd/certs": str(self._authority.directory),
                "/var/lib/ejabberd": str(server),
                WEB_ROOT: str(self._directory / "www"),
                "listen 443": f"listen {self._address}:443",
                "listen [::]:443 ssl;": "",
                "127.0.0.1": self._address,
            }
            self._old_openssl = self._directory / "openssl.cnf"
            self._old_openssl.write_text(OLD_OPENSSL)
            self._dns = stack.enter_context(FakeDns({}, network.address(0), 53))
            stack.callback(self._kill)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def reset(self, base: str) -> None:
        """Start the server anew, with the configuration of this base and nothing in its store."""
        self._kill()
        shutil.rmtree(self._directory / "server", ignore_errors=True)
        self._base = BASES[base]
        self._zone, self._hosts, self._words = self._base.zone, [], {}
        self._dns.authentic = self._base.authentic
        self._serve_zone()
        self._authority.issue(DOMAIN, flaw=self._base.flaw)
        self._configuration = self._base.prosody if self._software == "prosody" else self._base.ejabberd
        if self._base.site:
            for name, text in DOCUMENTS.items():
                self._write_document(f"{WEB_ROOT}/.well-known/{name}", text)
            self._serve_site(Nginx, self._in_place(self._base.site))
        if self._base.federates:
            self._start_peer()
        if self._base.other_service:
            self._start_beside(OtherService(self._address))
        self._server = self._new_server()
        if isinstance(self._server, Prosody):
            self._add_accounts(self._server)
        self._server.start()
        if isinstance(self._server, Ejabberd):
            self._add_accounts(self._server)

    def apply(self, page: Page, variant: Variant) -> None:
        """Provide what the page needs, change the files, and reload or restart the server as the page says."""
        for need in page.needs:
            if need.host:
                self._add_host(need.host)
        for snippet in variant.snippets:
            self._change(snippet)
        self._serve_zone()
        asked = {snippet.applied_by for snippet in variant.snippets if snippet.file in (*CONFIGURATION, "shell")}
        if "restart" in asked:
            self._restart()
        elif "reload" in asked:
            self._reload()

    async def probe(self) -> ProbeReport:
        """All checks, with two accounts."""
        account, second = (Account(jid=f"{user}@{DOMAIN}", password_file=self._password_file) for user in USERS)
        config = ServerConfig(
            domain=DOMAIN,
            relation="own",
            account=account,
            second_account=second,
            allow_private_addresses=True,
            **self._base.probe,
        )
        resolver = Resolver([self._dns.address], self._dns.port)
        prober = Prober(Network(resolver, TlsContexts(self._authority.ca_file)), Journal())
        if self._base.federates:
            prober.peers = {DOMAIN: (NEIGHBOUR_DOMAIN, PEER_DOMAIN)}
        return await probe_compliance(prober, config)

    def _change(self, snippet: Snippet) -> None:
        snippet = snippet.model_copy(update={"text": self._in_place(snippet.text)})
        if snippet.file in CONFIGURATION:
            self._configuration = CONFIGURATION[snippet.file](self._configuration, snippet)
        elif snippet.file == "zone":
            self._zone = zone_file.change(self._zone, snippet)
        elif snippet.file == "shell":
            printed = self._shell.run(snippet.text)
            if snippet.gives:
                self._words[snippet.gives] = printed.strip()
        elif snippet.file == "/etc/turnserver.conf":
            self._start_beside(Coturn(self._directory / "coturn", self._address, settings=snippet.text))
        elif snippet.file in WEB_SERVERS:
            self._serve_site(WEB_SERVERS[snippet.file], snippet.text)
        elif snippet.file.startswith(WEB_ROOT):
            self._write_document(snippet.file, snippet.text)
        else:
            raise ValueError(f"the tests have no {snippet.file}")

    @property
    def _name_server(self) -> str | None:
        return self._dns.address if self._base.federates else None

    def _start_peer(self) -> None:
        self._dns.add_zone(PEER_DOMAIN, f"@ A {self._peer_address}\n")
        self._authority.issue(PEER_DOMAIN)
        files, directory = self._authority.directory, self._directory / "peer"
        self._start_beside(Prosody(directory, self._peer_address, PEER, files, (5269,), self._name_server))

    def _serve_site(self, kind: type[WebServer], text: str) -> None:
        """Put a web server with this site in the place of the one that is there."""
        for program in [each for each in self._beside if isinstance(each, WebServer)]:
            program.kill()
            self._beside.remove(program)
        self._shell.issue([DOMAIN])
        self._start_beside(kind(self._directory / kind.package, self._address, text))

    def _write_document(self, path: str, text: str) -> None:
        file = Path(self._in_place(path))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def _start_beside(self, program: Program | OtherService) -> None:
        self._beside.append(program)
        program.start()

    def _add_host(self, host: str) -> None:
        self._zone += f"{host}. A {ADDRESS}\n"
        self._hosts.append(host.removesuffix(f".{DOMAIN}"))
        self._authority.issue(DOMAIN, self._hosts, self._base.flaw)

    def _in_place(self, text: str) -> str:
        """A page's text with what its examples stand for here."""
        for word, here in {ADDRESS: self._address, **self._places, **self._words}.items():
            text = text.replace(word, here)
        return text

    def _serve_zone(self) -> None:
        self._dns.add_zone(DOMAIN, self._in_place(self._zone))

    def _new_server(self) -> Prosody | Ejabberd:
        directory, files = self._directory / "server", self._authority.directory
        kind = Prosody if self._software == "prosody" else Ejabberd
        server = kind(directory, self._address, self._configuration, files, (5222,), self._name_server)
        if self._base.old_openssl:
            server.more_environment = {"OPENSSL_CONF": str(self._old_openssl)}
        return server

    def _add_accounts(self, server: Prosody | Ejabberd) -> None:
        for user in USERS:
            server.add_account(user, DOMAIN, PASSWORD)

    def _restart(self) -> None:
        if self._server is not None:
            self._server.stop()
        self._server = self._new_server()
        self._server.start()

    def _reload(self) -> None:
        if self._server is None:
            raise ProgramError("nothing runs that could be reloaded")
        self._server.reload(self._configuration)

    def _kill(self) -> None:
        if self._server is not None:
            self._server.kill()
        for program in self._beside:
            program.kill()
        self._server, self._beside = None, []
