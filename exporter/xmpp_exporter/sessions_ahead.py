"""Further sessions of a probe's account, begun beside its first one for the checks that need two."""

from collections.abc import Collection

from xmpp_exporter.catalogue import Check
from xmpp_exporter.config import Account, ServerConfig
from xmpp_exporter.login import Door, credentials_of, refusal_of
from xmpp_exporter.wire.ahead import Ahead
from xmpp_exporter.wire.errors import LoginFailed
from xmpp_exporter.wire.network import Target
from xmpp_exporter.wire.session import Session

_MOST = 2
_KEPT = 3
"""Connections to an address besides those and the second account's: the stream without login, the account's, and one
for all that comes and goes; a probe that kept every one would wait for itself."""


def begin_sessions(
    door: Door, config: ServerConfig, account: Account, target: Target, fresh: Collection[Check]
) -> list[Ahead]:
    """Sessions up to their login, as many as the checks `fresh` will need; close them."""
    wanted = sum("second_session" in check.needs and check.id not in config.exclude for check in fresh)
    kept = _KEPT + (config.second_account is not None)
    number = min(wanted, _MOST, door.network.connections.per_address - kept)
    if number < 1 or refusal_of(door.backoff, account) is not None:
        return []
    try:
        credentials = credentials_of(account)
    except LoginFailed:
        return []  # the first session says so
    return [Ahead(Session(door.network, target, credentials, door.timeouts, door.trace)) for _ in range(number)]
