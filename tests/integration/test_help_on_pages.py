"""From real servers through the exporter and Prometheus to their pages, which say what to change there."""

import re
from collections.abc import AsyncIterator, Iterator

import html5lib
import pytest

from tests.integration.badges_site import Answer, BadgesSite, badges_site
from tests.integration.running_exporter import RunningExporter, server_of, settings_of
from tests.integration.test_prometheus_server import free_port
from tests.servers.laboratory import Laboratory
from tests.servers.prometheus import Prometheus, copy_rules
from xmpp_exporter.catalogue import checks

SAYS_IT, HIDES_IT, HIDES_ALL = "default.prosody.test", "bare.ejabberd.test", "minimal.prosody.test"
"""Servers that tell their software and its version, that keep it to themselves and reveal it, and that do neither."""
CONFIGURATION = """
global: {{scrape_interval: 1s}}
rule_files: [rules/*.yml]
scrape_configs: [{{job_name: xmpp, static_configs: [{{targets: ["{exporter}"]}}]}}]
"""


@pytest.fixture(scope="module")
def prometheus(laboratory: Laboratory, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    servers = [server_of(laboratory, domain) for domain in (SAYS_IT, HIDES_IT, HIDES_ALL)]
    port = free_port()
    directory = laboratory.directory / f"prometheus-{port}"
    copy_rules(directory, "1s")
    with RunningExporter(tmp_path_factory.mktemp("exporter"), settings_of(laboratory, *servers)) as exporter:
        for server in servers:
            exporter.probed(server["domain"])
        configuration = CONFIGURATION.format(exporter=exporter.urls[0].removeprefix("http://"))
        with Prometheus(directory, configuration, port=port) as running:
            known = 'count(xmpp_xep_supported{check="xep0368"} and on(domain, check) domain:xmpp_xep_supported:last)'
            exporter.until(lambda: [sample.value for sample in running.query(known)] == [len(servers)], "history")
            yield running


@pytest.fixture
async def site(prometheus: Prometheus) -> AsyncIterator[BadgesSite]:
    async with badges_site(prometheus.url, moment=None, versions=True) as site:
        yield site


async def told(site: BadgesSite, domain: str, check: str) -> str:
    """What the server's page says about a check that fails there, headings and all."""
    page = html5lib.parse((await site.get(f"/server/{domain}")).text, namespaceHTMLElements=False)
    [found] = [
        each
        for each in page.findall(".//section[@aria-labelledby='todo']//details")
        if checks()[check].title in ["".join(name.itertext()) for name in each.findall("./summary/span[@class='name']")]
    ]
    return " ".join("".join(found.itertext()).split())


async def test_the_instruction_is_that_of_the_server_s_software(site: BadgesSite) -> None:
    assert '"mam"; ' in await told(site, SAYS_IT, "xep0313")
    assert "modules: mod_mam: default: always" in await told(site, HIDES_IT, "xep0313")


async def test_it_names_the_server_and_help_for_anybody_the_example(site: BadgesSite) -> None:
    page = (await site.get(f"/server/{SAYS_IT}")).text
    assert f"_xmpps-client._tcp.{SAYS_IT}. SRV" in page
    assert "example.org" not in page
    assert "_xmpps-client._tcp.example.org. SRV" in (await site.get("/help/prosody/xep0368")).text


async def test_it_is_the_one_for_the_server_s_version(site: BadgesSite) -> None:
    calls = await told(site, SAYS_IT, "turn")
    assert "turn_external_secret = " in calls
    assert "turncredentials" not in calls
    assert "Prosody from 0.12 on" not in calls


async def test_without_a_version_it_says_which_version_each_one_is_for(
    site: BadgesSite, prometheus: Prometheus
) -> None:
    async with badges_site(prometheus.url, moment=None) as discreet:
        calls = await told(discreet, SAYS_IT, "turn")
    assert re.search("Prosody from 0.12 on .*turn_external_secret = .*Prosody before 0.12 .*turncredentials_", calls)
    # this one does not say its version
    bookmarks = await told(site, HIDES_IT, "xep0402")
    assert "For ejabberd from version 23.10 on." in bookmarks


async def test_of_software_that_nobody_knows_it_is_what_is_the_same_with_any(site: BadgesSite) -> None:
    web = await told(site, HIDES_ALL, "xep0156")
    assert "add_header Access-Control-Allow-Origin *;" in web
    archive = await told(site, HIDES_ALL, "xep0313")
    assert "What to change depends on the server's software." in archive
    assert "mam" not in archive.partition("What is looked for")[0].removeprefix("Message Archive Management")


async def test_what_fails_and_does_not_count_has_something_to_say_too(site: BadgesSite) -> None:
    limits = await told(site, SAYS_IT, "xep0478")
    assert "There is no instruction for Prosody yet." in limits
    assert "It is for information alone: the score is the same without it." in limits


def offered(page: Answer) -> set[str]:
    """The software whose help a page of help links to."""
    return set(re.findall(r'href="/help/(\w+)/', page.text))


async def test_a_page_of_help_offers_that_for_other_software(site: BadgesSite) -> None:
    assert offered(await site.get("/help/prosody/xep0313")) == {
        *("ejabberd", "metronome", "mongooseim", "openfire", "snikket", "tigase")
    }
    assert "prosody" in offered(await site.get("/help/other/xep0313"))
    assert offered(await site.get("/help/prosody/srv_c2s")) == set()
