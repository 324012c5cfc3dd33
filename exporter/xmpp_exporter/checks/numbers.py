"""Numbers as servers write them: ASCII digits only, and bounded before they are made one."""


def number(text: str | None, most: int) -> int | None:
    """The whole number that `text` is, from 0 to `most`; None for anything else, such as `²`, which Python takes for a
    digit."""
    digits = text or ""
    if not (digits.isascii() and digits.isdigit() and len(digits) <= len(str(most))):
        return None
    value = int(digits)
    return value if value <= most else None


def port(text: str | None) -> int | None:
    """A port that can be connected to, or None."""
    return number(text, 65535) or None
