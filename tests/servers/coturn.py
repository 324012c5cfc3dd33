"""coturn as a fixture: a STUN and TURN server that knows the secret it shares with an XMPP server."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from tests.servers.program import Program

PORT = 3478
TLS_PORT = 5349
EMPTY_DATABASE = Path("/var/lib/turn/turndb")
"""The one that the package brings along."""


class Coturn(Program):
    """STUN and TURN on `address`:3478, UDP and TCP, with passwords made from `secret` (TURN REST credentials).

    With `certificate` (a PEM file with the key in it) also in TLS, on port 5349. `settings` is the text of a
    configuration file, which then has the secret and the realm.
    """

    name = "coturn"
    executable = "turnserver"
    package = "coturn"

    def __init__(
        self,
        directory: Path,
        address: str,
        secret: str = "turn-secret",
        realm: str = "turn.test",
        certificate: Path | None = None,
        settings: str | None = None,
    ) -> None:
        ports = [PORT] if certificate is None else [PORT, TLS_PORT]
        super().__init__(directory, [(address, port) for port in ports], user="turnserver")
        self.address = address
        self._certificate = certificate
        self._secret = secret
        self._realm = realm
        self._settings = settings

    def prepare(self) -> None:
        if self._settings is not None:
            (self.directory / "turnserver.conf").write_text(self._settings)
        # It refuses everybody for as long as it makes the tables of a new database.
        if EMPTY_DATABASE.exists():
            shutil.copyfile(EMPTY_DATABASE, self.directory / "turndb")

    def _identity(self) -> Sequence[str]:
        if self._settings is not None:
            return ["-c", str(self.directory / "turnserver.conf")]
        return ["-n", f"--realm={self._realm}", "--use-auth-secret", f"--static-auth-secret={self._secret}"]

    def _tls(self) -> Sequence[str]:
        if self._certificate is None:
            return ["--no-tls"]
        return [f"--tls-listening-port={TLS_PORT}", f"--cert={self._certificate}", f"--pkey={self._certificate}"]

    def command(self) -> Sequence[str]:
        return [
            self.executable,
            *self._identity(),
            f"--listening-ip={self.address}",
            f"--relay-ip={self.address}",
            f"--listening-port={PORT}",
            "--relay-threads=1",
            "--allow-loopback-peers",
            "--no-cli",
            "--verbose",
            *self._tls(),
            "--no-dtls",
            "--no-rfc5780",
            "--log-file=stdout",
            f"--pidfile={self.directory / 'turnserver.pid'}",
            f"--userdb={self.directory / 'turndb'}",
        ]
