"""HTML mails as mail programs show them: looked at in a browser, on a phone and on a desk, in light and in dark."""

from pathlib import Path

from tests.oracles import install
from tests.servers.browser import Screen, browser

SCREENS = [Screen(width, height, dark) for width, height in ((360, 740), (1280, 900)) for dark in (False, True)]

_VIOLATIONS = """axe.run(document, {runOnly: ["wcag2a", "wcag2aa"], resultTypes: ["violations"]}).then(
  found => found.violations.map(each => `${each.id}: ${each.nodes.map(node => node.html).join(" ").slice(0, 400)}`))"""


async def assert_readable(page: Path, folder: Path) -> None:
    """The page fits every screen, can be read by all people, and asks nobody for anything.

    Pictures of it, and axe-core, which looks for what cannot be read, are put into `folder`.
    """
    install(folder)
    axe = (folder / "node_modules/axe-core/axe.min.js").read_text()
    async with browser() as tab:
        for screen in SCREENS:
            await tab.open(page.as_uri(), screen)
            assert [url for url in tab.requests if not url.startswith(page.parent.as_uri())] == []
            assert tab.problems == []
            assert await tab.evaluate("document.documentElement.scrollWidth") <= screen.width
            await tab.evaluate(f"{axe}; true")
            found = await tab.evaluate(_VIOLATIONS)
            assert found == [], (screen, found)
            await tab.screenshot(folder / f"{page.stem}-{screen}.png")
