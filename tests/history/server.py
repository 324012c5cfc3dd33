"""A real Prometheus with the whole history in its storage, as scraped and as recorded by the rules."""

from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path
from typing import BinaryIO

from tests.history import openmetrics, scrapes
from tests.history.pages import ScriptedExporter
from tests.history.rules import EVERY, Rule, as_file, levels, reaching_back, read_rules
from tests.history.script import END, script
from tests.servers.prometheus import Prometheus

FULL = 8 * 86400
"""Seconds before the end for which all is there that is scraped."""
COUNTED = 31 * 86400
"""Seconds for which the counters of probes are there: a month's availability is made of them."""

_RECENT = 2 * 86400
_RECENT_INTERVAL, _INTERVAL = 300, 900
"""Seconds between two scrapes; the longer ago, the fewer there need to be."""

_COUNTERS = (b"xmpp_probes_total{", b"xmpp_probe_failures_total{")


class PastPrometheus(Prometheus):
    """A Prometheus that keeps what is long past."""

    def command(self) -> Sequence[str]:
        return [*super().command(), "--storage.tsdb.retention.time=100y"]


def tell(prometheus: PastPrometheus, own_page: bytes) -> None:
    """Makes the history: all that is scraped, then what the rules record of it; `prometheus` must not run yet.

    `own_page` is what a real Prometheus with the same rules says of itself.
    """
    prometheus.storage.mkdir(parents=True, exist_ok=True)
    _scrape(prometheus.storage, scrapes.own_page(own_page))
    _record(prometheus)


def _record(prometheus: PastPrometheus) -> None:
    """Level by level: Prometheus finds what was recorded when it starts again."""
    rules = read_rules()
    long = reaching_back(rules)
    for level in levels(rules):
        with prometheus, ThreadPoolExecutor(2) as promtool:
            # halves of the level side by side
            made = [promtool.submit(_evaluate, prometheus, part, long) for part in (level[::2], level[1::2])]
            for each in made:
                each.result()


def _evaluate(prometheus: PastPrometheus, rules: Sequence[Rule], long: Collection[str]) -> None:
    for length in (COUNTED, FULL):
        group = [rule for rule in rules if (rule.record in long) == (length == COUNTED)]
        if group:
            openmetrics.create_blocks_from_rules(
                as_file(group), prometheus.url, prometheus.storage, END - length, END, EVERY
            )


def _scrape(storage: Path, own_page: bytes) -> None:
    """Pages are made and turned into blocks side by side."""
    exporters = {name: ScriptedExporter(name) for name in script().exporters}
    with ThreadPoolExecutor(1) as promtool:
        made = []
        for number, moments in groupby(_moments(), lambda moment: moment // openmetrics.BLOCK):
            file = storage.with_name(f"{number}.om")
            with file.open("wb") as written:
                for moment in moments:
                    _scrape_all(written, exporters, own_page, moment)
            made.append(promtool.submit(openmetrics.create_blocks, file, storage))
        for each in made:
            each.result()


def _moments() -> Iterator[int]:
    yield from range(int(END - COUNTED), int(END - _RECENT), _INTERVAL)
    yield from range(int(END - _RECENT), int(END) + 1, _RECENT_INTERVAL)


def _scrape_all(file: BinaryIO, exporters: dict[str, ScriptedExporter], own_page: bytes, moment: int) -> None:
    full = moment >= END - FULL
    for name, exporter in exporters.items():
        page = exporter.scrape(moment, reports=full)
        target = {"job": "xmpp", "instance": f"{name}.example.org:15222"}
        if full:
            size = sum(piece.count(b"\n") for piece in page)
            openmetrics.write(file, [*page, scrapes.of_target(size, up=bool(page))], moment, **target)
        else:
            openmetrics.write(file, (piece for piece in page if piece.startswith(_COUNTERS)), moment, **target)
    if full:
        itself = [own_page, scrapes.of_target(own_page.count(b"\n"), up=True)]
        openmetrics.write(file, itself, moment, job="prometheus", instance="localhost:9090")
        openmetrics.write(file, [scrapes.alerts(moment)], moment)
