"""The patterns by which alerts.yml names domains: which covers which, and what they are to Alertmanager.

A pattern is a domain, `*.` and a domain for all below it, or `*` for all there are. Two of them have domains in common
only if one covers the other.
"""

import re
from collections.abc import Iterable

from xmpp_alerts.config import EVERYTHING

_BELOW = "*."


def covers(pattern: str, other: str) -> bool:
    """Whether each domain that `other` names is one that `pattern` names."""
    return pattern in (EVERYTHING, other) or (pattern.startswith(_BELOW) and other.endswith(pattern[1:]))


def meet(one: str, other: str) -> bool:
    """Whether there are domains that both name."""
    return covers(one, other) or covers(other, one)


def breadth(pattern: str) -> tuple[int, int]:
    """Less for a pattern than for all that cover it."""
    if pattern == EVERYTHING:
        return 2, 0
    return (1, -pattern.count(".")) if pattern.startswith(_BELOW) else (0, 0)


def domain_is(patterns: Iterable[str]) -> str:
    """The matcher of alerts about a domain that one of them names; alerts without a domain are about none."""
    return one_of("domain", map(_expression, patterns))


def one_of(label: str, expressions: Iterable[str]) -> str:
    """The matcher of alerts whose label one of the regular expressions matches as a whole."""
    return matcher(label, "=~", "|".join(expressions))


def matcher(label: str, operator: str, value: str) -> str:
    """A matcher as Alertmanager writes it, with OpenMetrics' escapes."""
    escaped = value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
    return f'{label}{operator}"{escaped}"'


def _expression(pattern: str) -> str:
    """Alertmanager anchors it at both ends."""
    if pattern == EVERYTHING:
        return ".+"
    return f".+{re.escape(pattern[1:])}" if pattern.startswith(_BELOW) else re.escape(pattern)
