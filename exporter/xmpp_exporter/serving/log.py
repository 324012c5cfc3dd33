"""Log lines for machines: logfmt or JSON, one format for our own events and for what the libraries say."""

import logging
import sys
from datetime import UTC, datetime
from enum import StrEnum
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from xmpp_exporter.serving import logfilter

__all__ = ["Format", "Level", "configure"]


class Level(StrEnum):
    """`--log.level`."""

    DEBUG = "debug"
    INFO = "info"
    WARN = "warn"
    ERROR = "error"


class Format(StrEnum):
    """`--log.format`."""

    LOGFMT = "logfmt"
    JSON = "json"


_NUMBERS = {
    Level.DEBUG: logging.DEBUG,
    Level.INFO: logging.INFO,
    Level.WARN: logging.WARNING,
    Level.ERROR: logging.ERROR,
}


def configure(level: Level = Level.INFO, log_format: Format = Format.LOGFMT, stream: TextIO | None = None) -> None:
    """Writes what structlog and the standard library's loggers say to `stream` (standard error), a line for each event.

    Every line begins with `ts` (UTC, RFC 3339) and `level`, then `msg`, a library's with `logger` in between. What is
    known to be secret is replaced, and slixmpp's records lose what they say of stanzas: see `logfilter`.
    """
    render: list[Processor] = (
        [structlog.processors.JSONRenderer(default=str)]
        if log_format is Format.JSON
        else [logfilter.escape, structlog.processors.LogfmtRenderer(bool_as_flag=False)]
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.addFilter(logfilter.Libraries(debug=level is Level.DEBUG))
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.processors.format_exc_info, _heading, logfilter.redact, *render]
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(_NUMBERS[level])
    # slixmpp formats whole stanzas for records that nobody would see; so it is stopped before.
    logging.getLogger("slixmpp").setLevel(logging.NOTSET if level is Level.DEBUG else logging.CRITICAL + 1)
    logging.captureWarnings(True)
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(_NUMBERS[level]),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def _heading(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    record: logging.LogRecord = event.pop("_record")
    ours = event.pop("_from_structlog")
    ts = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    heading: EventDict = {"ts": ts, "level": _level_name(record.levelno)}
    if not ours:
        heading["logger"] = record.name
    return {**heading, "msg": event.pop("event"), **event}


def _level_name(number: int) -> str:
    return next((level for level, least in reversed(_NUMBERS.items()) if number >= least), Level.DEBUG).value
