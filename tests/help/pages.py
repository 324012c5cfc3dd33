"""Which pages of help can be carried out on which software, and what is worse after one than before."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping

import pytest

from xmpp_exporter.catalogue.help import pages
from xmpp_exporter.catalogue.help_page import Page, Variant
from xmpp_exporter.catalogue.software import GENERAL, parse_version, software
from xmpp_exporter.model import Outcome, ProbeReport, Reason, Verdict

Prove = Callable[[str, Page, Variant], Awaitable[None]]
FAILING = {Verdict.UNSUPPORTED, Verdict.BROKEN}


def trials(name: str) -> list[object]:
    """The proven pages of a software with their variants for the version that is tested, those of one base together."""
    found = sorted(_trials(name), key=lambda trial: (trial[0].base, trial[0].check))
    return [
        pytest.param(page, variant, id=f"{page.software}-{page.check}" + (f"-{variant.title}" if variant.title else ""))
        for page, variant in found
    ]


def _trials(name: str) -> Iterator[tuple[Page, Variant]]:
    version = None if name == GENERAL else parse_version(software()[name].tested)
    for page in {page.check: page for page in pages()[name].values()}.values():
        for variant in page.all_variants:
            if page.proven and not variant.why and variant.fits(version):
                yield page, variant


def outcomes(report: ProbeReport) -> dict[str, Outcome]:
    """What became of each check. A server that could not be probed at all has none."""
    assert report.success, report.detail
    return {result.check: result.outcome for result in report.checks}


def other_than(verdicts: Collection[Verdict], found: Mapping[str, Outcome], wanted: Iterable[str]) -> dict[str, str]:
    """Those of the wanted checks that have another verdict."""
    return {check: str(found[check]) for check in wanted if found[check].verdict not in verdicts}


def worse(before: Mapping[str, Outcome], after: Mapping[str, Outcome]) -> dict[str, str]:
    """The checks that passed and do not any more, and those that are broken and were not.

    What only we cannot find out any more is no fault of the page.
    """
    return {
        check: f"{before[check].verdict} -> {outcome}"
        for check, outcome in after.items()
        if before[check].verdict is not outcome.verdict
        and (before[check].verdict is Verdict.SUPPORTED or outcome.verdict is Verdict.BROKEN)
        and outcome.reason not in (Reason.PROBER_LIMIT, Reason.NOT_APPLICABLE)
    }
