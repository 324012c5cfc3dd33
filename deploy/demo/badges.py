"""Badges and pages as a user would run them: a written configuration, and the installed command."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.servers.program import Program


class BadgesServer(Program):
    """`xmpp-badges serve` on `address`:`port`, with the given badges.yml."""

    name = "xmpp-badges"
    executable = str(Path(sys.executable).with_name("xmpp-badges"))
    package = ""

    def __init__(
        self, directory: Path, settings: Mapping[str, object], address: str, port: int, options: Sequence[str] = ()
    ) -> None:
        super().__init__(directory, [(address, port)])
        self.url = f"http://{address}:{port}"
        self._settings = settings
        self._options = options

    @classmethod
    def missing_packages(cls) -> list[str]:
        """None: it comes with the Python that runs this."""
        return []

    @property
    def configuration_file(self) -> Path:
        return self.directory / "badges.yml"

    def command(self) -> Sequence[str]:
        address, port = self.listens[0]
        return [
            self.executable,
            "serve",
            f"--config.file={self.configuration_file}",
            f"--web.listen-address={address}:{port}",
            *self._options,
        ]

    def prepare(self) -> None:
        self.configuration_file.write_text(json.dumps(self._settings))  # JSON is YAML
