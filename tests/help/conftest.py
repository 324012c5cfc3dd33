"""What carries out a page: it makes its checks pass on a real server on which they fail, and harms no other check."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.help.pages import FAILING, Prove, other_than, outcomes, worse
from tests.help.share import CARRIED_OUT, name_of
from tests.help.site import Site
from xmpp_exporter.catalogue.help_page import Page, Variant
from xmpp_exporter.model import Verdict


@pytest.fixture(scope="module")
def site() -> Iterator[Callable[[str], Site]]:
    """The server of a software, made for the first page."""
    sites: dict[str, Site] = {}
    with ExitStack() as stack:

        def of(software: str) -> Site:
            if software not in sites:
                sites[software] = stack.enter_context(Site(software))
            return sites[software]

        yield of


@pytest.fixture
def prove(site: Callable[[str], Site], record_property: Callable[[str, object], None]) -> Prove:
    """Carries out one variant of a page on a software's server."""

    async def prove(software: str, page: Page, variant: Variant) -> None:
        server = site(software)
        server.reset(page.base)
        before = outcomes(await server.probe())
        assert other_than(FAILING, before, page.checks) == {}
        server.apply(page, variant)
        after = outcomes(await server.probe())
        assert other_than({Verdict.SUPPORTED}, after, page.checks) == {}
        assert {check: lost for check, lost in worse(before, after).items() if check not in page.costs} == {}
        record_property(CARRIED_OUT, name_of(page))

    return prove
