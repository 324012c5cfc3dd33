"""Marks on all graphs: changes of the servers' software, and alerts while they fire."""

from dashboards.promql import SERVERS, select
from dashboards.targets import DATASOURCE, Json

STEP = "60s"

MOST = 100
"""Marks at the same moment: with all servers of a large fleet chosen, graphs would be covered by them."""


def annotation(name: str, colour: str, expr: str, title: str, text: str, tags: str) -> Json:
    """Marks the time in which `expr` has a value above 0. The query stands twice, for older and for newer Grafanas."""
    expr = f"topk({MOST}, {expr})"
    return {
        "name": name,
        "datasource": DATASOURCE,
        "enable": True,
        "hide": False,
        "iconColor": colour,
        "expr": expr,
        "step": STEP,
        "tagKeys": tags,
        "textFormat": text,
        "titleFormat": title,
        "useValueForTime": False,
        "target": {"expr": expr, "interval": STEP, "refId": "Anno"},
    }


def software_changes() -> Json:
    """A version that was not there during the day before, on a server that was."""
    info = f"xmpp_server_info{{{SERVERS}}}"
    before = f"last_over_time({info}[1d] offset $__interval)"
    expr = (
        f"group by(job, domain, software, version) (last_over_time({info}[15m]))"
        f" unless on(job, domain, software, version) {before}"
        f" and on(job, domain) {before}"
    )
    return annotation(
        "Software changes", "blue", expr, "{{domain}}: other software", "{{software}} {{version}}", "domain,software"
    )


def alerts(*scope: str) -> Json:
    """`scope`: matchers of the alerts that concern the dashboard. Not every alert has a job."""
    expr = select("ALERTS", 'alertstate="firing"', *scope, scope='alertname=~"Xmpp.*"')
    return annotation("Alerts", "red", expr, "{{alertname}}", "{{domain}} {{check}} {{severity}}", "alertname,severity")
