"""One server: how it is now and was, what does not work and why, and all that is known of it."""

from dashboards import annotations, variables
from dashboards.boards import choices, server_checks, server_facts, server_network, server_now
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
        server_now.NOW,
        server_now.WRONG,
        *server_checks.CHECKS,
        server_checks.REQUIREMENTS,
        server_network.AVAILABILITY,
        server_network.ENDPOINTS,
        server_network.LOGIN,
        server_network.FEDERATION,
        server_facts.ROW,
    ),
)
