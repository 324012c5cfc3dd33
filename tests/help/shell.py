"""The commands of a page, run with what they need: certbot is played, prosodyctl has the tests' configuration."""

import copy
import re
import subprocess
from pathlib import Path

from tests.servers.certificates import CertificateAuthority
from tests.servers.program import SYSTEM_PATH

LIMIT = 30.0
"""Seconds for all commands of a snippet."""


class Shell:
    """A root's shell on the machine of the server."""

    def __init__(self, directory: Path, authority: CertificateAuthority, prosody: Path) -> None:
        self._directory = directory
        self._authority = authority
        self._programs = directory / "bin"
        self._programs.mkdir()
        self._program("certbot", "exit 0")
        self._program("prosodyctl", f'exec /usr/bin/prosodyctl --config {prosody} "$@"')

    def run(self, text: str) -> str:
        """What the commands print. Raises CalledProcessError at the first that fails."""
        if "certbot certonly" in text:
            self.issue(re.findall(r"--domain (\S+)", text))
        result = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", text],
            check=False,
            capture_output=True,
            text=True,
            timeout=LIMIT,
            env={"PATH": f"{self._programs}:{SYSTEM_PATH}"},
            cwd=self._directory,
        )
        assert result.returncode == 0, f"{text}\n{result.stdout}{result.stderr}"
        return result.stdout

    def issue(self, domains: list[str]) -> None:
        """As certbot does: the certificate for these domains, in a folder named for the first."""
        first, *others = domains
        live = self._directory / "letsencrypt" / "live" / first
        live.mkdir(parents=True, exist_ok=True)
        authority = copy.copy(self._authority)
        authority.directory = live
        authority.issue(first, [other.removesuffix(f".{first}") for other in others])
        (live / f"{first}.crt").rename(live / "fullchain.pem")
        (live / f"{first}.key").rename(live / "privkey.pem")
        (live / f"{first}.pem").unlink()

    def _program(self, name: str, text: str) -> None:
        file = self._programs / name
        file.write_text(f"#!/bin/sh\n{text}\n")
        file.chmod(0o755)
