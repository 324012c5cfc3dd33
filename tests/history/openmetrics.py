"""Scraped pages as blocks of Prometheus's storage: each sample gets the labels and the moment of its scrape.

The exporter never writes timestamps; only here they are added, for `promtool tsdb create-blocks-from openmetrics`.
"""

import re
import subprocess
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

BLOCK = 54 * 3600
"""Seconds of a block: one of the spans that Prometheus compacts to, long enough that few have to be made."""


FAILED = "rule importer error"
"""What promtool 2.42 says of a part of the past that it leaves out; it exits with 0 all the same."""


class PromtoolError(Exception):
    """promtool made no blocks; the message is its own."""


def write(file: BinaryIO, pieces: Iterable[bytes], moment: float, **labels: str) -> None:
    """Adds the samples of a page that was scraped at `moment`, seconds since the epoch, with the target's labels."""
    given = ",".join(f'{name}="{value}"' for name, value in labels.items()).encode()
    stamped = f" {moment:.3f}\n".encode()
    for piece in pieces:
        file.write(_labelled(piece, given).replace(b"\n", stamped))


@lru_cache(maxsize=10_000)
def _labelled(piece: bytes, labels: bytes) -> bytes:
    """The samples of a piece of whole lines, which is often the same as in the page before."""
    if piece.startswith(b"# HELP") and piece.count(b"\n") == 2:
        return b""
    samples = re.sub(rb"(?m)^#.*\n", b"", piece)
    if not labels:
        return samples
    samples = re.sub(rb"(?m)^([\w:]+) ", rb"\1{} ", samples)
    samples = re.sub(rb"(?m)^([\w:]+)\{", rb"\1{" + labels + b",", samples)
    return samples.replace(b",} ", b"} ")


def create_blocks(file: Path, storage: Path) -> None:
    """Ends the file of samples, makes blocks of it and removes it. Raises PromtoolError."""
    with file.open("ab") as written:
        written.write(b"# EOF\n")
    _promtool("openmetrics", str(file), str(storage))
    file.unlink()


def create_blocks_from_rules(rules: str, url: str, storage: Path, since: float, until: float, every: int) -> None:
    """What recording rules, as the text of a file, would have made of the past of the Prometheus at `url`.

    `every`: seconds between two evaluations. Prometheus finds the blocks when it starts again. Raises PromtoolError.
    """
    # promtool offsets the evaluations by a hash of the file's name as it is given: the same at every run
    name = "rules.yml"
    span = [f"--start={since:.0f}", f"--end={until:.0f}", f"--eval-interval={every}s"]
    with TemporaryDirectory() as folder:
        (Path(folder) / name).write_text(rules)
        _promtool("rules", f"--url={url}", *span, f"--output-dir={storage.absolute()}", name, folder=folder)


def _promtool(source: str, *arguments: str, folder: str | None = None) -> None:
    command = ["promtool", "tsdb", "create-blocks-from", f"--max-block-duration={BLOCK}s", source, *arguments]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if result.returncode or FAILED in result.stderr:
        raise PromtoolError(result.stdout + result.stderr)
