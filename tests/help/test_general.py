"""The pages for any software, carried out with both that we have."""

import pytest

from tests.help.pages import Prove, trials
from xmpp_exporter.catalogue.help_page import Page, Variant
from xmpp_exporter.catalogue.software import GENERAL


@pytest.mark.parametrize("software", ["prosody", "ejabberd"])
@pytest.mark.parametrize(("page", "variant"), trials(GENERAL))
async def test_a_page_makes_its_checks_pass_and_harms_no_other(
    prove: Prove, page: Page, variant: Variant, software: str
) -> None:
    await prove(software, page, variant)
