"""A TLS handshake and nothing more: what certificates somebody presents who does not speak XMPP."""

import asyncio
import ssl
from dataclasses import dataclass

from cryptography import x509

from xmpp_exporter.wire.errors import CertificateRejected, TimedOut, TlsFailed
from xmpp_exporter.wire.network import Network, Target, Timeouts, connect_tcp, words_of
from xmpp_exporter.wire.tls import presented, tls_error


@dataclass(frozen=True, slots=True)
class Presented:
    """Certificates as sent, leaf first, and why their chain does not verify, whatever names are in it."""

    certificates: tuple[x509.Certificate, ...]
    chain: CertificateRejected | None = None


async def look_at_certificates(network: Network, target: Target, timeouts: Timeouts) -> Presented:
    """What is presented at `target` to who asks for its domain. Raises WireError."""
    try:
        return Presented(await _shake(network, target, timeouts, network.tls.nameless(None)))
    except CertificateRejected as rejected:
        return Presented(await _shake(network, target, timeouts, network.tls.inspecting(None)), rejected)


async def _shake(
    network: Network, target: Target, timeouts: Timeouts, context: ssl.SSLContext
) -> tuple[x509.Certificate, ...]:
    async with network.connections.slot(target.address):
        _reader, writer = await connect_tcp(target, timeouts)
        try:
            async with asyncio.timeout(timeouts.connect):
                await writer.start_tls(context, server_hostname=target.domain)
            return tuple(presented(writer.get_extra_info("ssl_object")))
        except TimeoutError:
            raise TimedOut(f"{target} did not finish the TLS handshake") from None
        except ssl.SSLError as error:
            raise tls_error(error, target.domain) from error
        except OSError as error:
            raise TlsFailed(f"{target} broke off the TLS handshake: {words_of(error)}") from error
        finally:
            writer.transport.abort()
