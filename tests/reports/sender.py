"""`xmpp-alerts report` about the week, as the real program, with the mails and messages that it sends."""

import asyncio
import os
import pty
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from aiohttp import web

from tests.integration.command import LIMIT, Result
from tests.servers.mailbox import Mailbox

PROGRAM = Path(sys.executable).with_name("xmpp-alerts")
UNTIL = "2026-07-20"
TOKEN = "a token of the bridge"


@dataclass
class Sender:
    """The program with its alerts.yml and what it remembers, in a folder."""

    folder: Path
    settings: dict[str, Any]
    pid: int = 0
    """Of the run that goes on."""

    async def run(self, *arguments: str) -> Result:
        """Run it to its end."""
        process = await self._start(arguments, asyncio.subprocess.PIPE)
        out, err = await asyncio.wait_for(process.communicate(), LIMIT)
        return Result(process.returncode or 0, out.decode(), err.decode())

    async def run_on_terminal(self, *arguments: str) -> Result:
        """Run it with its standard error on a pseudo-terminal."""
        controller, terminal = pty.openpty()
        process = await self._start(arguments, terminal)
        os.close(terminal)
        err = b""
        try:
            async with asyncio.timeout(LIMIT):
                with suppress(OSError):  # Linux's way to say that nobody has the terminal open any more
                    while data := await asyncio.to_thread(os.read, controller, 65536):
                        err += data
                out, _err = await process.communicate()
        finally:
            os.close(controller)
        return Result(process.returncode or 0, out.decode(), err.decode())

    async def _start(self, arguments: Sequence[str], stderr: int) -> asyncio.subprocess.Process:
        file = self.folder / "alerts.yml"
        file.write_text(yaml.safe_dump(self.settings))
        process = await asyncio.create_subprocess_exec(
            *(str(PROGRAM), "report", "--config.file", str(file), "--storage.path", str(self.folder / "state")),
            *("--until", UNTIL, *arguments),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=stderr,
            env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "120"},
        )
        self.pid = process.pid
        return process


def settings_of(prometheus: str, subscribers: Sequence[Mapping[str, Any]], **more: Any) -> dict[str, Any]:
    """alerts.yml as a mapping; all subscribers want the report."""
    return {
        "pages": "https://xmpp.example.org",
        "grafana": "https://grafana.example.org/",
        "timezone": "Europe/Berlin",
        "prometheus": {"url": prometheus, "timeout": "60s"},
        "subscribers": [{"weekly_report": True, **each} for each in subscribers],
        **more,
    }


def plain_smtp(box: Mailbox, **more: Any) -> dict[str, Any]:
    return {"host": box.address, "port": box.port, "from": "reports@example.org", "starttls": False, **more}


@dataclass
class Bridge:
    """Takes notes as the bridge does: one for each id."""

    url: str = ""
    notes: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """Subscribers and what they are told."""
    statuses: list[int] = field(default_factory=list)
    """What it answers to the next ones, before it answers 200."""

    async def note(self, request: web.Request) -> web.Response:
        if request.headers["Authorization"] != f"Bearer {TOKEN}":
            raise web.HTTPUnauthorized
        if self.statuses:
            return web.Response(status=self.statuses.pop(0), text="Not delivered: not logged in\n")
        self.notes.append((request.match_info["subscriber"], await request.json()))
        return web.Response(text="Delivered.\n")


@asynccontextmanager
async def bridge() -> AsyncIterator[Bridge]:
    """Its webhook, without an XMPP account behind."""
    taking = Bridge()
    app = web.Application()
    app.add_routes([web.post("/notes/{subscriber}", taking.note)])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    taking.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield taking
    finally:
        await runner.cleanup()
