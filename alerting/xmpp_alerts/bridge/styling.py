"""Text for XMPP clients: XEP-0393's styling where it is ours, and nothing of it in what comes from others."""

import re

from xmpp_exporter.printable import printable
from xmpp_exporter.wire.stanza import escape

JOINER = "\u2060"
"""WORD JOINER: takes no room, and no styling begins behind it (XEP-0393 §6.1: directives begin behind a blank)."""

MAX_BYTES = 9000
"""Of a text as XML. A longer stanza than 10,000 bytes may end the stream (RFC 6120 §13.12)."""

_DIRECTIVE = re.compile(r"(?<![^\s*_~`])(?=[*_~`])")
_NO_TEXT = re.compile(r"[^\t\n\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")
_URL = re.compile(r"https?://[!-~]+")


def plain(value: str, limit: int) -> str:
    """Somebody's text in one line of at most `limit` characters, which looks in every client as it is written."""
    line = " ".join(printable(value[: 4 * limit]).split())
    if len(line) > limit:
        line = line[: limit - 1].rstrip() + "…"
    if line.startswith(">"):
        line = JOINER + line
    return _DIRECTIVE.sub(JOINER, line)


def strong(value: str) -> str:
    """One line of ours in bold (XEP-0393 §6.2.3)."""
    return f"*{value}*"


def quote(line: str) -> str:
    """A line as a quotation (§5.1.3)."""
    return f"> {line}"


def link(url: str, limit: int = 1000) -> str:
    """The URL if it is one that a client may show, otherwise nothing."""
    return url if len(url) <= limit and _URL.fullmatch(url) else ""


def sendable(text: str, limit: int = MAX_BYTES) -> str:
    """A text of characters that XML can carry (XML 1.0 §2.2), cut where it would become longer than `limit` bytes."""
    text = _NO_TEXT.sub("\ufffd", text)
    left = limit - len("…".encode())
    for position, character in enumerate(text):
        left -= len(escape(character).encode())
        if left < 0:
            return text if fits(text, limit) else text[:position] + "…"
    return text


def fits(text: str, limit: int = MAX_BYTES) -> bool:
    """Whether a message may be as long as that."""
    return len(escape(text).encode(errors="replace")) <= limit
