"""Thousands of servers: starting and reloading leaves the event loop time for pages and probes."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.bench.reports import probed_server
from tests.integration.heartbeat import Heartbeat
from tests.servers.dns import FakeDns
from xmpp_exporter.model import ProbeKind
from xmpp_exporter.service import Exporter
from xmpp_exporter.store import Store

SERVERS = 1500
HELD_UP = 0.15
"""CPU seconds that may pass on the loop in one go; all of the work together takes many times as long."""


@pytest.fixture
def dns() -> Iterator[FakeDns]:
    with FakeDns({}) as dns:
        yield dns


def write_configuration(file: Path, dns: FakeDns, servers: range, defaults: str = "{}") -> None:
    entries = "".join(f"- domain: {probed_server(number).config.domain}\n" for number in servers)
    resolver = f"{{nameservers: [{dns.address}], port: {dns.port}}}"
    file.write_text(f"resolver: {resolver}\ndefaults: {defaults}\nservers:\n{entries}")


async def test_many_servers_do_not_hold_up_the_event_loop(tmp_path: Path, dns: FakeDns) -> None:
    known = Store(tmp_path / "data")
    async with known.writing():
        for number in range(SERVERS):
            for report in probed_server(number).reports:
                known.take(replace(report, started=time.time()))
    file = tmp_path / "exporter.yml"
    write_configuration(file, dns, range(SERVERS))
    exporter = Exporter(file, tmp_path / "data")

    async with Heartbeat() as start:
        running = exporter.running()
        await running.__aenter__()
    try:
        assert exporter.store.report(probed_server(0).config.domain, ProbeKind.COMPLIANCE) is not None
        page = b"".join(exporter.exposition.chunks(time.time()))
        assert page.count(b"xmpp_probe_interval_seconds{") == 2 * SERVERS
        assert page.count(b"xmpp_xep_supported{") > 10 * SERVERS

        write_configuration(file, dns, range(100, SERVERS + 100), "{exclude: [turn]}")
        async with Heartbeat() as reload:
            await exporter.reload()
        page = b"".join(exporter.exposition.chunks(time.time()))
        assert page.count(b"xmpp_probe_interval_seconds{") == 2 * SERVERS
        assert b'domain="chat00000.example.org"' not in page
        assert b'domain="chat01599.example.org"' in page
    finally:
        async with Heartbeat() as stop:
            await running.__aexit__(None, None, None)
    for heart in (start, reload, stop):
        assert heart.longest_work < HELD_UP
    assert start.work > HELD_UP < reload.work  # there was something to be held up by
