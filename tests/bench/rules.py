"""What the rules, recording and alerting, cost Prometheus with many servers, while it scrapes all of them."""

import re
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from statistics import median
from threading import Event

from tests.bench.effort import Announce, Effort
from tests.bench.figures import Figure, Results
from tests.bench.folders import prometheus_folder
from tests.bench.past import HOUR, INSTANCE, LOOK_BACK, last_minutes, make_blocks
from tests.bench.scrape import Shown
from tests.integration.test_prometheus_server import free_port
from tests.servers.page import served
from tests.servers.program import ProgramError
from tests.servers.prometheus import Prometheus, copy_rules

MOST = 2_000.0
"""Milliseconds that no group of rules may take."""
SCRAPED, AT_ONCE = 30, 6_000
"""Seconds between two scrapes, and of how many servers one brings what is past, until all has come."""
LIMIT = 900.0
PRIORITY = "-15"
"""The nice value of Prometheus among all that the machine does."""

CONFIGURATION = """
rule_files: [rules/*.yml]
scrape_configs:
  - job_name: xmpp
    scrape_interval: {every}s
    scrape_timeout: {every}s
    static_configs: [{{targets: ["{address}"], labels: {{{instance}}}}}]
"""
OPTIONS = ["--storage.tsdb.retention.time=90d"]


_PROBED = re.compile(rb"(?m)^(xmpp_probe_last_(?:run|success)_timestamp_seconds\{.+\} ).+$")


class Page:
    """The exporter's page, of servers that have just been probed whenever it is asked for.

    The first scrapes get what the ones before would have got, so that nothing is between.
    """

    def __init__(self, page: bytes, past: Iterator[bytes], at_once: int) -> None:
        self._around_times = _PROBED.sub(rb"\1\0", page).split(b"\0")
        self._past, self._at_once = past, at_once
        self.is_present = Event()

    def __call__(self) -> bytes:
        if moments := [*islice(self._past, self._at_once)]:
            return b"".join(moments)
        self.is_present.set()
        return (b"%d" % time.time()).join(self._around_times)


def measure(effort: Effort, announce: Announce) -> Results:
    """How long each group takes, of a Prometheus that has all that the rules look back to."""
    servers, subject = effort.servers[0], f"{effort.servers[0]:,} servers"
    now = int(time.time())
    page = b"".join(Shown(servers, now).chunks())
    samples = re.sub(rb"(?m)^#.*\n", b"", page)
    with prometheus_folder() as folder:
        announce(f"{effort.hours} hours of {subject}, and what was recorded of them in 30 days")
        begin = now - LOOK_BACK
        make_blocks(samples, begin + LOOK_BACK - effort.hours * HOUR, begin, folder / "storage")
        copy_rules(folder, f"{effort.evaluated}s")
        exporter = Page(page, last_minutes(samples, begin), AT_ONCE // servers)
        with served(exporter) as address, _prometheus(folder, address) as prometheus:
            announce("the last minutes")
            if not exporter.is_present.wait(LIMIT):
                raise ProgramError(f"Prometheus does not scrape; its log ends:\n{prometheus.log_tail()}")
            announce(f"{effort.repeats} evaluations of each group, one every {effort.evaluated} s")
            seconds = _evaluations(prometheus, effort.repeats)
            recorded = prometheus.query('count({__name__=~".+:.+"})')[0].value
            alerts = prometheus.query("count(ALERTS)")[0].value
    return Results(
        [
            Figure(subject, "series scraped per server", samples.count(b"\n") / servers),
            Figure(subject, "series recorded per server", recorded / servers),
            Figure(subject, "alerts", alerts),
            *(figure for name, each in seconds.items() for figure in _figures(subject, name, each)),
            Figure(subject, "the slowest evaluation of all", max(map(max, seconds.values())) * 1000, "ms"),
        ]
    )


def _figures(subject: str, group: str, seconds: list[float]) -> Iterator[Figure]:
    """The least is what a group takes; what it takes mostly tells how much else goes on at the same moment."""
    yield Figure(subject, f"group {group}", min(seconds) * 1000, "ms", MOST)
    yield Figure(subject, "… median", median(seconds) * 1000, "ms")


def _evaluations(prometheus: Prometheus, wanted: int) -> dict[str, list[float]]:
    """Seconds of so many evaluations of each group from now on. Raises ProgramError when one fails or does not come."""
    seconds: dict[str, dict[str, float]] = defaultdict(dict)
    deadline = time.monotonic() + LIMIT
    while not seconds or any(len(each) <= wanted for each in seconds.values()):
        for group in prometheus.get("/api/v1/rules")["groups"]:
            for rule in group["rules"]:
                if rule["health"] == "err":
                    raise ProgramError(f"{rule['name']}: {rule['lastError']}")
            seconds[group["name"]][group["lastEvaluation"]] = group["evaluationTime"]
        if time.monotonic() > deadline:
            raise ProgramError(f"evaluations do not come; the log ends:\n{prometheus.log_tail()}")
        time.sleep(1)
    return {name: [*each.values()][1:] for name, each in seconds.items()}  # the first was before


@contextmanager
def _prometheus(directory: Path, address: str) -> Iterator[Prometheus]:
    """One that has the processors first, so that it shows what it needs and not what others leave to it."""
    configuration = CONFIGURATION.format(every=SCRAPED, address=address, instance=INSTANCE.decode().replace("=", ": "))
    with Prometheus(directory, configuration, port=free_port(), options=OPTIONS) as prometheus:
        group = Path(f"/proc/{prometheus.pid}/autogroup")
        if group.exists():
            group.write_text(PRIORITY)
        yield prometheus
