"""`xmpp-exporter serve` in a process of its own, as an operator runs it, and a look at its pages."""

import http.client
import json
import os
import re
import signal
import ssl
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import yaml

from tests.servers.laboratory import PROBE, Laboratory

PROGRAM = Path(sys.executable).with_name("xmpp-exporter")
LIMIT = 60.0
POLL = 0.02
LOOPBACK = "127.0.0.1:0"

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Page:
    """An answer over HTTP."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class RunningExporter:
    """The program from `with` to its end, killed if it still runs. `settings` is its configuration."""

    def __init__(self, directory: Path, settings: Mapping[str, Any], *arguments: str, listen: str = LOOPBACK) -> None:
        self.directory = directory
        self.configuration_file = directory / "exporter.yml"
        self.storage = directory / "data"
        self.log_file = directory / "log"
        self.wrapper: Sequence[str] = ()
        """A program, with its arguments, that starts it."""
        self._arguments = [
            f"--config.file={self.configuration_file}",
            f"--storage.path={self.storage}",
            f"--web.listen-address={listen}",
            *arguments,
        ]
        directory.mkdir(parents=True, exist_ok=True)
        self.configure(settings)
        self._process: subprocess.Popen[bytes] | None = None

    def configure(self, settings: Mapping[str, Any]) -> None:
        """Write the configuration file; a running exporter does not look at it before it is told to."""
        self.configuration_file.write_text(yaml.safe_dump(dict(settings), sort_keys=False))

    @property
    def process(self) -> "subprocess.Popen[bytes]":
        assert self._process is not None
        return self._process

    def start(self) -> None:
        """Start it, with a new log, and return at once."""
        with self.log_file.open("wb") as log:
            self._process = subprocess.Popen(
                [*self.wrapper, str(PROGRAM), "serve", *self._arguments],
                cwd=self.directory,
                env={"PATH": os.environ["PATH"]},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def __enter__(self) -> Self:
        self.start()
        try:
            self.until(lambda: re.search(r'msg(=|": ")probing\b', self.log), "start")
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()
        self.process.wait()

    def stop(self, limit: float = LIMIT) -> int:
        """Ask it to end (SIGTERM); returns its exit code."""
        self.process.terminate()
        return self.process.wait(limit)

    def hang_up(self) -> None:
        self.process.send_signal(signal.SIGHUP)

    @property
    def log(self) -> str:
        return self.log_file.read_text() if self.log_file.exists() else ""

    @property
    def urls(self) -> list[str]:
        """Where it listens, in the order of its arguments."""
        return re.findall(r'(?:url=|"url": ")(https?://[^\s"]+)', self.log)

    def get(self, path: str, method: str = "GET", url: str | None = None, **headers: str) -> Page:
        """The answer to a request of `path` at `url` (the first that it listens on)."""
        parts = urllib.parse.urlsplit(url or self.urls[0])
        assert parts.hostname is not None
        if parts.scheme == "https":
            unverified = ssl._create_unverified_context()
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                parts.hostname, parts.port, timeout=LIMIT, context=unverified
            )
        else:
            connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=LIMIT)
        try:
            connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
            answer = connection.getresponse()
            return Page(answer.status, dict(answer.getheaders()), answer.read())
        finally:
            connection.close()

    def samples(self, prefix: str = "xmpp_") -> dict[str, float]:
        """The values on /metrics by series, those that begin with `prefix`."""
        lines = (line.rpartition(" ") for line in self.get("/metrics").text.splitlines() if line.startswith(prefix))
        return {series: float(value) for series, _, value in lines}

    def until(self, condition: Callable[[], Found], what: str, limit: float = LIMIT) -> Found:
        """The first true result of `condition`; fails, with the log, when none comes."""
        deadline = time.monotonic() + limit
        while not (found := condition()):
            assert self.process.poll() is None, f"it ended with {self.process.returncode}: {self.log}"
            assert time.monotonic() < deadline, f"no {what} within {limit:g} s; its log:\n{self.log}"
            time.sleep(POLL)
        return found

    def probed(self, domain: str, probe: str = "compliance", times: float = 1) -> float:
        """Waits until the domain was probed so often; returns the number of probes."""
        series = f'xmpp_probes_total{{domain="{domain}",probe="{probe}"}}'
        return self.until(
            lambda: (count := self.samples("xmpp_probes_total").get(series, 0)) >= times and count,
            f"{probe} probe of {domain}",
        )


def settings_of(laboratory: Laboratory, *servers: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """A configuration with these servers, and the laboratory's DNS and certificate authority."""
    return {
        "resolver": {"nameservers": [laboratory.dns.address], "port": laboratory.dns.port},
        "tls": {"ca_file": str(laboratory.ca_file)},
        "servers": list(servers),
        **more,
    }


def server_of(laboratory: Laboratory, domain: str, user: str | None = PROBE, **more: Any) -> dict[str, Any]:
    """One of the laboratory's domains, running, as the configuration has it; without account if `user` is None."""
    laboratory.server(domain)
    account = {"account": {"jid": f"{user}@{domain}", "password_file": str(laboratory.password_file)}} if user else {}
    return {"domain": domain, "relation": "own", "allow_private_addresses": True, **account, **more}
