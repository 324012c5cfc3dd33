"""docs/alert-rules.md: what is alerted, when, and what to do about it."""

from collections.abc import Iterator

from docs.alerted import alerts
from docs.markdown import WRITTEN_BY

INTRODUCTION = """\
# Alert rules

[alerting/rules/alerts.yml](../alerting/rules/alerts.yml) lets Prometheus decide what people are told.
[alerts.md](alerts.md) says how it reaches them. The rules need [the recording rules](rules.md); both are installed
[together](rules.md#install).

- Nothing is alerted for what is not known. What is alerted already goes on while it is not known whether it is over.
- A server that is down has `XmppServerDown` alone, and while the prober's network is down, servers have no alerts.
- What never worked is not alerted, unless the server's `expect` names it; nor are checks that are for information.
- With several exporters in a job, down is what is down for most of them, and a check works if one finds that it does.
- A restart of the exporter, and missed scrapes as rare as every 5 minutes, begin no waiting anew.

Labels are `alertname`, `severity`, `job`, `domain` (not with the exporter's own), and what the alert is about: `check`,
`suite`, `category` and `level`, `service`, `host` and `port`, `peer`, or `instance`. Annotations are `summary`,
`description`, and, where there is such a page, `runbook_url` (help for the server's software) and `dashboard_url`. The
end of an alert about a server that is down, a login that fails, or a check that does not work comes with
`recovered: "yes"` if all is well again, and without it if the alert ended for another reason, such as that nothing is
known any more.
"""

LINKS = """\
## Where links lead

Say it in `prometheus.yml` as external labels, and take them off the alerts, which would have them as labels otherwise:

```yaml
global:
  external_labels:
    xmpp_pages: https://xmpp.example.org
    xmpp_grafana: https://grafana.example.org
alerting:
  alert_relabel_configs:
    - {action: labeldrop, regex: xmpp_(pages|grafana)}
```

Without `xmpp_pages`, help is looked for at `http://localhost:15223`; without `xmpp_grafana`, there are no links to
dashboards.
"""


def alert_rules_page() -> str:
    """The text of alert-rules.md."""
    return "\n".join(_alert_rules_page()) + "\n"


def _alert_rules_page() -> Iterator[str]:
    yield WRITTEN_BY.format(source="alerting/rules/alerts.yml")
    yield f"{INTRODUCTION}\n## Alerts\n"
    yield "| Alert | Severity | When | What to do |\n|---|---|---|---|"
    for alert in alerts():
        yield f"| `{alert.name}` | {alert.severity} | {alert.meaning} | {alert.to_do} |"
    yield f"\n{LINKS.rstrip()}"
