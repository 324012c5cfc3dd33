"""All servers at a glance: which are well, what changed, and what they run."""

from dashboards import annotations, variables
from dashboards.boards import choices
from dashboards.boards.fleet import changes, now, over_time, software
from dashboards.dashboard import Dashboard
from dashboards.promql import DOMAINS

FLEET = Dashboard(
    "fleet",
    "Which XMPP servers are well, what changed, and what they run.",
    (
        variables.DATA_SOURCE,
        variables.job(),
        variables.domain(many=True),
        choices.SUITE,
        choices.LEVEL,
        choices.CATEGORY,
    ),
    (annotations.software_changes(), annotations.alerts(DOMAINS)),
    (now.ROW, changes.ROW, software.ROW, over_time.ROW),
)
