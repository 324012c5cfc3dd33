"""What holds for all tests."""

import pytest
from hypothesis import settings

from tests.help.share import CARRIED_OUT, share

# On a machine that others use, too, how long an example takes says nothing.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The share of help that was proven, if it was more than a page of it."""
    properties = [each for report in terminalreporter.getreports("passed") for each in report.user_properties]
    carried_out = {value for name, value in properties if name == CARRIED_OUT}
    if len(carried_out) > 1:
        terminalreporter.section("help proven by this run")
        for line in share(carried_out):
            terminalreporter.write_line(line)
