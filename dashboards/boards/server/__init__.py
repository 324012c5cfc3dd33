"""One server: how it is now and was, what does not work and why, and all that is known of it."""

from dashboards import annotations, variables
from dashboards.boards import choices
from dashboards.boards.server import checks, facts, network, now
from dashboards.dashboard import Dashboard
from dashboards.promql import DOMAINS

SERVER = Dashboard(
    "server",
    "One XMPP server: how it is, what changed and when, what does not work and why.",
    (
        variables.DATA_SOURCE,
        variables.job(),
        variables.domain(many=False),
        choices.SUITE,
        choices.LEVEL,
        choices.CATEGORY,
        choices.PAGES,
    ),
    (annotations.software_changes(), annotations.alerts(DOMAINS)),
    (
        now.NOW,
        now.WRONG,
        *checks.CHECKS,
        checks.REQUIREMENTS,
        network.AVAILABILITY,
        network.ENDPOINTS,
        network.LOGIN,
        network.FEDERATION,
        facts.ROW,
    ),
)
