"""Links to result pages, badges and help, from dashboards, mails and reports, lead to what a running service has."""

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import xmpp_alerts
from tests.dashboards.asking import Looking, Series
from tests.dashboards.dashboard import Dashboard, Json, dashboards, strings
from tests.dashboards.interpolation import interpolated
from tests.dashboards.variables import choose
from tests.history.script import END
from tests.history.server import PastPrometheus
from tests.history.shared import past_prometheus
from tests.integration.badges_site import BadgesSite, badges_site

pytestmark = pytest.mark.timeout(900)  # whoever comes first makes a month of history

DAY = 86_400.0
SERVERS = ("busy.test", "down.test", "twice.test")

TO_PAGES = re.compile(r"\$\{pages(?::raw)?\}(/[^\s)]+)")
FIELD = re.compile(r"\$\{__data\.fields\.(\w+)\}")


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PastPrometheus]:
    with past_prometheus(tmp_path_factory) as prometheus:
        yield prometheus


@pytest.fixture
async def site(past: PastPrometheus) -> AsyncIterator[BadgesSite]:
    async with badges_site(past.url, grafana={"url": "https://grafana.example.org"}) as site:
        yield site


def panels_with_links() -> list[tuple[Dashboard, Json, set[str]]]:
    return [
        (dashboard, panel, links)
        for dashboard in dashboards().values()
        for panel in dashboard.panels
        if (links := {match[1] for text in strings(panel) for match in TO_PAGES.finditer(text)})
    ]


def rows(answers: Sequence[Sequence[Series]]) -> Iterator[Mapping[str, str]]:
    """What Grafana's `merge` makes a row of: series that have the same values of the labels that both have."""
    everything = [series.labels for found in answers for series in found]
    for each in everything:
        row = dict(each)
        for other in everything:
            if all(row.get(label, value) == value for label, value in other.items()):
                row |= other
        yield row


@pytest.mark.parametrize(
    ("dashboard", "panel", "links"), panels_with_links(), ids=lambda part: str(getattr(part, "uid", ""))
)
@pytest.mark.parametrize("domain", SERVERS)
async def test_a_dashboard_leads_to_pages(
    past: PastPrometheus, site: BadgesSite, dashboard: Dashboard, panel: Json, links: set[str], domain: str
) -> None:
    values = await asyncio.to_thread(
        choose, dashboard, past, END, DAY, {"domain": [domain], "check": ["xep0352"], "pages": [site.url]}
    )
    looking = Looking(past, END, DAY, values)
    answers = [await asyncio.to_thread(looking.ask, query) for query in dashboard.queries_of(panel)]
    for link in links:
        fields = set(FIELD.findall(link))
        # a cell that is empty has no link
        of_rows = [row for row in rows(answers) if fields & row.keys() == fields] if fields else [{}]
        for row in of_rows:
            path = FIELD.sub(lambda match, row=row: row[match[1]], link)  # type: ignore[misc]
            assert (await site.get(interpolated(path, values))).status == 200, path
        assert of_rows or domain == "down.test"  # of which no problem is known


def test_all_kinds_of_links_are_there() -> None:
    found = {link for _dashboard, _panel, links in panels_with_links() for link in links}
    assert {link.split("/")[1] for link in found} == {"server", "badge", "help"}


async def test_a_mail_leads_to_the_servers_page(site: BadgesSite) -> None:
    templates = [
        Path(xmpp_alerts.__file__).parent / "templates" / f"xmpp-mail-{kind}.tmpl" for kind in ("text", "html")
    ]
    for template in templates:
        (path,) = re.findall(
            r"\{\{ \[\[ pages \]\] \}\}(\S+)\{\{ \.Labels\.domain \| urlquery \}\}", template.read_text()
        )
        for domain in SERVERS:
            assert (await site.get(path + domain)).status == 200


async def test_a_report_leads_to_pages_and_help(past: PastPrometheus, site: BadgesSite, tmp_path: Path) -> None:
    subscribers = [{"id": "admins", "mail": "admins@example.org", "domains": SERVERS, "weekly_report": True}]
    smtp = {"host": "localhost", "from": "alerts@example.org"}
    settings = {
        "pages": site.url,
        "prometheus": {"url": past.url},
        "smtp": smtp,
        "subscribers": subscribers,
    }
    (tmp_path / "alerts.yml").write_text(json.dumps(settings))
    program = Path(sys.executable).with_name("xmpp-alerts")
    options = ["--config.file", "alerts.yml", "--dry-run", "reports", "--until", "2025-12-30"]
    process = await asyncio.create_subprocess_exec(program, "report", *options, cwd=tmp_path)
    assert await process.wait() == 0
    for file in ("admins.txt", "admins.html"):
        links = set(re.findall(rf"{site.url}(/[\w./-]+)", (tmp_path / "reports" / file).read_text()))
        assert {link.split("/")[1] for link in links} >= {"server", "help"}
        for link in links:
            assert (await site.get(link)).status == 200, link


async def test_pages_lead_to_dashboards_that_exist(site: BadgesSite) -> None:
    boards = {dashboard.uid: dashboard for dashboard in dashboards().values()}
    for page in ("/server/busy.test", "/check/xep0313"):
        (link,) = re.findall(r'href="(https://grafana\.example\.org[^"]+)"', (await site.get(page)).text)
        parts = urlsplit(link)
        name = parts.query.partition("=")[0].removeprefix("var-")
        assert boards[parts.path.removeprefix("/d/")].variable(name)
