"""Words and colours for values and labels. Titles, topics, suites and reasons come from the catalogue."""

from collections.abc import Iterable, Mapping

from docs.vocabulary import FAILURES, REASONS, VERDICTS
from xmpp_exporter.catalogue import checks, topics
from xmpp_exporter.catalogue.suite import suites
from xmpp_exporter.model import Verdict

GREEN, RED, ORANGE, BLUE, GREY = "green", "red", "orange", "blue", "#808080"

Texts = Mapping[float | str, tuple[str, str]]
"""What is shown instead of a value, and in which colour (none if empty)."""

Steps = tuple[tuple[float | None, str], ...]
"""Colours by the value from which they hold; the first holds from the beginning."""


def plain(texts: Iterable[tuple[str, str]]) -> Texts:
    """Texts without colours."""
    return {value: (text, "") for value, text in texts}


UP: Texts = {1: ("Up", GREEN), 0: ("Down", RED)}
LOGIN: Texts = {1: ("Works", GREEN), 0: ("Fails", RED)}
STATE: Texts = {1: ("Works", GREEN), 0: ("Does not work", RED), 0.5: ("Not known", GREY)}
COMPLIANCE: Texts = {1: ("Compliant", GREEN), 0: ("Not compliant", RED), 0.5: ("Undecided", GREY)}
CHANGE: Texts = {1: ("Lost", RED), 0: ("Gained", GREEN)}
REACHED: Texts = {1: ("Reached", GREEN), 0: ("Not reached", RED)}
OFFERED: Texts = {1: ("Offered", BLUE)}
YES_NO: Texts = {1: ("Yes", ""), 0: ("No", "")}
SUCCEEDED: Texts = {1: ("Succeeded", GREEN), 0: ("Failed", RED)}
NETWORK: Texts = {1: ("Works", GREEN), 0: ("Down: nothing is held against servers", RED)}

BAD_IF_ANY: Steps = ((None, GREEN), (1, RED))
GOOD_SHARE: Steps = ((None, RED), (0.5, ORANGE), (0.9, GREEN))
AVAILABILITY: Steps = ((None, RED), (0.99, ORANGE), (0.999, GREEN))
DAYS_LEFT: Steps = ((None, RED), (7, ORANGE), (21, GREEN))

CHECKS = plain((check.id, check.title) for check in checks().values())
DESCRIPTIONS = plain((check.id, check.description) for check in checks().values())
METHODS = plain((check.id, check.method) for check in checks().values())
TOPICS = plain(topics().items())
CATEGORIES = plain((category.id, category.title) for suite in suites().values() for category in suite.categories)
REQUIREMENTS = plain(
    (requirement.id, requirement.title) for suite in suites().values() for _, _, requirement in suite.requirements()
)
FAILED_BECAUSE = plain((reason.value, meaning) for reason, meaning in FAILURES.items())

_COLOURS = {Verdict.UNSUPPORTED: RED, Verdict.BROKEN: RED, Verdict.UNKNOWN: GREY}
VERDICT: Texts = {verdict.value: (VERDICTS[verdict][0], colour) for verdict, colour in _COLOURS.items()}
REASON: Texts = plain((reason.value, meaning) for meanings in REASONS.values() for reason, meaning in meanings.items())

PHASES = {"dns": "DNS", "connect": "TCP", "tls": "TLS", "auth": "Login", "checks": "Checks"}
OUTCOMES = {"supported": "Works", "unsupported": "Does not work", "unknown": "Not known"}
OUTCOME_COLOURS = dict(zip(OUTCOMES.values(), (GREEN, RED, GREY), strict=True))


def mapping(texts: Texts) -> list[dict[str, object]]:
    """Grafana's value mappings."""
    results = {
        str(value): {"text": text, "index": index} | ({"color": colour} if colour else {})
        for index, (value, (text, colour)) in enumerate(texts.items())
    }
    return [{"type": "value", "options": results}] if results else []


def thresholds(steps: Steps) -> dict[str, object]:
    """Grafana's thresholds in absolute values."""
    return {"mode": "absolute", "steps": [{"color": colour, "value": value} for value, colour in steps]}
