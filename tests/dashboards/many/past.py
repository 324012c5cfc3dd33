"""The past of many servers in Prometheus's storage: all of it around the moments that tables and rules look at, and for
a month what graphs ask for.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path

from tests.bench.reports import NOW as END
from tests.dashboards.many.pages import page
from tests.dashboards.many.seen import Scraped, asked, of_recorded, of_scraped
from tests.history import openmetrics, scrapes
from tests.history.rules import EVERY, Rule, as_file, levels, reaching_back, read_rules
from tests.history.server import PastPrometheus

HOUR, DAY = 3600, 86400
MONTH = 30 * DAY

CHANGED = END - 6 * HOUR
"""When everything changed."""

CHOSEN = {"check": ["xep0313"]}
"""What is looked at where one value must be."""

_EARLIER = (END - 7 * DAY, END - DAY)
"""What rules compare with."""
_STATES, _COUNTERS = 2 * EVERY, 3 * HOUR
"""Seconds for which all is there before such moments, and counters before the end: an hour's increase is recorded."""
_SCRAPED = 300
"""Seconds between two scrapes, and between two samples of what graphs ask for in the last day."""

_COUNT = b"\0"
"""Stands for what has been counted by the moment of the scrape."""
_COUNTER = re.compile(rb"(?m)^(xmpp_probe(?:s|_failures)_total\{.*\}) .*\n")

_PROBES = b"00"
"""What a count of failures becomes one of probes with: one of a hundred fails for each reason."""

Moments = Iterable[tuple[float, Sequence[Scraped]]]


def tell(prometheus: PastPrometheus, own_page: bytes) -> None:
    """Makes the past; `prometheus` must not run yet. `own_page` is what one with the same rules says of itself."""
    prometheus.storage.mkdir(parents=True)
    states = [_scraped(page(state), own_page) for state in (0, 1)]
    _write(prometheus.storage, _all(*states))
    _record(prometheus)
    with prometheus:
        wanted = asked(prometheus, END, DAY, CHOSEN)
        lines = [
            [*(of_scraped(each, wanted) for each in state), of_recorded(prometheus, wanted, moment)]
            for state, moment in zip(states, (END - DAY, END), strict=True)
        ]
    _write(prometheus.storage, _lines(*lines))


def _scraped(exporter: bytes, own: bytes) -> Sequence[Scraped]:
    """All that Prometheus makes of scrapes of the exporter and of itself, and an alert for each server."""
    target = {"job": "xmpp", "instance": "exporter.example.org:15222"}
    itself = {"job": "prometheus", "instance": "localhost:9090"}
    samples = re.sub(rb"(?m)^#.*\n", b"", exporter)
    domains = re.findall(rb'(?m)^xmpp_server_listed\{(domain="[^"]+")', samples)
    firing = b'ALERTS{alertname="XmppCheckLost",alertstate="firing",severity="warning",job="xmpp",check="%s",%s} 1\n'
    check = CHOSEN["check"][0].encode()
    return (
        Scraped(_COUNTER.sub(b"", samples) + scrapes.of_target(samples.count(b"\n"), up=True), target),
        Scraped(_COUNTER.sub(_counted, b"".join(each[0] for each in _COUNTER.finditer(samples))), target),
        Scraped(scrapes.own_page(own) + scrapes.of_target(1000, up=True), itself),
        Scraped(b"".join(firing % (check, each) for each in domains), {}),
    )


def _counted(counter: re.Match[bytes]) -> bytes:
    return b"%s %s%s\n" % (counter[1], _COUNT, b"" if b"failures" in counter[1] else _PROBES)


def _all(then: Sequence[Scraped], now: Sequence[Scraped]) -> Moments:
    """Everything, for as long as states are looked for, and counters for longer."""
    for end in _EARLIER:
        yield from ((end - age, then) for age in (_STATES, EVERY))
    yield from _every(
        3 * _SCRAPED, END - _COUNTERS, END - _STATES - 1, [each for each in now if _COUNT in each.samples]
    )
    yield from _every(_SCRAPED, END - _STATES, END, now)


def _lines(then: Sequence[Scraped], now: Sequence[Scraped]) -> Moments:
    """What graphs ask for; what is there already is there twice, which Prometheus takes for one."""
    yield from _every(HOUR, END - MONTH, END - DAY, then)
    yield from _every(_SCRAPED, END - DAY, CHANGED - 1, then)
    yield from _every(_SCRAPED, CHANGED, END - _SCRAPED, now)


def _every(seconds: int, since: float, until: float, scraped: Sequence[Scraped]) -> Moments:
    """At round moments, as graphs ask for points, and at the end."""
    first = -(-int(since) // seconds) * seconds
    yield from ((moment, scraped) for moment in (*range(first, int(until), seconds), until))


def _write(storage: Path, moments: Moments) -> None:
    with ThreadPoolExecutor(2) as promtool:
        made = []
        for number, of_block in groupby(moments, lambda each: each[0] // openmetrics.BLOCK):
            file = storage.with_name(f"{number:.0f}.om")
            with file.open("ab") as written:
                for moment, scraped in of_block:
                    count = b"%d" % ((moment - END + MONTH) // 60)
                    for target in scraped:
                        samples = target.samples.replace(_COUNT, count)
                        openmetrics.write(written, [samples], moment, **target.target)
            made.append(promtool.submit(openmetrics.create_blocks, file, storage))
        for each in made:
            each.result()


def _record(prometheus: PastPrometheus) -> None:
    """What the rules make of it at those moments, level by level: Prometheus finds that when it starts again."""
    rules = read_rules()
    long = reaching_back(rules)
    for level in levels(rules):
        with prometheus, ThreadPoolExecutor(2) as promtool:
            made = [
                promtool.submit(_evaluate, prometheus, part, since, until) for part, since, until in _spans(level, long)
            ]
            for each in made:
                each.result()


def _spans(level: Sequence[Rule], long: frozenset[str]) -> Iterator[tuple[Sequence[Rule], float, float]]:
    """Rules, and from when until when to evaluate them: once, but for those of which an hour's past is wanted."""
    counting = [rule for rule in level if rule.record in long]
    states = [rule for rule in level if rule.record not in long]
    if counting:
        yield counting, END - _COUNTERS, END
    if states:
        for end in (*_EARLIER, END):
            yield states, end - EVERY + 1, end


def _evaluate(prometheus: PastPrometheus, rules: Sequence[Rule], since: float, until: float) -> None:
    openmetrics.create_blocks_from_rules(as_file(rules), prometheus.url, prometheus.storage, since, until, EVERY)
