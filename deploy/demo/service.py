"""The project's own services as a user would run them: a written configuration, and the installed command."""

import sys
from collections.abc import Sequence
from pathlib import Path

from tests.servers.program import Program


def installed(command: str) -> str:
    """The path of a command that comes with the Python that runs this."""
    return str(Path(sys.executable).with_name(command))


class Service(Program):
    """One of them on `address`:`port`; `configuration` is the text of its file."""

    package = ""
    subcommand = "serve"
    file_name: str
    """What its configuration is called."""

    def __init__(
        self, directory: Path, configuration: str, address: str, port: int, options: Sequence[str] = ()
    ) -> None:
        super().__init__(directory, [(address, port)])
        self.url = f"http://{address}:{port}"
        self._configuration = configuration
        self._options = options

    @classmethod
    def missing_packages(cls) -> list[str]:
        """None: it comes with the Python that runs this."""
        return []

    @property
    def configuration_file(self) -> Path:
        return self.directory / self.file_name

    def command(self) -> Sequence[str]:
        address, port = self.listens[0]
        return [
            self.executable,
            self.subcommand,
            f"--config.file={self.configuration_file}",
            f"--web.listen-address={address}:{port}",
            *self._options,
        ]

    def prepare(self) -> None:
        self.configuration_file.write_text(self._configuration)
