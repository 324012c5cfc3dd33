"""What went over the wire, for people who debug: bounded, and without anything that could log somebody in."""

import re
import time
from collections.abc import Callable

MAX_BYTES = 256 * 1024

_SECRETS = (
    # SASL in both profiles: everything between the tags is a credential or a proof
    re.compile(
        r"(<(?:\w+:)?(auth|response|challenge|success|initial-response|additional-data)\b[^>]*>)[^<]+", re.DOTALL
    ),
    re.compile(r"(<(?:\w+:)?password\b[^>]*>)[^<]+", re.DOTALL),
    re.compile(r"(\b(?:password|token)=)(['\"]).*?\2", re.DOTALL),
    re.compile(
        r"(<(?:\w+:)?header\b[^>]*name=['\"](?:Authorization|Cookie)['\"][^>]*>)[^<]+", re.IGNORECASE | re.DOTALL
    ),
)


def redact(text: str) -> str:
    """`text` (XML as sent) with passwords, tokens and SASL payloads replaced by [hidden]."""
    text = _SECRETS[0].sub(r"\1[hidden]", text)
    text = _SECRETS[1].sub(r"\1[hidden]", text)
    text = _SECRETS[2].sub(r"\1\2[hidden]\2", text)
    return _SECRETS[3].sub(r"\1[hidden]", text)


class Trace:
    """Keeps nothing unless given somewhere to write lines to; then at most MAX_BYTES."""

    def __init__(self, write: Callable[[str], None] | None = None) -> None:
        self._write = write
        self._left = MAX_BYTES
        self._started = time.monotonic()

    def sent(self, data: str | bytes) -> None:
        self._line(">", data)

    def received(self, data: str | bytes) -> None:
        self._line("<", data)

    def note(self, text: str) -> None:
        self._line("#", text)

    def _line(self, direction: str, data: str | bytes) -> None:
        if self._write is None or self._left <= 0:
            return
        text = redact(data.decode(errors="replace") if isinstance(data, bytes) else data)[: self._left]
        self._left -= len(text)
        self._write(f"{time.monotonic() - self._started:8.3f} {direction} {text}")
        if self._left <= 0:
            self._write("         # the trace ends here: it has reached its size limit")
