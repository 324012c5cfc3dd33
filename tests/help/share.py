"""How much of the help a run of the tests has carried out."""

from collections.abc import Collection, Iterator

from xmpp_exporter.catalogue import checks
from xmpp_exporter.catalogue.help import page_of
from xmpp_exporter.catalogue.help_page import Page
from xmpp_exporter.catalogue.software import software

CARRIED_OUT = "help page"
"""The property of a test that has carried out a page: its name, such as `prosody/xep0313`."""


def name_of(page: Page) -> str:
    return f"{page.software}/{page.check}"


def share(carried_out: Collection[str]) -> Iterator[str]:
    """For each software that pages are tried on: how many of the checks that count, and why not the others."""
    counting = [check.id for check in checks().values() if check.scored]
    for name, entry in software().items():
        if not entry.tested:
            continue
        pages = {check: page for check in counting if (page := page_of(check, name))}
        proven = [check for check, page in pages.items() if name_of(page) in carried_out]
        ratio = len(proven) / len(counting)
        yield f"{entry.title} {entry.tested}: {len(proven)} of {len(counting)} checks that count, {ratio:.0%}"
        yield from (f"  not {check}: {page.why}" for check, page in pages.items() if not page.proven)
