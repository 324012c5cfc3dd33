"""A server that does what real ones won't: silence, garbage, endless XML, lies. For use inside a running event loop.

`listening` runs any behaviour (an async function of a connection); `behaviours` has the hostile ones, and
`FakeXmpp` is a small XMPP server with hooks, up to and beyond login.
"""

from tests.servers.fake.behaviours import (
    closes_at_once,
    declares_entities,
    drips,
    never_ends_a_stanza,
    says_http,
    silent,
)
from tests.servers.fake.listener import Behaviour, Connection, Listener, listening
from tests.servers.fake.xmpp import FakeXmpp, Session

__all__ = [
    "Behaviour",
    "Connection",
    "FakeXmpp",
    "Listener",
    "Session",
    "closes_at_once",
    "declares_entities",
    "drips",
    "listening",
    "never_ends_a_stanza",
    "says_http",
    "silent",
]
