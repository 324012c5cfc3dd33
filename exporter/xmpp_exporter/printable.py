"""Texts of strangers made harmless for whoever reads them in a terminal."""


def printable(text: str) -> str:
    """`text` in one line without anything that a terminal would obey or hide: escapes, bells, changes of direction."""
    return "".join(char if char.isprintable() else " " if char.isspace() else "\ufffd" for char in text)


def excerpt(text: str, limit: int) -> str:
    """`text` printable, and cut to `limit` characters: an ellipsis then says so."""
    # as much as could be shown comes first, for the whole may be very long
    shown = printable(text[: limit + 1])
    return shown if len(shown) <= limit else f"{shown[: limit - 1]}…"
