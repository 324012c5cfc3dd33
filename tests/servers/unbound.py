"""Unbound as a fixture: a resolver that validates signatures, with trust anchors of the tests' own."""

from collections.abc import Collection, Sequence
from pathlib import Path

from tests.servers.program import Program

PORT = 5353

_CONFIGURATION = """
server:
  directory: "{directory}"
  chroot: ""
  username: ""
  pidfile: "{directory}/unbound.pid"
  use-syslog: no
  logfile: ""
  interface: {address}@{port}
  access-control: 127.0.0.0/8 allow
  do-not-query-localhost: no
  local-zone: "test." nodefault
  module-config: "validator iterator"
"""


class Unbound(Program):
    """Asks the server at `upstream` (address, port) for `zones`, on `address`:5353.

    `anchors` are DS records of those that are signed; the others are taken for unsigned.
    """

    name = "unbound"
    executable = "unbound"
    package = "unbound"

    def __init__(
        self,
        directory: Path,
        address: str,
        upstream: tuple[str, int],
        zones: Collection[str],
        anchors: Collection[str],
    ) -> None:
        super().__init__(directory, [(address, PORT)], user="unbound")
        self.address = address
        self._upstream = upstream
        self._zones = zones
        self._anchors = anchors

    def command(self) -> Sequence[str]:
        return [self.executable, "-d", "-p", "-c", str(self.directory / "unbound.conf")]

    def prepare(self) -> None:
        text = _CONFIGURATION.format(directory=self.directory, address=self.address, port=PORT)
        text += "".join(f'  trust-anchor: "{anchor}"\n' for anchor in self._anchors)
        signed = {anchor.split()[0].rstrip(".") for anchor in self._anchors}
        text += "".join(f'  domain-insecure: "{zone}"\n' for zone in self._zones if zone not in signed)
        text += "remote-control:\n  control-enable: no\n"
        address, port = self._upstream
        text += "".join(f'stub-zone:\n  name: "{zone}"\n  stub-addr: {address}@{port}\n' for zone in self._zones)
        (self.directory / "unbound.conf").write_text(text)
