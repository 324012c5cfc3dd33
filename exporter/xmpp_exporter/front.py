"""The front door: a stream without login at the first endpoint that answers."""

import contextlib
from collections.abc import AsyncIterator, Sequence

from xmpp_exporter.wire.errors import CertificateRejected, WireError
from xmpp_exporter.wire.network import Network, Target, Timeouts, most_telling
from xmpp_exporter.wire.stream import Stream
from xmpp_exporter.wire.trace import Trace


@contextlib.asynccontextmanager
async def front_stream(
    network: Network, targets: Sequence[Target], timeouts: Timeouts, trace: Trace | None = None
) -> AsyncIterator[Stream]:
    """A stream up to its features, at the first of `targets` that gets there.

    A certificate that does not verify keeps clients from logging in, but not us from looking at the rest. Raises the
    most telling WireError of those targets when none gets there: the server is down.
    """
    failures: dict[Target, WireError] = {}
    for target in targets:
        for verify in (True, False):
            stream = Stream(network, target, timeouts, trace)
            opened = stream.open(verify=verify)
            try:
                await opened.__aenter__()
            except WireError as error:
                failures[target] = error
                if isinstance(error, CertificateRejected):
                    continue
                break
            try:
                yield stream
            finally:
                await opened.__aexit__(None, None, None)
            return
    raise most_telling(list(failures.values()))
