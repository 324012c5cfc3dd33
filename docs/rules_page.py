"""docs/rules.md: what each recorded series means, and how to install the rules."""

from collections.abc import Iterator

from docs.markdown import WRITTEN_BY, names
from docs.recorded import labels, recorded
from docs.vocabulary import RECORDED_QUERIES

INTRODUCTION = """\
# Recording rules

[alerting/rules/recording.yml](../alerting/rules/recording.yml) lets Prometheus compute what dashboards, alerts and
badges ask for again and again, so that all of them mean the same by it and none is slow.

- A series that is absent says that something is not known; nothing here turns that into a 0.
- Missed scrapes, scrapes as rare as every 5 minutes and restarts leave no gaps: a state is the last one of 15 minutes.
  So long does it take until something that is no longer known is gone from here.
- When several exporters probe a domain in one job, the series are about the domain as all of them see it. The label
  `job` stays, other labels of the targets do not.
"""

INSTALLATION = """\
## Install

The rules need Prometheus 2.42 or later. [deploy/prometheus/prometheus.yml](../deploy/prometheus/prometheus.yml) is a
whole configuration to start from. For a Prometheus that runs already, as root in this tree, on Debian:

```sh
install -D -m 644 -t /etc/prometheus/rules alerting/rules/*.yml
```

In `prometheus.yml`, whose folder paths are relative to:

```yaml
rule_files:
  - rules/*.yml
```

```sh
promtool check config /etc/prometheus/prometheus.yml
systemctl reload prometheus
```

The Prometheus operator takes the same `groups` as the `spec` of a `PrometheusRule`.

- **Keep data for longer than 30 days**, or the availability over 30 days is that of what is there. Prometheus keeps 15
  unless it is started with `--storage.tsdb.retention.time=400d`.
- **Let alerts survive a restart of Prometheus**, with `--rules.alert.for-grace-period=5m`: otherwise it forgets that
  one fires that waits for less than 10 minutes, such as `XmppServerDown`. Its end is told then, and it begins anew.
- Nothing is computed backwards: comparisons with a day and a week ago begin a day and a week after the installation,
  and the availability over 7 and 30 days is that since the installation. Its first hours come within the first hour.
- Servers that are scraped through `/probe` have no counters, and so no availability; with a day and a week ago, single
  checks of theirs are compared, but not ratios.
- What the rules cost is in [benchmarks.md](benchmarks.md#rules-what-they-take).

After the change of a rule, `make test` runs [its tests](../alerting/rules/tests), or one file of them:

```sh
promtool test rules alerting/rules/tests/up.yml
```
"""


def rules_page() -> str:
    """The text of rules.md."""
    return "\n".join(_rules_page()) + "\n"


def _rules_page() -> Iterator[str]:
    yield WRITTEN_BY.format(source="alerting/rules/recording.yml")
    yield f"{INTRODUCTION}\n## Series\n"
    yield "| Series | Labels | Evaluated every | |\n|---|---|---|---|"
    for rule in recorded().values():
        yield f"| `{rule.record}` | {names(labels(rule))} | {rule.interval} | {rule.meaning} |"
    yield "\n## Queries\n"
    for title, query in RECORDED_QUERIES.items():
        yield f"{title}:\n\n```promql\n{query}\n```\n"
    yield INSTALLATION.rstrip("\n")
