"""Texts of strangers made harmless for whoever reads them in a terminal."""


def printable(text: str) -> str:
    """`text` in one line without anything that a terminal would obey or hide: escapes, bells, changes of direction."""
    return "".join(char if char.isprintable() else " " if char.isspace() else "\ufffd" for char in text)
