"""Every page in a real browser, on a phone and on a desk, in light and in dark: for all people, and all by itself."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.history.server import PastPrometheus
from tests.history.shared import past_prometheus
from tests.integration.badges_site import BadgesSite, badges_site
from tests.oracles import install
from tests.servers.browser import Screen, Tab, browser

pytestmark = pytest.mark.timeout(900)  # whoever comes first makes a month of history

SCREENS = [Screen(width, height, dark) for width, height in ((360, 740), (1280, 900)) for dark in (False, True)]

PAGES = {
    "servers": "/",
    "server": "/server/busy.test",
    "server-down": "/server/down.test",
    "server-past": "/server/busy.test?at=2025-12-26",
    "checks": "/checks",
    "check": "/check/xep0313",
    "compare": "/compare?domains=busy.test,well.test,down.test",
    "help": "/help/prosody/xep0313",
    "problem": "/server/nobody.test",
}

VIOLATIONS = """axe.run(document, {resultTypes: ["violations"]}).then(found => found.violations.map(
  violation => `${violation.id}: ${violation.nodes.map(node => node.html).join(" ").slice(0, 400)}`))"""
OPEN_ALL = "document.querySelectorAll('details').forEach(each => { each.open = true })"


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PastPrometheus]:
    with past_prometheus(tmp_path_factory) as prometheus:
        yield prometheus


@pytest.fixture
async def site(past: PastPrometheus) -> AsyncIterator[BadgesSite]:
    async with badges_site(past.url) as site:
        yield site


@pytest.fixture
async def tab() -> AsyncIterator[Tab]:
    async with browser() as tab:
        yield tab


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("oracles")
    install(folder)
    return (folder / "node_modules/axe-core/axe.min.js").read_text()


@pytest.mark.parametrize("screen", SCREENS, ids=str)
async def test_pages_fit_and_are_accessible_and_ask_nobody_else(
    site: BadgesSite, tab: Tab, axe: str, screen: Screen, tmp_path: Path
) -> None:
    for name, path in PAGES.items():
        await tab.open(site.url + path, screen)
        assert {url for url in tab.requests if not url.startswith(site.url)} == set(), name
        expected = ["404"] if name == "problem" else []
        assert [each for each in tab.problems if not any(word in each for word in expected)] == [], name
        await tab.evaluate(OPEN_ALL)
        assert await tab.evaluate("document.documentElement.scrollWidth") <= screen.width, name
        await tab.evaluate(f"{axe}; true")
        assert await tab.evaluate(VIOLATIONS) == [], name
        await tab.screenshot(tmp_path / f"{name}-{screen}.png")
        assert (tmp_path / f"{name}-{screen}.png").stat().st_size > 5_000


async def test_a_comparison_shows_verdicts_on_a_phone_as_well(site: BadgesSite, tab: Tab) -> None:
    await tab.open(site.url + PAGES["compare"], SCREENS[0])
    right = "[...document.querySelectorAll('.compare .topic + tr td')].map(cell => cell.getBoundingClientRect().right)"
    assert sum(edge <= SCREENS[0].width for edge in (await tab.evaluate(right))[:3]) == 2
    await tab.evaluate("document.querySelector('.wide').scrollLeft = 500")
    name = "document.querySelector('.compare .topic + tr th').getBoundingClientRect().left"
    assert await tab.evaluate(name) >= 0


async def test_axe_would_find_what_is_wrong(site: BadgesSite, tab: Tab, axe: str) -> None:
    await tab.open(f"{site.url}/", SCREENS[0])
    await tab.evaluate("document.body.append(document.createElement('img'))")
    await tab.evaluate(f"{axe}; true")
    assert any(each.startswith("image-alt") for each in await tab.evaluate(VIOLATIONS))


async def test_the_policy_lets_no_script_run(site: BadgesSite, tab: Tab) -> None:
    await tab.open(f"{site.url}/", SCREENS[1])
    script = "document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.ran = true'}))"
    await tab.evaluate(script)
    assert await tab.evaluate("window.ran === undefined")
    assert any("Content Security Policy" in each for each in tab.problems)


async def test_badges_are_drawn_as_wide_as_they_say(site: BadgesSite, tab: Tab) -> None:
    """No text is cut or floats: what is drawn is about as long as it was measured to be."""
    await tab.open(f"{site.url}/badge/busy.test.svg", SCREENS[1])
    measure = (
        "[...document.querySelectorAll('text')].map(text =>"
        " [text.getBBox().width, Number(text.getAttribute('textLength'))])"
    )
    lengths = await tab.evaluate(measure)
    assert len(lengths) == 2
    await tab.evaluate("document.querySelectorAll('text').forEach(text => text.removeAttribute('textLength'))")
    for (drawn, _), (_, said) in zip(await tab.evaluate(measure), lengths, strict=True):
        assert drawn == pytest.approx(said, rel=0.06)
