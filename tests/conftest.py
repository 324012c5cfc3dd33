"""Tells at the end of the run how much of the help was carried out."""

import pytest

from docs.help_pages import PROVEN_WITH, share
from tests.help.pages import CARRIED_OUT
from xmpp_exporter.catalogue.software import software


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = terminalreporter.getreports("passed")
    proven = {value for report in reports for name, value in report.user_properties if name == CARRIED_OUT}
    if not proven:
        return
    terminalreporter.section("help")
    terminalreporter.write_line(f"carried out: {len(proven)} pages")
    for name in PROVEN_WITH:
        count, _, scored = share(name)
        terminalreporter.write_line(f"{software()[name].title}: {count} of {scored} scored checks have a proven page")
