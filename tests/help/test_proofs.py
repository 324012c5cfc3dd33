"""Each proven page of help makes its checks pass on a real server on which they fail, and harms no other check."""

from collections.abc import Awaitable, Callable, Iterator

import pytest

from tests.help.pages import CARRIED_OUT, FAILING, other_than, outcomes, trials, worse
from tests.help.site import Site
from xmpp_exporter.catalogue.help_page import Page, Variant
from xmpp_exporter.catalogue.software import GENERAL
from xmpp_exporter.model import Verdict

Prove = Callable[[str, Page, Variant], Awaitable[None]]


@pytest.fixture(scope="module")
def site() -> Iterator[Callable[[str], Site]]:
    """The server of a software, started for the first page."""
    sites: dict[str, Site] = {}

    def of(software: str) -> Site:
        if software not in sites:
            sites[software] = Site(software).__enter__()
        return sites[software]

    yield of
    for each in sites.values():
        each.__exit__(None, None, None)


@pytest.fixture
def prove(
    site: Callable[[str], Site], record_property: Callable[[str, object], None]
) -> Callable[..., Awaitable[None]]:
    """Carries out a page on a software's server."""

    async def prove(software: str, page: Page, variant: Variant) -> None:
        server = site(software)
        server.reset(page.base)
        before = outcomes(await server.probe())
        assert other_than(FAILING, before, page.checks) == {}
        server.apply(page, variant)
        after = outcomes(await server.probe())
        assert other_than({Verdict.SUPPORTED}, after, page.checks) == {}
        assert {check: lost for check, lost in worse(before, after).items() if check not in page.costs} == {}
        record_property(CARRIED_OUT, f"{page.software}/{page.check}")

    return prove


@pytest.mark.parametrize(("page", "variant"), trials("prosody"))
async def test_prosody(prove: Prove, page: Page, variant: Variant) -> None:
    await prove("prosody", page, variant)


@pytest.mark.parametrize(("page", "variant"), trials("ejabberd"))
async def test_ejabberd(prove: Prove, page: Page, variant: Variant) -> None:
    await prove("ejabberd", page, variant)


@pytest.mark.parametrize("software", ["prosody", "ejabberd"])
@pytest.mark.parametrize(("page", "variant"), trials(GENERAL))
async def test_any_software(prove: Prove, page: Page, variant: Variant, software: str) -> None:
    await prove(software, page, variant)
