"""What the probes of one process share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from xmpp_exporter.backoff import LoginBackoff
from xmpp_exporter.journal import Journal
from xmpp_exporter.limits import Admission
from xmpp_exporter.login import AccountLocks
from xmpp_exporter.wire.network import Network


@dataclass
class Prober:
    """Network, limits and memory of all probes."""

    network: Network
    journal: Journal = field(default_factory=Journal)
    backoff: LoginBackoff = field(default_factory=LoginBackoff)
    accounts: AccountLocks = field(default_factory=AccountLocks)
    admission: Admission = field(default_factory=Admission)
    peers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The domains that each server pings, to see that it federates."""
    is_up: Callable[[str], bool | None] = lambda _domain: None
    """Whether the server of a domain is up; None where nobody looks."""
