"""Running the real program, `xmpp-exporter`, as a person or a script would."""

import asyncio
import os
import pty
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.servers.laboratory import Laboratory

PROGRAM = Path(sys.executable).with_name("xmpp-exporter")
LIMIT = 60.0
"""Seconds for one run, far more than it needs."""
POLL = 0.02


@dataclass(frozen=True)
class Result:
    """How a run ended. On a terminal all is in `out`."""

    code: int
    out: str
    err: str = ""


@dataclass(frozen=True)
class Command:
    """The program with the laboratory's DNS and authority; what it keeps is below `state`."""

    laboratory: Laboratory
    state: Path

    def arguments(self, *given: str) -> list[str]:
        dns = self.laboratory.dns
        network = ["--resolver", f"{dns.address}:{dns.port}", "--ca-file", str(self.laboratory.ca_file)]
        return [str(PROGRAM), *given, *network, "--allow-private-addresses"]

    @property
    def password_file(self) -> tuple[str, str]:
        return "--password-file", str(self.laboratory.password_file)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "XDG_STATE_HOME": str(self.state),
            "TERM": "xterm-256color",
            "COLUMNS": "120",
        }

    async def run(self, *given: str) -> Result:
        """Run it in pipes to its end, without anything to read."""
        async with self.started(*given) as process:
            out, err = await asyncio.wait_for(process.communicate(), LIMIT)
        return Result(process.returncode or 0, out.decode(), err.decode())

    @asynccontextmanager
    async def started(self, *given: str) -> AsyncIterator[asyncio.subprocess.Process]:
        """It runs in pipes, and is killed at the end if it still does."""
        process = await asyncio.create_subprocess_exec(
            *self.arguments(*given),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=self.environment,
        )
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def run_on_terminal(self, *given: str, answers: tuple[tuple[str, str], ...] = ()) -> Result:
        """Run it on a pseudo-terminal; each of `answers` is typed once its prompt has been seen."""
        controller, terminal = pty.openpty()
        process = await asyncio.create_subprocess_exec(
            *self.arguments(*given),
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            env=self.environment,
            start_new_session=True,
        )
        os.close(terminal)
        typing = list(answers)
        out = b""
        try:
            async with asyncio.timeout(LIMIT):
                while data := await asyncio.to_thread(_read, controller):
                    out += data
                    while typing and typing[0][0].encode() in out:
                        os.write(controller, f"{typing.pop(0)[1]}\n".encode())
                code = await process.wait()
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            os.close(controller)
        return Result(code, out.decode())


def _read(controller: int) -> bytes:
    try:
        return os.read(controller, 65536)
    except OSError:  # Linux's way to say that nobody has the terminal open any more
        return b""


async def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for the condition, at most LIMIT."""
    try:
        async with asyncio.timeout(LIMIT):
            while not condition():
                await asyncio.sleep(POLL)
    except TimeoutError:
        raise AssertionError(f"{what} did not happen within {LIMIT:g} s") from None
