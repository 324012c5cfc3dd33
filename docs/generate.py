"""Writes the pages that are made of the catalogue, the metrics' contract, the rules and the help: `make docs`."""

import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from docs.alert_rules_page import alert_rules_page
from docs.help_pages import help_pages
from docs.markdown import WRITTEN_BY, names, plain
from docs.rules_page import rules_page
from docs.vocabulary import FAILURES, KINDS, LEAVES, NEEDS, QUERIES, REASONS, VERDICTS
from xmpp_exporter.catalogue import Check, checks, topics
from xmpp_exporter.exposition import EXPIRE_AFTER
from xmpp_exporter.families import CATALOGUE_FAMILIES, EXPORTER_FAMILIES, PROBE_FAMILIES, Family
from xmpp_exporter.labels import MAX_LENGTH
from xmpp_exporter.model import PROBER_FAULTS

FOLDER = Path(__file__).parent

METRICS_INTRODUCTION = f"""\
# Metrics

`/metrics` is the text format 0.0.4 (`text/plain; version=0.0.4; charset=utf-8`), whatever the `Accept` header asks for,
gzipped for those who take it. Values are cached: a scrape shows the last finished probe of each kind, and probes
nothing. Units are seconds and bytes; moments are seconds since the epoch, so that `time() - …` is an age.

A missing sample says that something is **not known**, never that it is bad:

- `xmpp_xep_supported` is absent for a check that could not be decided, and for all checks of a server that could not be
  probed: down is not "lost every XEP".
- `xmpp_probe_success` is absent when a probe failed by the prober's own fault; `xmpp_probe_last_failure_info` says
  which.
- What a probe found is shown for {EXPIRE_AFTER} of its intervals and not longer, also after a restart. Moments and
  counters of a server stay until it leaves the configuration.
- A verdict that changes between supported and not is shown only when a second look, within a minute, has found the
  same.

[`/probe`](operations.md#probes-on-request) answers with the metrics of one server alone, without counters, moments and
settings.
"""

SERVERS_INTRODUCTION = """\
Availability probes own the endpoint, TLS, SASL, login and ping metrics, compliance probes the rest; where both have
one, `probe` tells whose it is.
"""

LABELS = f"""\
| Label | Values |
|---|---|
| `domain` | the server's XMPP domain, in lower-case A-labels |
| `probe` | `availability`, `compliance` |
| `check` | the ids of [the checks](checks.md) |
| `xep` | the number with leading zeros (`0313`); empty for an RFC |
| `verdict`, and `reason` of `xmpp_check_problem_info` | [verdicts](checks.md#verdicts) |
| `reason` elsewhere | [below](#why-a-probe-or-a-login-fails) |
| `phase` | `dns`, `connect`, `tls`, `auth`, `checks` |
| `service` | `xmpp-client` (STARTTLS), `xmpps-client` (direct TLS), as in the SRV record |
| `family` | `ipv4`, `ipv6` |
| `mechanism` | a SASL mechanism that is known, or `other` |
| `software` | the name of a known server in lower case, or `other` |
| `host`, `version`, `cipher` | what the server sent, without control characters, cut after {MAX_LENGTH} |

No label holds the text of an error: details are in [the API](operations.md#pages) and on the debug page of `/probe`.
"""

CHECKS_INTRODUCTION = """\
# Checks

`xmpp-exporter checks` lists them on the command line. The id is the label `check` of [the metrics](metrics.md), and
what `exclude` and `expect` in [the configuration](configuration.md) name.
"""

