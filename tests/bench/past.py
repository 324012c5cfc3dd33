"""A past for Prometheus: what it would have scraped of many servers, and recorded of them."""

import re
import subprocess
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count, takewhile
from pathlib import Path

from tests.servers.program import ProgramError
from tests.servers.prometheus import RULES

MINUTE, HOUR, DAY = 60, 3_600, 86_400
JOB, INSTANCE = b'job="xmpp"', b'instance="exporter"'

LOOK_BACK = 15 * MINUTE
"""How long ago the rules look for a state."""
_AHEAD = 10 * MINUTE
"""For how long there is a day ago, and a week ago, after the end of the past."""
_SCRAPED, _SCRAPED_BEFORE = 30, 15 * MINUTE
"""Seconds between two scrapes in the last minutes and, to keep it small, before."""
_STATES = 5 * MINUTE
"""Seconds between two recorded states of days ago, for the same reason."""
_PROBES, _FAILED = 60, 1
"""In an hour, of each server."""
_CHANGED_OF, _CHANGED_ON = 20, 50
"""One check of so many was in another state a day and a week ago, on one of so many servers."""
_LOOKED_AT = 3 * HOUR
"""Alerts look for a state within a week at moments so far apart, which Prometheus reckons from 1970."""

Moment = tuple[int, bytes]
"""Seconds since the epoch, and the lines of samples that were taken then."""


def make_blocks(samples: bytes, since: int, until: int, storage: Path) -> None:
    """Blocks below `storage`: the page as scraped since then, and all that was recorded in the 30 days before.

    `samples` is the page without its comments. Raises ProgramError when promtool makes none.
    """
    parts = {
        "recent": (
            _scraped(samples, since, until),
            _recorded_counters(samples, since, until),
            _recorded_hours(samples, since, until),
        ),
        "earlier": (
            _recorded_counters(samples, until - DAY, since),
            _recorded_hours(samples, until - 30 * DAY, since),
            _recorded_states(samples, until - 7 * DAY),
            _recorded_states(samples, until - DAY),
            _week(samples, since),
        ),
    }
    storage.mkdir(parents=True)
    with ThreadPoolExecutor(len(parts)) as promtool:
        made = []
        for name, moments in parts.items():
            file = storage.with_name(f"{name}.om")
            _write(file, moments)
            made.append(promtool.submit(_import, file, storage))
        for each in made:
            each.result()


def last_minutes(samples: bytes, since: int) -> Iterator[bytes]:
    """What the rules read of the page up to now, as often as it really is scraped, each sample with its moment."""
    rules = "".join(file.read_text() for file in RULES.glob("*.yml"))
    read = {name.encode() for name in re.findall(r"(?<![\w:])xmpp_\w+", rules)}
    lines = b"".join(line for line in samples.splitlines(keepends=True) if line.partition(b"{")[0] in read)
    for moment in takewhile(lambda moment: moment < time.time(), count(since, _SCRAPED)):
        yield lines.replace(b"\n", b" %d\n" % (moment * 1000))


def _write(file: Path, parts: Iterable[Iterator[Moment]]) -> None:
    with file.open("wb") as written:
        for moments in parts:
            for moment, lines in moments:
                written.write(lines.replace(b"\n", b" %d\n" % moment))
        written.write(b"# EOF\n")


def _import(file: Path, storage: Path) -> None:
    # blocks as long as they may be: promtool reads the whole file for each
    command = ["promtool", "tsdb", "create-blocks-from", "--max-block-duration=744h", "openmetrics"]
    result = subprocess.run([*command, file, storage], capture_output=True, text=True, check=False)
    if result.returncode:
        raise ProgramError(f"promtool makes no blocks: {result.stderr}")
    file.unlink()


def _scraped(samples: bytes, since: int, until: int) -> Iterator[Moment]:
    samples = samples.replace(b"{", b"{%s,%s," % (JOB, INSTANCE))
    for moment in range(since, until, _SCRAPED_BEFORE):
        yield moment, samples


def _recorded_counters(samples: bytes, since: int, until: int) -> Iterator[Moment]:
    domains = _domains(samples)
    for moment in range(since, until, MINUTE):
        for name, rate in ((b"xmpp_probes_total", _PROBES), (b"xmpp_probe_failures_total", _FAILED)):
            beginning = b"instance_domain:%s:sum{%s,%s" % (name, JOB, INSTANCE)
            yield moment, _of_each(domains, beginning, moment * rate // HOUR)


def _recorded_hours(samples: bytes, since: int, until: int) -> Iterator[Moment]:
    domains = _domains(samples)
    for moment in range(since, until, HOUR):
        for name, value in ((b"xmpp_probes", _PROBES), (b"xmpp_probe_failures", _FAILED)):
            yield moment, _of_each(domains, b"domain:%s:increase1h{%s" % (name, JOB), value)


def _recorded_states(samples: bytes, end: int) -> Iterator[Moment]:
    """The states around a moment, a few of them other than now, and the ratios."""
    checks = re.findall(rb"(?m)^xmpp_xep_supported\{(.+)\} ([01])$", samples)
    changed = {*_domains(samples)[::_CHANGED_ON]}
    lines = [
        b"domain:xmpp_xep_supported:last{%s,%s} %d\n"
        % (JOB, labels, int(value) ^ (number % _CHANGED_OF == 0 and labels.partition(b",")[0] in changed))
        for number, (labels, value) in enumerate(checks)
    ]
    suites = re.findall(rb'(?m)^(xmpp_suite_\w*requirements)\{(.+),outcome="supported"\}', samples)
    lines += [b"domain:%s:ratio{%s,%s} 0.8\n" % (name, JOB, labels) for name, labels in suites]
    for moment in range(end - LOOK_BACK, end + _AHEAD, _STATES):
        yield moment, b"".join(lines)


def _week(samples: bytes, until: int) -> Iterator[Moment]:
    """What alerts see of a week at each look: verdicts, a few of them better than now, and addresses."""
    suites = re.findall(rb'(?m)^xmpp_suite_requirements\{(.+),outcome="supported"\}', samples)
    better = {*_domains(samples)[::_CHANGED_ON]}
    lines = [
        b"domain:xmpp_suite_requirements:verdict{%s,%s} %d\n" % (JOB, labels, labels.partition(b",")[0] in better)
        for labels in suites
    ]
    lines += [
        name + b"{%s,%s,%s\n" % (JOB, INSTANCE, rest)
        for name, rest in re.findall(rb"(?m)^(xmpp_endpoint_addresses(?:_up)?)\{(.+)$", samples)
    ]
    for moment in range((until - 7 * DAY) // _LOOKED_AT * _LOOKED_AT, until, _LOOKED_AT):
        yield moment, b"".join(lines)


def _domains(samples: bytes) -> list[bytes]:
    """The label of each server."""
    return re.findall(rb'(?m)^xmpp_server_listed\{(domain="[^"]+")', samples)


def _of_each(domains: Iterable[bytes], beginning: bytes, value: float) -> bytes:
    """A sample of each server."""
    return b"".join(b"%s,%s} %d\n" % (beginning, domain, value) for domain in domains)
