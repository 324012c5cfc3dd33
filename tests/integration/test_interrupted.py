"""Ctrl-C in the first second of a command, while Python still loads it."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from tests.integration.command import LIMIT, until

SLOW = """
import pathlib, time

class Loading:
    def __del__(self):  # where Python only tells of an exception, and goes on
        pathlib.Path(__file__).with_name("loading").touch()
        time.sleep({limit})

Loading()
"""
"""In the place of a library that all programs load."""


@pytest.mark.parametrize("program", ["xmpp-exporter", "xmpp-alerts", "xmpp-badges"])
async def test_an_interrupt_while_a_program_loads_ends_it_without_a_word(program: str, tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text(SLOW.format(limit=LIMIT))
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name(program),
        "--version",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    try:
        await until((tmp_path / "loading").exists, "the loading")
        process.send_signal(signal.SIGINT)
        out, err = await asyncio.wait_for(process.communicate(), LIMIT / 2)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert (process.returncode, out, err) == (130, b"", b"")
