"""The federation matrix as the service fills it: servers that reach each other, and one that is up but not reached."""

import asyncio
import time
from pathlib import Path

import yaml

from tests.integration.running_exporter import server_of, settings_of
from tests.servers.laboratory import Laboratory
from xmpp_exporter.catalogue import checks
from xmpp_exporter.service import Exporter

LIMIT = 30.0
ONE, TWO, FAR = "bare.prosody.test", "closed-registration.prosody.test", "closed-registration.ejabberd.test"
"""The first two are at home on the same server; there is no DNS in which any of them could find the third."""


def series(exporter: Exporter) -> set[str]:
    """What /metrics shows of reached and unreached pairs."""
    page = b"".join(exporter.exposition.chunks(time.time())).decode()
    return {line for line in page.splitlines() if line.startswith("xmpp_s2s_reachable")}


async def test_each_server_with_an_account_pings_the_others_in_turn(laboratory: Laboratory, tmp_path: Path) -> None:
    brief, none = {"availability": "2s"}, sorted(checks())
    servers = [
        server_of(laboratory, ONE, intervals=brief, exclude=none),
        server_of(laboratory, TWO, intervals=brief, exclude=none),
        server_of(laboratory, FAR, user=None, intervals=brief, exclude=none),
    ]
    settings = settings_of(laboratory, *servers, federation={"peers": "configured"})
    (tmp_path / "exporter.yml").write_text(yaml.safe_dump(settings))
    exporter = Exporter(tmp_path / "exporter.yml", None)
    expected = {
        f'xmpp_s2s_reachable{{domain="{ONE}",peer="{TWO}"}} 1',
        f'xmpp_s2s_reachable{{domain="{TWO}",peer="{ONE}"}} 1',
        f'xmpp_s2s_reachable{{domain="{ONE}",peer="{FAR}"}} 0',
        f'xmpp_s2s_reachable{{domain="{TWO}",peer="{FAR}"}} 0',
    }
    async with exporter.running(), asyncio.timeout(LIMIT):
        while series(exporter) != expected:
            await asyncio.sleep(0.05)
