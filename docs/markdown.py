"""What the generated pages share."""

import re
from collections.abc import Iterable

WRITTEN_BY = "<!-- Written by `make docs` from {source}: change that, not this. -->"


def names(each: Iterable[str]) -> str:
    """Names as in code, with commas."""
    return ", ".join(f"`{name}`" for name in each)


def plain(text: str) -> str:
    """A text that means no Markdown."""
    return re.sub(r"([\\`*_<>|\[\]])", r"\\\1", text)
