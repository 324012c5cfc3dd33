"""Where a benchmark keeps the files of a Prometheus."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def prometheus_folder() -> Iterator[Path]:
    """One that Prometheus's own user may enter."""
    folder = Path(tempfile.mkdtemp(prefix="xmpp-bench-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
