"""The first words of a SOCKS5 proxy (RFC 1928), as transfers between two clients begin with them (XEP-0065 §5)."""

import asyncio

from xmpp_exporter.wire.errors import Disconnected, ProtocolViolation, TimedOut
from xmpp_exporter.wire.network import Network, Target, Timeouts, connect_tcp, words_of

_VERSION, _NO_AUTHENTICATION, _NOTHING_ACCEPTABLE = 5, 0, 0xFF
_GREETING = bytes([_VERSION, 1, _NO_AUTHENTICATION])


async def greet(network: Network, target: Target, timeouts: Timeouts) -> None:
    """Connect and agree on no authentication, then leave.

    Raises what connecting raises, and ProtocolViolation, Disconnected or TimedOut for what comes in the place of the
    agreement.
    """
    async with network.connections.slot(target.address):
        reader, writer = await connect_tcp(target, timeouts)
        try:
            writer.write(_GREETING)
            async with asyncio.timeout(timeouts.reply):
                answer = await reader.readexactly(2)
        except TimeoutError:
            raise TimedOut(f"{target} sent nothing for {timeouts.reply:g} s") from None
        except asyncio.IncompleteReadError as error:
            raise Disconnected(f"{target} closed the connection instead of greeting") from error
        except OSError as error:
            raise Disconnected(f"{target} broke the connection: {words_of(error)}") from error
        finally:
            writer.transport.abort()
    if answer[0] != _VERSION:
        raise ProtocolViolation(f"{target} does not speak SOCKS5: it answers with {answer.hex(' ')}")
    if answer[1] == _NOTHING_ACCEPTABLE:
        raise ProtocolViolation(f"{target} lets nobody in without a password")
    if answer[1] != _NO_AUTHENTICATION:
        raise ProtocolViolation(f"{target} chose the method {answer[1]}, which was not offered")