SCORE = """\
The score counts those of the *scored* checks that were decided. The others are for information: closing registration,
say, is a choice.
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
    yield "| Check | XEP | Title | Scored | Needs | Leaves |\n|---|---|---|---|---|---|"
    for check in checks().values():
        leaves = "" if check.leaves == "nothing" else check.leaves
        scored = "yes" if check.scored else ""
        yield f"| [{check.id}](#{check.id}) | {check.xep} | {check.title} | {scored} | {_needs(check)} | {leaves} |"
    yield f"\n{SCORE}\n## Verdicts\n"
    yield "| Verdict | | `xmpp_xep_supported` |\n|---|---|---|"
    for verdict, (meaning, value) in VERDICTS.items():
        yield f"| `{verdict}` | {meaning} | {value} |"
    yield "\nEach verdict but `supported` has a reason:\n\n| Verdict | Reason | |\n|---|---|---|"
    for verdict, reasons in REASONS.items():
        for reason, meaning in reasons.items():
            yield f"| `{verdict}` | `{reason}` | {meaning} |"
    yield ""
    for topic, title in topics().items():
        entries = [check for check in checks().values() if check.topic == topic]
        if entries:
            yield f"## {title}\n"
        for check in entries:
            yield from _check(check)


def _check(check: Check) -> Iterator[str]:
    rfc = re.search(r"/rfc(\d+)", check.link)
    specification = f"XEP-{check.xep}" if check.xep else f"RFC {rfc[1]}" if rfc else "Specification"
    yield f"### {check.id}\n"
    yield f"**{check.title}** ([{specification}]({check.link}))\n"
    yield f"{plain(check.description)}\n"
    yield f"*How it is decided:* {plain(check.method)}\n"
    yield f"- Needs: {_needs(check) or 'nothing'}"
    yield f"- Leaves on the server: {LEAVES[check.leaves]}"
    if check.kind != "feature":
        yield f"- Kind: {KINDS[check.kind]}"
    if not check.scored:
        yield "- For information: not in the score"
    for fact in check.facts:
        yield f"- Measures `{fact.metric}`: {plain(fact.help)}"
    yield ""


def _needs(check: Check) -> str:
    needs = check.needs - {"account"} if "no_contacts" in check.needs else check.needs  # the one has the other in it
    return ", and ".join(NEEDS[need] for need in NEEDS if need in needs)


def _metrics_page() -> Iterator[str]:
    yield WRITTEN_BY.format(source="exporter/xmpp_exporter/families.py")
    yield f"{METRICS_INTRODUCTION}\n## Servers\n\n{SERVERS_INTRODUCTION}"
    yield from _families(PROBE_FAMILIES)
    yield "## The catalogue\n"
    yield from _families(CATALOGUE_FAMILIES)
    yield "## The exporter\n"
    yield "With them come `process_*` and `python_info`, as of every Python program.\n"
    yield from _families(EXPORTER_FAMILIES)
    yield f"## Labels\n\n{LABELS}\n## Why a probe or a login fails\n\n| `reason` | |\n|---|---|"
    for failure, meaning in FAILURES.items():
        yield f"| `{failure}` | {meaning} |"
    *others, last = sorted(PROBER_FAULTS)
    yield f"\n{names(others)} and `{last}` are the prober's own faults: they say nothing about the server.\n"
    yield "## Queries\n"
    for title, query in QUERIES.items():
        yield f"{title}:\n\n```promql\n{query}\n```\n"


def _families(families: Iterable[Family]) -> Iterator[str]:
    yield "| Metric | Type | Labels | |\n|---|---|---|---|"
    for family in families:
        yield f"| `{family.name}` | {family.type} | {names(family.labels)} | {plain(family.help)} |"
    yield ""


PAGES = {
    "alert-rules.md": alert_rules_page,
    "checks.md": checks_page,
    "metrics.md": metrics_page,
    "rules.md": rules_page,
    **help_pages(),
}


def main() -> None:
    """Write all pages, and remove those of help that are no more."""
    shutil.rmtree(FOLDER / "help", ignore_errors=True)
    for name, page in PAGES.items():
        (FOLDER / name).parent.mkdir(parents=True, exist_ok=True)
        (FOLDER / name).write_text(page())


if __name__ == "__main__":
    main()
