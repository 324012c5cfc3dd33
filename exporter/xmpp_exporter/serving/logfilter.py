"""What must not get into a log: secrets, stanzas, control characters, and the chatter of libraries."""

import logging
import re
from collections.abc import Mapping
from typing import Any

from structlog.typing import EventDict, WrappedLogger

HIDDEN = "<hidden>"

_SECRET_KEY = re.compile(
    r"(password|passwd|passphrase|secret|token|authorization|cookie|credentials?|private[_-]?key)$", re.IGNORECASE
)
_SECRET_IN_URL = re.compile(r"(?<=://)[^/\s@]*:[^/\s@]*(?=@)")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_VARIABLE_PART = re.compile(r"[%<{:\[('\"].*", re.DOTALL)


class Libraries(logging.Filter):
    """Passes our own events, and what libraries say as far as an operator can use it.

    Unless `debug`: only their warnings and errors, and none for a client's malformed request. slixmpp's records keep
    the fixed beginning of their text, since the rest may be a stanza, and the kind of their exception.
    """

    def __init__(self, *, debug: bool) -> None:
        super().__init__()
        self._debug = debug

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.msg, dict):
            return True
        exception = record.exc_info[0] if record.exc_info else None
        if record.name.partition(".")[0] == "slixmpp":
            record.msg, record.args = _VARIABLE_PART.sub("", str(record.msg)).rstrip(), None
            if exception is not None:
                record.msg += f" ({exception.__name__})"
                record.exc_info = record.exc_text = None
        elif record.name == "aiohttp.server" and exception and exception.__module__ == "aiohttp.http_exceptions":
            return self._debug
        return self._debug or record.levelno >= logging.WARNING


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replaces the values of keys that hold secrets, at any depth, and passwords in URLs."""
    return {key: _redacted(key, value) for key, value in event.items()}


def escape(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Makes control characters visible, which logfmt would hand on to a terminal; line ends are the renderer's."""
    return {
        key: value if isinstance(value, int | float | None) else _visible(str(value)) for key, value in event.items()
    }


def _redacted(key: str, value: Any) -> Any:
    if _SECRET_KEY.search(key):
        return HIDDEN
    if isinstance(value, str):
        return _SECRET_IN_URL.sub(HIDDEN, value)
    if isinstance(value, Mapping):
        return {inner: _redacted(str(inner), item) for inner, item in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted("", item) for item in value]
    return value


def _visible(text: str) -> str:
    return _CONTROL.sub(lambda match: match[0].encode("unicode_escape").decode(), text)
