"""How many badges one process serves of what it remembers, and what comes while Prometheus is away."""

import json
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from deploy.demo.badges import BadgesServer
from tests.bench.effort import Announce, Effort
from tests.bench.figures import Figure, Results
from tests.bench.folders import prometheus_folder
from tests.bench.scrape import Shown
from tests.integration.test_prometheus_server import free_port
from tests.servers.page import served
from tests.servers.program import ProgramError
from tests.servers.prometheus import Prometheus, copy_rules

SLOWEST, LONGEST = 50.0, 2.0
"""Milliseconds that 99 of 100 requests may take, and that a badge may cost: 500 a second."""
CONNECTIONS = 8
LIMIT = 300.0

CONFIGURATION = """
rule_files: [rules/*.yml]
scrape_configs:
  - {{job_name: xmpp, scrape_interval: 5s, static_configs: [{{targets: ["{address}"]}}]}}
"""
SCRIPT = """
local threads, number = {}, 0
function setup(thread) table.insert(threads, thread) end
function init(arguments) servers, stale, other = tonumber(arguments[1]), 0, 0 end
function request()
  number = (number + 7919) % servers
  return wrk.format("GET", string.format("/badge/chat%05d.example.org.svg", number))
end
function response(status, headers, body)
  if status ~= 200 or not body:find("compliance") then other = other + 1
  elseif body:find(" as of ") then stale = stale + 1 end
end
function done(summary, latency, requests)
  local errors = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  print(string.format(
    '{"requests": %d, "seconds": %f, "p99": %f, "longest": %f, "errors": %d, "stale": %d, "other": %d}',
    summary.requests, summary.duration / 1e6, latency:percentile(99) / 1e3, latency.max / 1e3, errors,
    threads[1]:get("stale"), threads[1]:get("other")))
end
"""
"""For wrk: badges of all servers in turn, not one after the other; whether each says what it should."""


def measure(effort: Effort, announce: Announce) -> Results:
    """Badges per second with Prometheus and without. Raises ProgramError for a badge that does not come."""
    if shutil.which("wrk") is None:
        raise ProgramError("wrk is not installed: apt-get install wrk")
    servers = effort.servers[0]
    page = b"".join(Shown(servers).chunks())
    with (
        prometheus_folder() as directory,
        served(lambda: page) as address,
        _prometheus(directory / "it", address) as prometheus,
    ):
        announce(f"until Prometheus has recorded {servers:,} servers")
        _wait_for(prometheus, servers)
        settings = {"prometheus": {"url": prometheus.url}, "cache": "10s"}
        with BadgesServer(directory / "badges", settings, "127.0.0.1", free_port()) as badges:
            _wait_until_ready(badges)
            announce(f"badges for {effort.seconds:g} s")
            well = _load(badges, servers, effort.seconds, directory)
            announce(f"badges for {2 * effort.seconds:g} s, without Prometheus soon")
            with ThreadPoolExecutor(1) as beside:
                loaded = beside.submit(_load, badges, servers, 2 * effort.seconds + 20, directory)
                prometheus.stop()
                away = loaded.result()
    if well["errors"] + well["other"] + well["stale"] or away["errors"] + away["other"] or not away["stale"]:
        raise ProgramError(f"not every badge came as it should: {well}, and without Prometheus {away}")
    subject = f"{servers:,} servers"
    return Results(
        [
            Figure(subject, "badges per second", well["requests"] / well["seconds"]),
            Figure(subject, "a badge", 1000 * well["seconds"] / well["requests"], "ms", LONGEST),
            Figure(subject, "99 of 100 requests within", well["p99"], "ms", SLOWEST),
            Figure(subject, "Prometheus away: badges per second", away["requests"] / away["seconds"]),
            Figure(subject, "Prometheus away: 99 of 100 requests within", away["p99"], "ms"),
            Figure(subject, "Prometheus away: the longest request", away["longest"], "ms", 2000.0),
            Figure(subject, "Prometheus away: badges marked stale", 100 * away["stale"] / away["requests"], "%"),
        ]
    )


@contextmanager
def _prometheus(directory: Path, address: str) -> Iterator[Prometheus]:
    copy_rules(directory, "5s")
    with Prometheus(directory, CONFIGURATION.format(address=address), port=free_port()) as prometheus:
        yield prometheus


def _wait_for(prometheus: Prometheus, servers: int) -> None:
    query = "count(count by(domain) (domain:xmpp_suite_distinct_requirements:last))"
    deadline = time.monotonic() + LIMIT
    while not (found := prometheus.query(query)) or found[0].value < servers:
        if time.monotonic() > deadline:
            raise ProgramError(f"nothing is recorded; Prometheus's log ends:\n{prometheus.log_tail()}")
        time.sleep(1)


def _wait_until_ready(badges: BadgesServer) -> None:
    deadline = time.monotonic() + LIMIT
    while True:
        try:
            with urllib.request.urlopen(f"{badges.url}/-/ready", timeout=10):
                return
        except OSError:
            if time.monotonic() > deadline:
                raise ProgramError(f"badges are not ready; the log ends:\n{badges.log_tail()}") from None
        time.sleep(0.2)


def _load(badges: BadgesServer, servers: int, seconds: float, directory: Path) -> dict[str, float]:
    """What wrk counts with so many seconds of requests."""
    script = directory / "badges.lua"
    script.write_text(SCRIPT)
    options = ["--threads=1", f"--connections={CONNECTIONS}", f"--duration={seconds:.0f}s", f"--script={script}"]
    result = subprocess.run(
        ["wrk", *options, badges.url, "--", str(servers)], capture_output=True, text=True, check=False
    )
    lines = [line for line in result.stdout.splitlines() if line.startswith("{")]
    if result.returncode or not lines:
        raise ProgramError(f"wrk: {result.stdout}{result.stderr}")
    counted: dict[str, float] = json.loads(lines[0])
    return counted
