"""The fleet's dashboard: what several of its panels say of the servers, and where their cells lead to."""

from dashboards.boards import choices
from dashboards.links import to
from dashboards.promql import AVAILABILITY, CATEGORIES, JOBS, SUITE, recorded, select
from dashboards.tables import Column

UP = recorded("domain:xmpp_probe_success:last", "job, domain", AVAILABILITY)
LOGIN = recorded("domain:xmpp_login_success:last", "job, domain")
SCORE = recorded("domain:xmpp_suite_distinct_requirements:ratio", "job, domain", SUITE)
CATEGORY_SCORE = recorded("domain:xmpp_suite_requirements:ratio", "job, domain, category", CATEGORIES)
VERDICT = f"min by(job, domain) ({select('domain:xmpp_suite_requirements:verdict', CATEGORIES)})"
DAYS = recorded("domain:xmpp_tls_certificate_expiry:days", "job, domain")
DECIDED = f"check:xmpp_xep_supported:servers{{{JOBS}}}"

TO_SERVER = to("server", "Show ${__data.fields.domain}", choices.SCORED, domain="domain")
TO_CHECK = to("check", "Show this check on all servers", "domain suite category", check="check")
SERVER = Column("domain", "Server", links=(TO_SERVER,))
