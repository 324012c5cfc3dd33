"""A probe in plain text, for people who debug: how it went, what it found where, and its trace.

Nearly all of it is a server's own words, and is likely to be read in a terminal: each line is made harmless.
"""

import time
from collections.abc import Iterable, Iterator

from xmpp_exporter.model import AddressReport, EndpointReport, ProbeReport
from xmpp_exporter.printable import printable

_NO_TRACE = "none: this probe was begun without debug=true"


def outline(report: ProbeReport, trace: Iterable[str]) -> Iterator[str]:
    """The lines: the outcome, the endpoints, every check with its reason, and `trace`."""
    for line in _lines(report, trace):
        yield printable(line)


def _lines(report: ProbeReport, trace: Iterable[str]) -> Iterator[str]:
    ending = "succeeded" if report.success else f"failed: {report.failure}: {report.detail}"
    yield f"The {report.probe} probe of {report.domain} {ending}"
    if report.login_failure:
        yield f"The login failed: {report.login_failure}: {report.login_detail}"
    yield ""
    for endpoint in report.endpoints:
        yield from _endpoint(endpoint)
    for result in report.checks:
        outcome = result.outcome
        yield f"{result.check:20} {outcome.verdict:12} {outcome.reason or '':20} {outcome.detail}".rstrip()
    yield ""
    yield "Trace:"
    lines = list(trace)
    yield from lines or [_NO_TRACE]


def _endpoint(endpoint: EndpointReport) -> Iterator[str]:
    name = f"{endpoint.service:12} {endpoint.host}:{endpoint.port}"
    if endpoint.failure is not None:
        yield f"{name} {endpoint.failure}: {endpoint.detail}"
    for address in endpoint.addresses:
        yield f"{name} {address.address} {_state(address)}"


def _state(address: AddressReport) -> str:
    words = "works" if address.failure is None else f"{address.failure}: {address.detail}"
    if address.certificate_not_after is None:
        return words
    until = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(address.certificate_not_after))
    return f"{words}; certificate until {until}"
