"""Prometheus as a fixture: a real server with a given configuration, that can be asked."""

import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.servers.program import POLL, START_LIMIT, Program, ProgramError

QUERY_LIMIT = 10

RULES = Path(__file__).parents[2] / "alerting" / "rules"


@dataclass(frozen=True, slots=True)
class Sample:
    """One series of an instant query's result."""

    labels: Mapping[str, str]
    value: float


class Prometheus(Program):
    """Prometheus on `address`:`port`, storing below `directory`; `configuration` is the text of prometheus.yml.

    Files that the configuration names by relative path, such as rules, belong into `directory` before the start, and
    blocks that it is to have from the beginning into `storage`. `options` are further ones of its command line.
    """

    name = "Prometheus"
    executable = "prometheus"
    package = "prometheus"
    query_limit = QUERY_LIMIT
    """Seconds that an answer may take."""

    def __init__(
        self,
        directory: Path,
        configuration: str,
        address: str = "127.0.0.1",
        port: int = 9090,
        options: Sequence[str] = (),
    ) -> None:
        super().__init__(directory, [(address, port)], user="prometheus")
        self.url = f"http://{address}:{port}"
        self.storage = directory / "storage"
        self._configuration = configuration
        self._options = options

    def command(self) -> Sequence[str]:
        address, port = self.listens[0]
        return [
            self.executable,
            f"--config.file={self.directory / 'prometheus.yml'}",
            f"--storage.tsdb.path={self.storage}",
            f"--web.listen-address={address}:{port}",
            "--web.enable-lifecycle",
            "--log.level=warn",
            *self._options,
        ]

    def prepare(self) -> None:
        (self.directory / "prometheus.yml").write_text(self._configuration)

    def wait_until_ready(self, limit: float = START_LIMIT) -> None:
        deadline = time.monotonic() + limit
        super().wait_until_ready(limit)
        while True:
            try:
                with urllib.request.urlopen(f"{self.url}/-/ready", timeout=QUERY_LIMIT):
                    return
            except urllib.error.HTTPError as error:
                # It opens its port while it still replays its log, and says 503.
                if time.monotonic() > deadline:
                    raise ProgramError(f"Prometheus is not ready: {error}; its log ends:\n{self.log_tail()}") from error
            time.sleep(POLL)

    def query(self, expression: str) -> list[Sample]:
        """The result of an instant query, now. Raises ProgramError with Prometheus's words when it refuses."""
        result = self.get("/api/v1/query", query=expression)
        if result["resultType"] == "scalar":
            return [Sample({}, float(result["result"][1]))]
        return [Sample(each["metric"], float(each["value"][1])) for each in result["result"]]

    def get(self, path: str, **parameters: str) -> Any:
        """The `data` of an answer of Prometheus's HTTP API, such as `/api/v1/targets`."""
        url = f"{self.url}{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=self.query_limit) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise ProgramError(f"Prometheus {path}: {error.read().decode(errors='replace')}") from error


def copy_rules(directory: Path, interval: str = "") -> None:
    """Puts this project's rules where a configuration in `directory` that says `rules/*.yml` finds them.

    With `interval`, such as `1s`, each group is evaluated as often, whatever it says itself, alerts wait for as long,
    and look in such steps for the last that is known of a server's software.
    """
    folder = directory / "rules"
    folder.mkdir(parents=True)
    for file in RULES.glob("*.yml"):
        text = file.read_text()
        if interval:
            text = re.sub(r"(?m)^( +(?:interval|for|keep_firing_for):) .+$", rf"\1 {interval}", text)
            text = text.replace("[1d:5m]", f"[1h:{interval}]")
        (folder / file.name).write_text(text)
