"""Servers that are silent, refuse or do not exist neither delay nor stop the probes of the others."""

import asyncio
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.running_exporter import LIMIT, RunningExporter, server_of, settings_of
from tests.servers.fake import closes_at_once, listening, says_http, silent
from tests.servers.laboratory import Laboratory

GOOD = "bare.prosody.test"
EACH = 12
BAD = {"silent": "timeout", "closing": "disconnected", "garbage": "protocol", "refusing": "refused", "missing": "dns"}
"""Kinds of bad servers, and the reason for which their probes fail."""


@pytest.fixture(scope="module")
def ports() -> Iterator[dict[str, int]]:
    """Where the fake servers listen, by kind."""
    found: dict[str, int] = {"refusing": 1}
    ready, over = threading.Event(), threading.Event()

    async def serve() -> None:
        async with listening(silent) as first, listening(closes_at_once) as second, listening(says_http) as third:
            found.update(silent=first.port, closing=second.port, garbage=third.port)
            ready.set()
            await asyncio.to_thread(over.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert ready.wait(LIMIT)
    yield found
    over.set()
    thread.join(LIMIT)


def test_bad_servers_delay_no_other(laboratory: Laboratory, ports: dict[str, int], tmp_path: Path) -> None:
    servers = [server_of(laboratory, GOOD, user=None, intervals={"availability": "2s"})]
    for kind in BAD:
        for number in range(EACH):
            domain = f"{kind}{number}.test"
            servers.append({"domain": domain, "relation": "own", "allow_private_addresses": True})
            if kind != "missing":
                # addresses of their own: those who share one wait for each other
                address = "127.0.0.1" if kind != "refusing" else f"127.0.0.{number + 2}"
                laboratory.dns.add_zone(domain, f"@ A {address}\n_xmpp-client._tcp SRV 5 0 {ports[kind]} @\n")
    settings = settings_of(laboratory, *servers, limits={"probes_per_address": 20, "connections_per_address": 50})
    with RunningExporter(tmp_path, settings) as exporter:
        began, first = time.monotonic(), exporter.probed(GOOD, "availability")
        exporter.probed(GOOD, "availability", times=first + 4)
        assert time.monotonic() - began < 15  # four intervals, and some room for a busy machine
        exporter.probed(GOOD, "compliance")
        for kind, reason in BAD.items():
            domain = f"{kind}0.test"
            exporter.probed(domain, "availability")
            failures = f'xmpp_probe_failures_total{{domain="{domain}",probe="availability"'
            counted = {series for series, value in exporter.samples(failures).items() if value}
            assert counted == {f'{failures},reason="{reason}"}}'}
        samples = exporter.samples()
        assert samples[f'xmpp_probe_success{{domain="{GOOD}",probe="availability"}}'] == 1
        assert samples['xmpp_exporter_probe_lag_seconds{probe="availability"}'] < 5
        assert "Traceback" not in exporter.log
