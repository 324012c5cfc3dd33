"""Whether another server is reached from an account."""

import time
from dataclasses import dataclass

from xmpp_exporter.wire.errors import StanzaError
from xmpp_exporter.wire.session import Session

_UNREACHED = frozenset({"remote-server-not-found", "remote-server-timeout"})
_ANSWERS = frozenset({"service-unavailable", "feature-not-implemented"})
"""Errors by which a server that was reached says that it knows no ping."""


@dataclass(frozen=True, slots=True)
class Pong:
    """What came of a ping: `reached` is None where the answer tells neither. `duration` in seconds."""

    reached: bool | None
    duration: float
    detail: str = ""


async def ping_peer(session: Session, peer: str) -> Pong:
    """Ping the domain of another server (XEP-0199 §4.4). Raises what a session's requests raise but for errors."""
    started = time.perf_counter()
    reached: bool | None = True
    detail = ""
    try:
        await session.iq("get", "<ping xmlns='urn:xmpp:ping'/>", peer)
    except StanzaError as error:
        if error.condition not in _ANSWERS:
            reached, detail = False if error.condition in _UNREACHED else None, error.detail
    return Pong(reached, time.perf_counter() - started, detail)
