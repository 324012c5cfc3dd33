"""What can go wrong on the wire; each class is one `reason` for a failed probe and one for an undecided check.

WireError
├── ResolutionFailed      dns           the name makes no sense
│   ├── NoAddress            dns           the name servers say that the host has no address
│   └── NameServersFailed    dns           the name servers did not say
├── NotOffered            not_offered   the domain says that it has no such service
├── ConnectionRefused     refused       nobody listens there
├── Unreachable           unreachable   no route, reset while connecting, no usable address
├── TimedOut              timeout       no byte for as long as we wait
├── TlsFailed             tls           the handshake failed
│   └── CertificateRejected  certificate   … because of the certificate
│       └── WrongName            certificate   … which is for another name
├── ProtocolViolation     protocol      not XMPP, more than we read
│   ├── StreamRefused        protocol      a stream error; checks look at its condition
│   ├── UnexpectedStatus     protocol      HTTP, with a status that means no
│   └── StunRefused          protocol      a STUN error response; checks look at its code
├── Disconnected          disconnected  the stream ended under us
├── LoginFailed           (as given)    the server refused to let us in
│   └── TemporaryRefusal     auth_failed   … for a reason of its own that will pass
├── ProberLimit           prober_limit  a limit of our own: an account that another probe uses, open files
│   └── AddressRefused       prober_limit  … our guard: an address that a server may not send us to
├── NoRoute               prober_network  this machine has no way there (often: no IPv6)
└── StanzaError           protocol      an XMPP error reply; checks look at its condition
"""

import errno
from collections.abc import Mapping
from typing import Any

from xmpp_exporter.model import Failure, Reason
from xmpp_exporter.printable import excerpt

MAX_DETAIL = 500
"""Characters of a detail: it may quote a server that is fond of long names."""


class WireError(Exception):
    """Base of all. `detail` is one line for humans, printable; it may quote what the server sent, never a password."""

    failure = Failure.PROTOCOL
    reason = Reason.DISCONNECTED

    def __init__(self, detail: str) -> None:
        detail = excerpt(detail, MAX_DETAIL)
        super().__init__(detail)
        self.detail = detail


class ResolutionFailed(WireError):
    failure = Failure.DNS
    reason = Reason.DNS


class NoAddress(ResolutionFailed):
    """The name servers say that the host has none."""


class NameServersFailed(ResolutionFailed):
    """They did not say: ours may be at fault as well as those of the name."""

    reason = Reason.DEPENDS_ON


class NotOffered(WireError):
    failure = Failure.NOT_OFFERED
    reason = Reason.NOT_OFFERED


class ConnectionRefused(WireError):
    failure = Failure.REFUSED
    reason = Reason.UNREACHABLE


class Unreachable(WireError):
    failure = Failure.UNREACHABLE
    reason = Reason.UNREACHABLE


class TimedOut(WireError):
    failure = Failure.TIMEOUT
    reason = Reason.TIMEOUT


class TlsFailed(WireError):
    failure = Failure.TLS
    reason = Reason.TLS


class CertificateRejected(TlsFailed):
    failure = Failure.CERTIFICATE
    reason = Reason.CERTIFICATE


class WrongName(CertificateRejected):
    """The certificate has none of the names that were asked for; more may be wrong with it."""


class ProtocolViolation(WireError):
    failure = Failure.PROTOCOL
    reason = Reason.MISMATCH


class StreamRefused(ProtocolViolation):
    """A stream error (RFC 6120 §4.9): `condition` is the defined condition."""

    def __init__(self, condition: str, detail: str) -> None:
        super().__init__(detail)
        self.condition = condition


class UnexpectedStatus(ProtocolViolation):
    reason = Reason.HTTP_STATUS


class StunRefused(ProtocolViolation):
    """An error response (RFC 8489 §14.8): `code` is its number, `attributes` what came with it."""

    def __init__(self, code: int, detail: str, attributes: Mapping[str, Any]) -> None:
        super().__init__(detail)
        self.code = code
        self.attributes = attributes


class Disconnected(WireError):
    failure = Failure.DISCONNECTED
    reason = Reason.DISCONNECTED


class LoginFailed(WireError):
    """The server refused the login. `failure` says why (bad_password, account_disabled, no_mechanism, …)."""

    reason = Reason.LOGIN_FAILED

    def __init__(self, failure: Failure, detail: str) -> None:
        super().__init__(detail)
        self.failure = failure


class TemporaryRefusal(LoginFailed):
    """The server can't tell now whether the password is right: no guess at it, and no reason to stay away."""

    def __init__(self, detail: str) -> None:
        super().__init__(Failure.AUTH_FAILED, detail)


class ProberLimit(WireError):
    failure = Failure.PROBER_LIMIT
    reason = Reason.PROBER_LIMIT


EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
"""Errors of the operating system that mean that something of our own is used up, open files above all."""


class AddressRefused(ProberLimit):
    """Our guard does not let a server send us there."""


class NoRoute(WireError):
    failure = Failure.PROBER_NETWORK
    reason = Reason.PROBER_LIMIT


class StanzaError(WireError):
    """An error reply (RFC 6120 §8.3): `condition` is the defined condition, `text` what the server adds."""

    failure = Failure.PROTOCOL
    reason = Reason.STANZA_ERROR

    def __init__(self, condition: str, text: str = "", sender: str = "") -> None:
        super().__init__(f"{condition}: {text}" if text else condition)
        self.condition = condition[:MAX_DETAIL]
        self.text = text
        self.sender = sender
