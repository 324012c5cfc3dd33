"""The federation matrix as the service fills it: servers that reach each other, and one that is up but not reached."""

import asyncio
import time
from pathlib import Path
from typing import Any

import yaml

from tests.integration.running_exporter import server_of, settings_of
from tests.servers.laboratory import Laboratory
from xmpp_exporter.catalogue import checks
from xmpp_exporter.service import Exporter

LIMIT = 60.0
ONE, TWO, FAR = "federation.prosody.test", "federation.ejabberd.test", "closed-registration.ejabberd.test"
"""The first two federate; the third does not trust their certificates, and knows nothing but certificates."""


def series(exporter: Exporter) -> set[str]:
    """What /metrics shows of reached and unreached pairs."""
    page = b"".join(exporter.exposition.chunks(time.time())).decode()
    return {line for line in page.splitlines() if line.startswith("xmpp_s2s_reachable")}


async def test_each_server_with_an_account_pings_the_others_in_turn(laboratory: Laboratory, tmp_path: Path) -> None:
    often: dict[str, Any] = {
        "intervals": {"availability": "4s"},
        "timeouts": {"availability": "3500ms"},
        "exclude": sorted(checks()),
    }
    servers = [
        server_of(laboratory, ONE, **often),
        server_of(laboratory, TWO, **often),
        server_of(laboratory, FAR, user=None, **often),
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
