"""Writes docs/checks.md and docs/metrics.md from the catalogue and the metrics' contract: `make docs`."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from xmpp_exporter.catalogue import Check, checks, topics
from xmpp_exporter.families import CATALOGUE_FAMILIES, EXPORTER_FAMILIES, PROBE_FAMILIES, Family

FOLDER = Path(__file__).parent
WRITTEN_BY = "<!-- Written by `make docs` from {source}: change that, not this. -->"

CHECKS_INTRODUCTION = """\
# Checks

Each check ends in one verdict: `supported`, `unsupported` (not offered), `broken` (offered, and does not work) or
`unknown` (could not be decided). The score counts the *scored* checks that were decided; the others are for
information. What a check leaves on the server as *removable*, it removes itself, even after a crash; *permanent* is
what no protocol can delete.
"""

METRICS_INTRODUCTION = """\
# Metrics

All values are of the last finished probe. A check that could not be decided has no sample of `xmpp_xep_supported`, and
after a failed probe no check has: a server that is down never looks like one that lost its features. Units are seconds
and bytes; moments are seconds since the epoch. The label `domain` is the probed server, `probe` is `availability` or
`compliance`, `check` is a check's id of [checks.md](checks.md) and `xep` its number with leading zeros, or empty for an
RFC.
"""


def checks_page() -> str:
    """The text of checks.md."""
    return "\n".join(_checks_page()) + "\n"


def metrics_page() -> str:
    """The text of metrics.md."""
    return "\n".join(_metrics_page()) + "\n"


def _checks_page() -> Iterator[str]:
    yield WRITTEN_BY.format(source="exporter/xmpp_exporter/catalogue/checks.yml")
    yield CHECKS_INTRODUCTION
    by_topic = {topic: [check for check in checks().values() if check.topic == topic] for topic in topics()}
    for topic, entries in by_topic.items():
        if entries:
            yield f"## {topics()[topic]}\n"
        for check in entries:
            yield from _check(check)


def _check(check: Check) -> Iterator[str]:
    specification = f"XEP-{check.xep}" if check.xep else "Specification"
    needs = " and ".join(need.replace("_", " ") for need in sorted(check.needs)) or "nothing"
    scored = "scored" if check.scored else "for information"
    yield f"### {check.id}: {check.title}\n"
    yield f"[{specification}]({check.link}) · {scored} · needs: {needs} · leaves: {check.leaves}\n"
    yield f"{_plain(check.description)}\n"
    yield f"*Tried:* {_plain(check.method)}\n"
    for fact in check.facts:
        yield f"*Measured:* `{fact.metric}`: {_plain(fact.help)}\n"


def _metrics_page() -> Iterator[str]:
    yield WRITTEN_BY.format(source="exporter/xmpp_exporter/families.py")
    yield METRICS_INTRODUCTION
    yield "## Servers\n"
    yield from _families(PROBE_FAMILIES)
    yield "## The catalogue\n"
    yield from _families(CATALOGUE_FAMILIES)
    yield "## The exporter\n"
    yield "With them come `process_*` and `python_info`, as of every Python program.\n"
    yield from _families(EXPORTER_FAMILIES)


def _families(families: Sequence[Family]) -> Iterator[str]:
    yield "| Metric | Type | Labels | |"
    yield "|---|---|---|---|"
    for family in families:
        labels = ", ".join(f"`{label}`" for label in family.labels)
        yield f"| `{family.name}` | {family.type} | {labels} | {_plain(family.help)} |"
    yield ""


def _plain(text: str) -> str:
    """A text that means no Markdown."""
    return re.sub(r"([\\`*_<>|\[\]])", r"\\\1", text)


PAGES = {"checks.md": checks_page, "metrics.md": metrics_page}


def main() -> None:
    """Write all pages."""
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page())


if __name__ == "__main__":
    main()
