"""coturn as a fixture: a STUN and TURN server that knows the secret it shares with an XMPP server."""

from collections.abc import Sequence
from pathlib import Path

from tests.servers.program import Program

PORT = 3478


class Coturn(Program):
    """STUN and TURN on `address`:3478, UDP and TCP, with passwords made from `secret` (TURN REST credentials)."""

    name = "coturn"
    executable = "turnserver"
    package = "coturn"

    def __init__(self, directory: Path, address: str, secret: str = "turn-secret", realm: str = "turn.test") -> None:
        super().__init__(directory, [(address, PORT)], user="turnserver")
        self.address = address
        self._secret = secret
        self._realm = realm

    def command(self) -> Sequence[str]:
        return [
            self.executable,
            "-n",
            f"--listening-ip={self.address}",
            f"--relay-ip={self.address}",
            f"--listening-port={PORT}",
            f"--realm={self._realm}",
            "--use-auth-secret",
            f"--static-auth-secret={self._secret}",
            "--relay-threads=1",
            "--allow-loopback-peers",
            "--no-cli",
            "--no-tls",
            "--no-dtls",
            "--no-rfc5780",
            "--log-file=stdout",
            f"--pidfile={self.directory / 'turnserver.pid'}",
            f"--userdb={self.directory / 'turndb'}",
        ]
