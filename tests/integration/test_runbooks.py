"""Every link of an alert to help is followed to the page that it names, as it is served and as it is generated."""

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import html5lib
import pytest
from typer.testing import CliRunner

from deploy.demo.badges import BadgesServer
from docs.alerted import Alert, alerts
from docs.generate import FOLDER
from tests.integration.test_alert_rules import cases
from tests.integration.test_prometheus_server import free_port
from xmpp_badges.cli import app
from xmpp_exporter.catalogue import Check, checks
from xmpp_exporter.catalogue.help import page_of
from xmpp_exporter.catalogue.software import GENERAL, software

WITHOUT_PROMETHEUS = {"prometheus": {"url": "http://127.0.0.1:9"}}
LINKING = [alert for alert in alerts() if "runbook_url" in alert.annotations]
SHAPE = re.compile(
    r"\{\{ with \$externalLabels\.xmpp_pages \}\}.*\{\{ else \}\}(?P<otherwise>[^{]+)\{\{ end -\}\} /help/ \{\{- .*"
    r'\| label "software" \}\}\{\{ else \}\}(?P<unknown>\w+)\{\{ end -\}\} /(?P<check>.+)'
)


def shape(alert: Alert) -> re.Match[str]:
    found = SHAPE.fullmatch(alert.annotations["runbook_url"])
    assert found, alert.name
    return found


def named(alert: Alert) -> Iterator[tuple[str, Check]]:
    """Whatever the link can name: software that is known, or what stands for any other; a check, or each."""
    found = shape(alert)
    wanted = checks() if found["check"] == "{{ $labels.check }}" else [found["check"]]
    for name in (*software(), found["unknown"]):
        yield from ((name, checks()[check]) for check in wanted)


@pytest.fixture
def badges(tmp_path: Path) -> Iterator[BadgesServer]:
    with BadgesServer(tmp_path, WITHOUT_PROMETHEUS, "127.0.0.1", free_port()) as badges:
        yield badges


@pytest.fixture
async def browser() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def heading(browser: aiohttp.ClientSession, url: str) -> str:
    """What the page is about: the text of its one <h1>."""
    async with browser.get(url, allow_redirects=False) as answer:
        assert answer.status == 200, url
        [title] = html5lib.parse(await answer.text(), namespaceHTMLElements=False).findall(".//h1")
        return "".join(title.itertext())


def test_most_alerts_tell_where_help_is() -> None:
    assert {"XmppServerDown", "XmppCheckLost", "XmppExpectedCheckMissing"} <= {alert.name for alert in LINKING}


def test_where_no_address_of_the_pages_is_known_links_lead_to_where_they_are_served_by_default() -> None:
    [otherwise] = {shape(alert)["otherwise"] for alert in LINKING}
    address = urlsplit(otherwise)
    assert (address.scheme, address.hostname, address.path) == ("http", "localhost", "")
    told = " ".join(CliRunner().invoke(app, ["serve", "--help"]).stdout.split())
    assert f"[default: (:{address.port})]" in told


async def test_every_link_leads_to_the_page_of_its_check_and_software(
    badges: BadgesServer, browser: aiohttp.ClientSession
) -> None:
    followed = {(name, check.id): check for alert in LINKING for name, check in named(alert)}
    assert len(followed) == len(checks()) * (len(software()) + 1)
    for (name, _), check in followed.items():
        page = page_of(check.id, name)
        where = f" with {software()[page.software].title}" if page is not None and page.software != GENERAL else ""
        assert await heading(browser, f"{badges.url}/help/{name}/{check.id}") == f"{check.title}{where} ({check.id})"


async def test_the_links_of_alerts_that_fired_lead_somewhere(
    badges: BadgesServer, browser: aiohttp.ClientSession
) -> None:
    """As Prometheus itself has put them together."""
    asked = (asked for case in cases() for asked in case["alert_rule_test"])
    urls = {alert["exp_annotations"].get("runbook_url", "") for each in asked for alert in each["exp_alerts"]} - {""}
    assert {url.rpartition("/")[2] for url in urls} >= {"c2s_stream", "login", "xep0313", "cert_chain_c2s"}
    for url in urls:
        path = urlsplit(url).path
        assert f"({path.rpartition('/')[2]})" in await heading(browser, badges.url + path)


@pytest.mark.parametrize("alert", LINKING, ids=lambda alert: f"{alert.name}-{alert.severity}")
def test_without_the_pages_the_same_help_is_in_the_documents(alert: Alert) -> None:
    index = (FOLDER / "help" / "README.md").read_text()
    for name, check in named(alert):
        if (page := page_of(check.id, name)) is not None:
            document = f"{page.software}/{check.id}.md"
            assert f"\n# {check.title}" in (FOLDER / "help" / document).read_text()
            assert f"({document})" in index
        assert f"\n### {check.id}\n" in index
