"""Text for XMPP clients: XEP-0393's styling where it is ours, and nothing of it in what comes from others."""

import re

from xmpp_exporter.printable import printable

JOINER = "\u2060"
"""WORD JOINER: takes no room, and no styling begins behind it (XEP-0393 §6.1: directives begin behind a blank)."""

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


def sendable(text: str, limit: int) -> str:
    """At most `limit` characters of a text, all of them such as XML can carry (XML 1.0 §2.2)."""
    text = _NO_TEXT.sub("\ufffd", text)
    return text if len(text) <= limit else text[: limit - 1] + "…"
