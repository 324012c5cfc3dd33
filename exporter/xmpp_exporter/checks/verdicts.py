"""How checks say what they found."""

from collections.abc import Mapping
from dataclasses import replace

from xmpp_exporter.model import Outcome, Reason, Verdict
from xmpp_exporter.wire.errors import Disconnected, StanzaError, WireError

_DENIED = frozenset(
    {
        "forbidden",
        "not-allowed",
        "not-authorized",
        "registration-required",
        "subscription-required",
        "policy-violation",
        "resource-constraint",
        "payment-required",
    }
)
"""Conditions by which a server says that this account may not, which says nothing of whether others may."""

_TRANSIENT = frozenset({"remote-server-timeout", "recipient-unavailable"})


def supported(detail: str = "", facts: Mapping[str, float] | None = None) -> Outcome:
    return Outcome(Verdict.SUPPORTED, None, detail, facts or {})


def unsupported(detail: str, reason: Reason = Reason.NOT_OFFERED, facts: Mapping[str, float] | None = None) -> Outcome:
    return Outcome(Verdict.UNSUPPORTED, reason, detail, facts or {})


def broken(reason: Reason, detail: str, facts: Mapping[str, float] | None = None) -> Outcome:
    return Outcome(Verdict.BROKEN, reason, detail, facts or {})


def unknown(reason: Reason, detail: str) -> Outcome:
    return Outcome(Verdict.UNKNOWN, reason, detail)


def is_good(outcome: Outcome) -> bool:
    return outcome.verdict is Verdict.SUPPORTED


class Undecided(Exception):
    """Raised by what checks share when there is no use in going on; the check's outcome is `unknown`."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def of_error(error: WireError) -> Outcome:
    """The outcome of a check that ended with this error.

    A check asks only for what was offered: an error reply means that it does not work (broken), unless the reply says
    that we may not, or that somebody else did not answer. Whatever else happens on the wire is not the feature's fault.
    """
    if isinstance(error, StanzaError):
        if error.condition in _DENIED:
            return unknown(Reason.FORBIDDEN, f"the server refused it: {error.detail}")
        if error.condition in _TRANSIENT:
            return unknown(Reason.TIMEOUT, f"no answer in time: {error.detail}")
        return broken(Reason.STANZA_ERROR, f"answered with the error {error.detail}")
    if error.reason in (Reason.DNS, Reason.DEPENDS_ON):
        return unknown(Reason.DEPENDS_ON, error.detail)
    reasons = {Reason.TIMEOUT, Reason.PROBER_LIMIT, Reason.LOGIN_FAILED}
    return unknown(error.reason if error.reason in reasons else Reason.DISCONNECTED, error.detail)


def without_place(outcome: Outcome, place: object) -> Outcome:
    """The same outcome, its detail without the place that it begins with, where that stands before it anyhow."""
    written = str(place)
    rest = outcome.detail.removeprefix(written)
    if rest == outcome.detail or not rest.startswith((" ", ": ")):
        return outcome
    return replace(outcome, detail=rest.removeprefix(":").lstrip())


_UNDELIVERED = frozenset(
    {Reason.DNS, Reason.UNREACHABLE, Reason.TLS, Reason.CERTIFICATE, Reason.MISMATCH, Reason.HTTP_STATUS}
)


def of_endpoint_error(error: WireError) -> Outcome:
    """The outcome of going where the server says that clients should go: an SRV record, a link, an upload slot.

    Dead, closing or talking something else is broken; silence and our own limits say nothing.
    """
    if error.reason in _UNDELIVERED:
        return broken(error.reason, error.detail)
    if isinstance(error, Disconnected):
        return broken(Reason.UNREACHABLE, error.detail)
    return of_error(error)
