"""Prosody as a fixture: started from a configuration text, with accounts, and with a look at what it keeps."""

import hashlib
import hmac
import re
import secrets
import subprocess
from collections.abc import Sequence
from pathlib import Path
from string import Template

from tests.servers.program import SYSTEM_PATH, Program, ProgramError

PLUGINS = Path(__file__).parent / "plugins"
COMMUNITY_MODULE = Path("/usr/lib/prosody/modules/mod_cloud_notify")
"""One of the modules that come in a package of their own, which the configurations use."""
PORTS = (5222, 5223, 5269, 5280, 443)
ITERATIONS = 10_000
SHELL_LIMIT = 10


class Prosody(Program):
    """One Prosody on `address`. `configuration` is the text of its file; `$address`, `$directory`, `$certificates` and
    `$plugins` are filled in. `ports` are those it must open before it counts as started. It finds other servers in the
    DNS of `name_server`, or in the machine's.
    """

    name = "Prosody"
    executable = "prosody"
    package = "prosody"

    def __init__(
        self,
        directory: Path,
        address: str,
        configuration: str,
        certificates: Path,
        ports: Sequence[int] = PORTS,
        name_server: str | None = None,
    ) -> None:
        super().__init__(directory, [(address, port) for port in ports], "prosody", name_server)
        self.address = address
        self._certificates = certificates
        self._configuration = configuration

    @property
    def configuration_file(self) -> Path:
        return self.directory / "prosody.cfg.lua"

    @classmethod
    def missing_packages(cls) -> list[str]:
        return super().missing_packages() + ([] if COMMUNITY_MODULE.exists() else ["prosody-modules"])

    def command(self) -> Sequence[str]:
        return [self.executable, "-F", "--config", str(self.configuration_file)]

    def prepare(self) -> None:
        text = Template(self._configuration).substitute(
            address=self.address, directory=self.directory, certificates=self._certificates, plugins=PLUGINS
        )
        self.configuration_file.write_text(text)

    def reload(self, configuration: str) -> None:
        """Let the running server read another text. It loads no modules and opens no ports that come with it."""
        self._configuration = configuration
        self.prepare()
        self.give_away(self.configuration_file)
        self.shell("config", "reload")

    def add_account(self, user: str, domain: str, password: str) -> None:
        """Make an account with SCRAM-SHA-1 keys, running or not: Prosody reads accounts from disk at every login."""
        salt = secrets.token_hex(16)
        salted = hashlib.pbkdf2_hmac("sha1", password.encode(), salt.encode(), ITERATIONS)
        client_key = hmac.digest(salted, b"Client Key", "sha1")
        self._store(
            "accounts",
            user,
            domain,
            f'["iteration_count"] = {ITERATIONS}; ["salt"] = "{salt}"; '
            f'["stored_key"] = "{hashlib.sha1(client_key).hexdigest()}"; '
            f'["server_key"] = "{hmac.digest(salted, b"Server Key", "sha1").hex()}";',
        )

    def add_contact(self, user: str, domain: str, contact: str) -> None:
        """Give an account a contact that is subscribed both ways. The account must not be logged in."""
        self._store(
            "roster",
            user,
            domain,
            f'[false] = {{ ["version"] = 1; }}; ["{contact}"] = {{ ["subscription"] = "both"; ["groups"] = {{}}; }};',
        )

    def account_data(self, user: str, domain: str) -> dict[str, str]:
        """All that is stored for an account: the content of each of its files, by the path below the domain's folder.

        Prosody writes at once, so that this is the state after the last answered stanza.
        """
        folder = self._data(domain)
        name = _encoded(user)
        return {
            str(file.relative_to(folder)): file.read_text(errors="replace")
            for file in sorted(folder.rglob(f"{name}.*"))
            if file.stem == name
        }

    def rooms(self, service: str) -> set[str]:
        """The rooms that exist now on a group chat service of this server, hidden and temporary ones too."""
        return {line for line in self.shell("muc", "list", service) if line.endswith(f"@{service}")}

    def shell(self, *words: str) -> list[str]:
        """Run an administrator's command (`prosodyctl shell`), such as `muc list SERVICE`; returns what it prints."""
        result = subprocess.run(
            ["prosodyctl", "--config", str(self.configuration_file), "shell", *words],
            check=False,
            capture_output=True,
            text=True,
            timeout=SHELL_LIMIT,
            env={"PATH": SYSTEM_PATH},
            cwd=self.directory,
        )
        if result.returncode:
            raise ProgramError(f"prosodyctl shell {' '.join(words)}: {result.stdout}{result.stderr}")
        return result.stdout.splitlines()

    def _data(self, domain: str) -> Path:
        return self.directory / "data" / _encoded(domain)

    def _store(self, store: str, user: str, domain: str, content: str) -> None:
        folder = self._data(domain) / store
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{_encoded(user)}.dat"
        file.write_text(f"return {{ {content} }};\n")
        self.give_away(folder, file)


def _encoded(name: str) -> str:
    """A name as Prosody writes it in its data folder: all but letters and digits as %xx."""
    return re.sub(r"[^A-Za-z0-9]", lambda found: f"%{ord(found.group()):02x}", name)
