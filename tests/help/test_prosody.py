"""The pages for Prosody, carried out on one."""

import pytest

from tests.help.pages import Prove, trials
from xmpp_exporter.catalogue.help_page import Page, Variant


@pytest.mark.parametrize(("page", "variant"), trials("prosody"))
async def test_a_page_makes_its_checks_pass_and_harms_no_other(prove: Prove, page: Page, variant: Variant) -> None:
    await prove("prosody", page, variant)
