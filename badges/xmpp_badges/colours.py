"""The colours of badges, and text that can be read on them (WCAG 2.2, contrast of 4.5 at least)."""

import re

GOOD = {"green": "#1a7f37", "yellowgreen": "#4d7c0f", "yellow": "#dfb317", "orange": "#c2410c", "red": "#b91c1c"}
"""From the best to the worst."""
NAMED = GOOD | {"blue": "#1d4ed8", "grey": "#6b7280", "black": "#1f2328", "purple": "#6d28d9"}
"""What `color=` may name; besides, any hexadecimal one."""

LABEL = "#3d4450"
UNKNOWN = "#6b7280"
STALE = "#b9c2d0"
NOTHING = "#d0d5dc"
"""A day of which nothing is known, in a strip."""

_HEX = re.compile(r"#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})")
_SHARES = ((1.0, "green"), (0.9, "yellowgreen"), (0.75, "yellow"), (0.5, "orange"), (0.0, "red"))
_AVAILABILITIES = ((0.999, "green"), (0.99, "yellowgreen"), (0.95, "yellow"), (0.9, "orange"), (0.0, "red"))


def parse(text: str) -> str:
    """A colour that somebody asks for. Raises ValueError."""
    if text in NAMED:
        return NAMED[text]
    if not (match := _HEX.fullmatch(text)):
        raise ValueError(f"color is one of {', '.join(NAMED)}, or hexadecimal as 4c1 or 44cc11")
    digits = match[1].lower()
    return "#" + (digits if len(digits) == 6 else "".join(digit * 2 for digit in digits))


def of_share(share: float) -> str:
    """For a score, 0 to 1."""
    return GOOD[next(name for least, name in _SHARES if share >= least)]


def of_availability(share: float) -> str:
    """For a share of time, 0 to 1, of which less is missing in what is good."""
    return GOOD[next(name for least, name in _AVAILABILITIES if share >= least)]


def of_days(days: float) -> str:
    """For the days until a certificate expires."""
    return GOOD["green" if days >= 14 else "yellow" if days >= 7 else "orange" if days >= 0 else "red"]


def text_on(background: str) -> str:
    """White or black, whichever is easier to read."""
    return max(("#ffffff", "#000000"), key=lambda text: contrast(text, background))


def contrast(first: str, second: str) -> float:
    """1 to 21."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
