"""Knot DNS as a fixture: an authoritative server that signs the zones it is told to."""

import subprocess
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from tests.servers.program import SYSTEM_PATH, Program, ProgramError

PORT = 5354

_HEAD = """$ORIGIN {origin}.
$TTL 60
@ SOA ns hostmaster 1 3600 600 86400 60
@ NS ns
ns A {address}
"""

_CONFIGURATION = """
server:
    rundir: "{directory}"
    listen: {address}@{port}
database:
    storage: "{directory}/keys"
log:
  - target: stderr
    any: info
policy:
  - id: by-hand
    manual: on
    single-type-signing: on
template:
  - id: default
    storage: "{directory}"
    zonefile-sync: -1
    zonefile-load: difference-no-serial
    journal-content: all
    dnssec-policy: by-hand
zone:
"""


class Knot(Program):
    """Serves `zones` (origin to text, relative to it and without SOA and NS) on `address`:5354; those in `signed` get
    keys before it starts, and then signatures.
    """

    name = "knot"
    executable = "knotd"
    package = "knot"

    def __init__(self, directory: Path, address: str, zones: Mapping[str, str], signed: Collection[str]) -> None:
        super().__init__(directory, [(address, PORT)], user="knot")
        self.address = address
        self._zones = zones
        self._signed = signed

    @property
    def _configuration(self) -> Path:
        return self.directory / "knot.conf"

    def command(self) -> Sequence[str]:
        return [self.executable, "--config", str(self._configuration)]

    def prepare(self) -> None:
        text = _CONFIGURATION.format(directory=self.directory, address=self.address, port=PORT)
        for origin, zone in self._zones.items():
            file = self.directory / f"{origin}.zone"
            file.write_text(_HEAD.format(origin=origin, address=self.address) + zone)
            signing = "on" if origin in self._signed else "off"
            text += f'  - domain: {origin}\n    file: "{file}"\n    dnssec-signing: {signing}\n'
        self._configuration.write_text(text)
        (self.directory / "keys").mkdir(exist_ok=True)
        for origin in self._signed:
            self._keymgr(origin, "generate", "algorithm=ECDSAP256SHA256", "ksk=yes", "zsk=yes")

    def delegation(self, origin: str) -> str:
        """What the zone above would say of its key: a DS record in one line."""
        lines = self._keymgr(origin, "ds").splitlines()
        return next(line for line in lines if " 13 2 " in line)

    def _keymgr(self, *arguments: str) -> str:
        command = ["keymgr", "--config", str(self._configuration), *arguments]
        done = subprocess.run(command, env={"PATH": SYSTEM_PATH}, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ProgramError(f"{' '.join(command)}: {done.stderr}")
        return done.stdout
